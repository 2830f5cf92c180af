"""The same pretrained ViT at image sizes it has never seen, with and without interpolated positions; and a CNN.

Claimed: with positions interpolated the ViT keeps working at a new size, with the old ones alone it does not. A
replicate takes about 1.5 s at the defaults on one thread, the first one 2 s more (torchvision's shapes, a photograph).
What it does not show is listed in `lab.py`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import nn

from demos import data, starts, training, transfer
from demos.resolution import methods
from demos.resolution.lab import CNN, TUNING_EVALUATIONS, VIT_ARMS, Config, SizeFrame, arms, shown, sizes

TEST_PER_CLASS, TUNING_PER_CLASS = 10, 20
TUNING_BATCH = 16

TUNING_RATE = 1e-3
"""AdamW, all weights. Of 3e-4, 1e-3 and 3e-3 the best after 60 steps at 40 px for the arm with most to repair (not
interpolated: 81, 85 and 81 %; bicubic: 95, 94 and 90 %), on seed 1,000,000 and a draw of 300 test digits."""


@dataclass(frozen=True)
class Draw:
    """All that chance decides in a replicate. Every arm gets the same one."""

    start: int
    """Which of the pretrained starts."""
    order_seed: int
    test: np.ndarray
    """Rows of `data.mnist()` to test on, (100,), unseen in pretraining."""
    labelled: np.ndarray
    """Rows to fine-tune on, (200,), unseen in pretraining and not tested on."""


def draw(config: Config, replicate: int) -> Draw:
    """Draw a replicate. Each choice has a random stream of its own; no dial changes it."""
    streams = np.random.SeedSequence([config.seed, replicate]).spawn(3)
    start, split, order = (np.random.default_rng(stream) for stream in streams)
    _, labels = data.mnist()
    held_out = split.permutation(methods.held_out_rows())
    rows = [held_out[labels[held_out] == digit] for digit in range(transfer.CLASSES)]
    last = TEST_PER_CLASS + TUNING_PER_CLASS
    return Draw(
        start=int(start.integers(methods.STARTS)),
        order_seed=int(order.integers(2**31)),
        test=np.concatenate([r[:TEST_PER_CLASS] for r in rows]),
        labelled=np.concatenate([r[TEST_PER_CLASS:last] for r in rows]),
    )


def run(config: Config, replicate: int) -> Iterator[SizeFrame]:
    """Measure all arms at one size after the other, then fine-tune them at the new size, if asked to."""
    drawn = draw(config, replicate)
    tests = {size: _examples(drawn.test, size, config) for size in sizes(config)}
    points = transfer.evaluation_points(config.tuning_steps, TUNING_EVALUATIONS)[1:] if config.tuning_steps else []
    steps = len(tests) + len(points) - 1
    at_new_size: dict[str, float] = {}
    for step, (size, examples) in enumerate(tests.items()):
        for arm in arms(config):
            frame = _measured(config, drawn, arm.key, examples, replicate, step, steps)
            if size == config.new_size:
                at_new_size[arm.key] = frame.accuracy
            ends = step == steps
            yield frame.model_copy(update=_last(config, replicate, drawn, arm.key, at_new_size) if ends else {})
    if points:
        yield from _tuned(config, drawn, replicate, tests[config.new_size], points, len(tests))


def _examples(rows: np.ndarray, size: int, config: Config) -> training.Examples:
    digits = transfer.examples(rows)
    return training.Examples(methods.shown_at(digits.inputs, size, config.view), digits.targets)


def network(config: Config, start: int, arm: str, size: int) -> nn.Sequential:
    """The arm's pretrained network, ready for pictures of this size."""
    return methods.cnn(start) if arm == CNN else methods.vit_at(start, size, arm, config.placement)


def tokens(arm: str, size: int) -> int:
    """Patches and class token; for the CNN the places of its last feature map (three strides of 2, rounded up)."""
    return (-(-size // 8)) ** 2 if arm == CNN else 1 + (size // methods.PATCH) ** 2


def _measured(
    config: Config, drawn: Draw, arm: str, examples: training.Examples, replicate: int, step: int, steps: int
) -> SizeFrame:
    size = examples.inputs.shape[-1]
    model = network(config, drawn.start, arm, size)
    started = time.perf_counter()
    accuracy = training.evaluate(model, examples)
    elapsed = (time.perf_counter() - started) * 1e3
    return SizeFrame(
        replicate=replicate, arm=arm, step=step, steps=steps, size=size, accuracy=accuracy, tokens=tokens(arm, size),
        ms_per_image=elapsed / len(examples.targets),
    )  # fmt: skip


def _tuned(
    config: Config, drawn: Draw, replicate: int, test: training.Examples, points: list[int], measured: int
) -> Iterator[SizeFrame]:
    """All arms in turn, a stretch each: every weight learns, positions too."""
    labelled = _examples(drawn.labelled, config.new_size, config)
    shuffle = torch.Generator().manual_seed(drawn.order_seed)
    order = training.shuffled_order(len(labelled.targets), config.tuning_steps, TUNING_BATCH, shuffle)
    batches = training.Batches(labelled, order)
    running = {}
    for arm in arms(config):
        model = network(config, drawn.start, arm.key, config.new_size)
        rates = {name: TUNING_RATE for name, _ in model.named_children()}
        running[arm.key] = training.train(model, rates, batches, tests={"digits": test}, points=points)
    for step, point in enumerate(points, start=measured):
        for arm_key, progress in running.items():
            accuracy = next(progress).accuracy["digits"]
            last = point == config.tuning_steps
            yield SizeFrame(
                replicate=replicate, arm=arm_key, step=step, steps=measured + len(points) - 1, size=config.new_size,
                accuracy=accuracy, tuned_steps=point, tokens=tokens(arm_key, config.new_size), ms_per_image=None,
                **(_last(config, replicate, drawn, arm_key, {arm_key: accuracy}) if last else {}),
            )  # fmt: skip


def _last(config: Config, replicate: int, drawn: Draw, arm: str, accuracy: dict[str, float]) -> dict[str, Any]:
    """What only an arm's last frame has; what chance has no part in is computed once, in replicate 0."""
    found: dict[str, Any] = {"accuracy_new_size": accuracy[arm]}
    if replicate > 0:
        return found
    if arm in VIT_ARMS:
        old = starts.weights("resolution", f"vit-{drawn.start}")[methods.POSITIONS]
        new = methods.positions_for(old, config.new_size // methods.PATCH, arm, config.placement)
        return found | {
            "similarity": methods.position_similarity(new),
            "similarity_trained": methods.position_similarity(old),
        }
    # Imported late: it takes a second, and the other arms' frames need not wait for it.
    from demos.resolution import architectures

    return found | {"shapes": architectures.shapes(), "guesses": architectures.guesses(shown(config))}


def warm() -> None:
    """Load digits and weights, and pay for first calls, before a learner waits for them."""
    for start in range(methods.STARTS):
        starts.weights("resolution", f"vit-{start}")
        starts.weights("resolution", f"cnn-{start}")
    for _ in islice(run(Config(), 1), len(arms(Config()))):
        pass
