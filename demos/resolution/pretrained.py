"""What this lab ships: three TinyViTs and three SmallCNNs, trained on 28 px digits and on no other size.

`python -m demos pretrain resolution` rebuilds `demos/weights/resolution/`. On the machine that made what ships, one
core took 440 to 570 s for a ViT and 26 to 32 s for a CNN; `manifest.json` there has each file's seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from demos import data, models, training, transfer
from demos.resolution import methods
from demos.resolution.methods import HELD_OUT_PER_CLASS, STARTS
from demos.starts import Family

BATCH = 64
STEPS = {"vit": 2_000, "cnn": 1_000}
PEAK_RATE = {"vit": 2e-3, "cnn": 5e-3}
TURN, SHIFT = math.radians(10), 2.0
"""Augmentation: turned by up to 10 degrees, shifted by up to 2 pixels. Never scaled: scale is what the lab tests."""


def family() -> Family:
    """The starts by name: vit-0, ..., cnn-2."""
    return Family(
        name="resolution",
        what=(
            "TinyViT (vit-*, demos.resolution.methods) and SmallCNN (cnn-*) trained on 28 px MNIST digits; float16. "
            f"Of each class of demos.data.mnist the last {HELD_OUT_PER_CLASS} images are held out."
        ),
        settings={
            "images": 10 * (500 - HELD_OUT_PER_CLASS), "batch": BATCH, "steps": STEPS, "peak_learning_rate": PEAK_RATE,
            "schedule": "one-cycle, 10 % warm-up", "weight_decay": training.WEIGHT_DECAY,
            "augmentation": "turn up to 10 degrees, shift up to 2 px, no change of scale",
        },
        members=[f"{kind}-{start}" for kind in STEPS for start in range(STARTS)],
        build=build,
        measure=measure,
    )  # fmt: skip


def build(member: str) -> Mapping[str, torch.Tensor]:
    """Train one member; its number sets initialisation, augmentation and order."""
    kind, number = member.split("-")
    network_seed, order_seed, warp_seed = (int(s) for s in np.random.SeedSequence(int(number)).generate_state(3))
    model: nn.Sequential = (
        methods.tiny_vit(seed=network_seed) if kind == "vit" else models.small_cnn(transfer.CLASSES, network_seed)
    )
    digits = transfer.examples(methods.pretraining_rows())
    shuffle, warp = (torch.Generator().manual_seed(seed) for seed in (order_seed, warp_seed))
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=training.WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, PEAK_RATE[kind], total_steps=STEPS[kind] + 1, pct_start=0.1, cycle_momentum=False
    )
    for rows in training.shuffled_order(len(digits.targets), STEPS[kind], BATCH, shuffle):
        optimiser.zero_grad()
        training.cross_entropy(model, augmented(digits.inputs[rows], warp), digits.targets[rows]).backward()
        optimiser.step()
        schedule.step()
    return model.state_dict()


def augmented(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """(N, 1, 28, 28) images, each turned and shifted at random, at the scale that they had."""
    angle, x, y = (torch.rand(3, len(images), generator=generator) * 2 - 1) * torch.tensor(
        [[TURN], [2 * SHIFT / data.SIDE], [2 * SHIFT / data.SIDE]]
    )
    rows = [angle.cos(), -angle.sin(), x, angle.sin(), angle.cos(), y]
    grid = F.affine_grid(torch.stack(rows, dim=1).view(-1, 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def measure(member: str, weights: Mapping[str, torch.Tensor]) -> Mapping[str, float]:
    """Accuracy at 28 px on the digits that were held out."""
    model: nn.Sequential = methods.TinyViT() if member.startswith("vit") else models.small_cnn(transfer.CLASSES, 0)
    model.load_state_dict(weights)
    return {"accuracy_held_out": training.evaluate(model, transfer.examples(methods.held_out_rows()))}
