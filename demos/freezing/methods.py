"""A torchvision model, frozen and trained as the dials say, with a hash of every parameter and buffer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from demos.freezing.lab import CLASSES, HEADS, STEPS_BEFORE, Config

SIZE, BATCH = 64, 4
"""Pixels of a side, images a step: enough for every architecture here, BatchNorm in train mode included."""

CLASS_TOKEN = "class_token"
"""The one parameter in these models that no child holds: ViT's, which enters in front of its second child."""
CLASS_TOKEN_CHILD = 2


@dataclass
class Training:
    """A model in training; `frozen` are the children that the loop has frozen so far."""

    config: Config
    model: nn.Module
    seed: int
    frozen: list[nn.Module]
    optimiser: torch.optim.Optimizer | None = None
    steps: int = 0

    def step(self) -> None:
        """One optimiser step on noise, in the mode that the dials ask for. Raises what torch raises if none can be."""
        if self.optimiser is None:  # built after freezing, over what still requires gradients
            trainable = [p for p in self.model.parameters() if p.requires_grad]
            self.optimiser = make_optimiser(self.config, trainable)
        self.steps += 1
        images, labels = batch(self.seed, self.steps)
        self.model.train(self.config.mode == "train")
        if self.config.frozen_eval == "each_step":
            for child in self.frozen:
                child.eval()
        self.optimiser.zero_grad(set_to_none=self.config.zero_grad == "none")
        with seeded(self.seed + self.steps):  # dropout and stochastic depth draw from the global generator
            nn.functional.cross_entropy(self.model(images), labels).backward()
        self.optimiser.step()


def prepare(config: Config, seed: int) -> Training:
    """Build, freeze, attach the head, make the optimiser, in the order that the dials ask for.

    An optimiser that is to be built after all of this is built by the first step.
    """
    model = build(config, seed)
    if config.head == "before":
        attach_head(config, model, seed)
    training = Training(config, model, seed, [])
    if config.optimiser_built != "after":
        training.optimiser = make_optimiser(config, list(model.parameters()))
    if config.optimiser_built == "mid_training":
        for _ in range(STEPS_BEFORE):
            training.step()
    training.frozen = freeze(config, model)
    if config.head == "after":
        attach_head(config, model, seed)
    return training


def build(config: Config, seed: int) -> nn.Module:
    """The architecture with random weights; nothing is downloaded."""
    import torchvision  # over a second: not before it is needed

    options = {"image_size": SIZE} if config.architecture == "vit_b_16" else {}
    with seeded(seed):
        model: nn.Module = torchvision.models.get_model(config.architecture, weights=None, **options)
        _fit_statistics(model, seed)
    return model


def _fit_statistics(model: nn.Module, seed: int) -> None:
    """Give BatchNorm running statistics that fit its inputs, as a trained network's do.

    Without, EfficientNet-B0 in eval mode passes on signals so small that some gradients are exactly 0.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # the statistics of this batch, at once
    with torch.no_grad():
        model.train()(batch(seed, 0)[0])
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def freeze(config: Config, model: nn.Module) -> list[nn.Module]:
    """The loop on trial."""
    frozen = list(model.children())[: config.children]
    for child in frozen:
        child.requires_grad_(False)
        if config.frozen_eval == "once":
            child.eval()
    return frozen


def attach_head(config: Config, model: nn.Module, seed: int) -> None:
    """Replace the last layer by one for the new task."""
    parent, _, last = HEADS[config.architecture].rpartition(".")
    holder = model.get_submodule(parent)
    old = getattr(holder, last)
    with seeded(seed + 1):
        setattr(holder, last, nn.Linear(old.in_features, CLASSES))


def make_optimiser(config: Config, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """Ordinary settings; the rates only have to be large enough to move a float32."""
    if config.optimiser == "adamw":
        return torch.optim.AdamW(parameters, lr=0.001)
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)


def batch(seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of noise (BATCH, 3, SIZE, SIZE), shifted and stretched as new data are, and classes (BATCH,)."""
    random = np.random.default_rng([seed, step])
    images = 1.0 + 2.0 * random.standard_normal((BATCH, 3, SIZE, SIZE), dtype=np.float32)
    return torch.from_numpy(images), torch.from_numpy(random.integers(CLASSES, size=BATCH))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let code that insists on torch's global generator draw from `seed`, and leave that generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def hashes(model: nn.Module) -> dict[str, bytes]:
    """A 128-bit hash of the bytes of every parameter and buffer, by name."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return {name: _hash(tensor.detach()) for name, tensor in tensors}


def _hash(tensor: torch.Tensor) -> bytes:
    return hashlib.blake2b(tensor.contiguous().reshape(-1).numpy().data, digest_size=16).digest()


def changed(before: dict[str, bytes], model: nn.Module) -> set[str]:
    """The parameters and buffers whose hash is another one now."""
    return {name for name, value in hashes(model).items() if value != before[name]}


def before_the_cut(config: Config, model: nn.Module) -> set[str]:
    """The parameters and buffers that you think are frozen: those of the first k children but for the head's.

    A class token counts as in front of the cut once the child that it enters is frozen: what feeds a frozen encoder
    should not move either.
    """
    children = [name for name, _ in model.named_children()][: config.children]
    head = HEADS[config.architecture]
    names = [name for name, _ in (*model.named_parameters(), *model.named_buffers())]
    kept = {name for name in names if name.split(".")[0] in children and not name.startswith(f"{head}.")}
    return kept | ({CLASS_TOKEN} if CLASS_TOKEN in names and config.children >= CLASS_TOKEN_CHILD else set())


def missing_children(config: Config, model: nn.Module) -> int:
    """How many of the first k children do not exist, or hold the layer that is replaced."""
    holder = HEADS[config.architecture].split(".")[0]
    real = [name for name, _ in model.named_children() if name != holder]
    return max(0, config.children - len(real))
