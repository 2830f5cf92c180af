"""One network, one peak rate, six schedules: what the end of the schedule does to the end of training.

Claimed: a rate that falls to nearly 0 ends on a higher test accuracy than the same peak rate held to the end. What to
expect, and what it does not show, is in `lab.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import islice

import torch
from torch import nn

from demos import pretrain, training, transfer
from demos.lr_decay.lab import LABELS_PER_CLASS, TAIL_STEPS, TAIL_STRIDE, Config, DecayFrame, arms, rate
from demos.lr_decay.methods import scheduler

TEST_PER_CLASS = 25
"""Digits to test on, half of the draw's: with all of them, testing would take longer than training."""
EARLY_EVALUATIONS = 6
"""Evenly spaced over the run; the tail has its own."""
OPTIMISE = {"sgd": training.make_sgd, "adamw": training.make_optimiser}


class Watch:
    """A loss that remembers what it was; read only where the run pauses anyway."""

    def __init__(self) -> None:
        self._losses: list[torch.Tensor] = []

    def __call__(self, network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        loss = training.cross_entropy(network, inputs, targets)
        self._losses.append(loss.detach())
        return loss

    def mean(self) -> float | None:
        """The mean since the last call; None if there is none, or training has diverged."""
        value = torch.stack(self._losses).mean().item() if self._losses else math.nan
        self._losses.clear()
        return value if math.isfinite(value) else None


def evaluation_points(steps: int) -> list[int]:
    """Evenly spaced steps from 0, and the tail: what is judged, and what the jitter is taken from."""
    tail = range(steps - TAIL_STEPS, steps + 1, TAIL_STRIDE)
    return [point for point in transfer.evaluation_points(steps, EARLY_EVALUATIONS) if point < tail[0]] + [*tail]


def run(config: Config, replicate: int) -> Iterator[DecayFrame]:
    """Train the six arms in turn, a stretch each, so that their curves grow together."""
    drawn = transfer.draw(config.seed, replicate, LABELS_PER_CLASS)
    tests = {"digits": transfer.examples(transfer.fewer_test_rows(drawn, TEST_PER_CLASS))}
    batches = transfer.batches(drawn, config.steps, config.batch)
    points = evaluation_points(config.steps)
    begin = partial(transfer.network, drawn, pretrained=config.start == "pretrained")
    at_start = training.accuracies(begin(), tests)
    running = []
    for arm in arms(config):
        model = begin()
        rates = dict.fromkeys((name for name, _ in model.named_children()), config.peak_rate)
        watch = Watch()
        progress = training.train(
            model, rates, batches, watch, tests=tests, points=points, at_start=at_start,
            optimise=OPTIMISE[config.optimiser], schedule=partial(scheduler, config, arm.key),
        )  # fmt: skip
        running.append((arm.key, watch, progress))
    for _ in points:
        for key, watch, progress in running:
            now = next(progress)
            yield DecayFrame(
                replicate=replicate,
                arm=key,
                step=now.step,
                steps=config.steps,
                accuracy=now.accuracy["digits"],
                training_loss=watch.mean(),
                rate=rate(config, key, max(0, now.step - 1)),
            )


def warm() -> None:
    """Load data and weights, and pay for first calls, before a learner waits for them."""
    for seed in pretrain.SEEDS:
        pretrain.letters(seed)
    for _ in islice(run(Config(), 0), 2):
        pass
