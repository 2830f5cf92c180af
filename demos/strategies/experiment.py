"""Four ways to move a letter network to real digits, compared on the same draw.

Claimed: with very few labels, training only a new head (feature extraction) beats fine-tuning everything at one rate.
Expect a lead of about 11 points at 1 label per class, 2 to 3 at 5, and 1.5 to 2 points the other way from 20 on. A
replicate takes two seconds at the defaults on one thread of a processor of 2017. What it does not show is listed in
`lab.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from itertools import islice

import numpy as np
import torch
from torch import nn

from demos import models, pretrain, training, transfer
from demos.strategies.lab import CURVE_DIGITS, FREEZE, PROBE, SCRATCH, TEST_DIGITS, Config, StrategyFrame, arms, rates


def draw(config: Config, replicate: int) -> transfer.Draw:
    """What chance decides in this replicate."""
    return transfer.draw(config.seed, replicate, config.labels_per_class)


def test_rows(drawn: transfer.Draw) -> np.ndarray:
    """The digits that the end is judged on, (`TEST_DIGITS`,): the draw's, and the last of each class that it leaves
    unused. None is learned from, and they are the same ones whatever the number of labels."""
    more = (TEST_DIGITS - len(drawn.test)) // transfer.CLASSES
    return np.concatenate([drawn.test, drawn.unused.reshape(transfer.CLASSES, -1)[:, -more:].ravel()])


def curve_rows(drawn: transfer.Draw) -> np.ndarray:
    """The first test digits of each class, (`CURVE_DIGITS`,): enough to draw a curve, too few to judge its end."""
    return drawn.test.reshape(transfer.CLASSES, -1)[:, : CURVE_DIGITS // transfer.CLASSES].ravel()


@cache
def bytes_per_step(row: tuple[tuple[str, float], ...], images: int) -> int:
    """What a step on so many images needs beside the weights, by `training.memory_per_step`; the same in every draw.

    `row` holds the blocks' names and rates, input to output.
    """
    blank = training.Examples(torch.zeros(images, 1, 28, 28), torch.zeros(images, dtype=torch.long))
    batches = training.Batches(blank, torch.arange(images)[None])
    return training.memory_per_step(models.small_cnn(transfer.CLASSES, 0), dict(row), batches)


class Judge:
    """The accuracy at the end of a replicate, on all its test digits."""

    def __init__(self, config: Config, drawn: transfer.Draw) -> None:
        self._digits = transfer.examples(test_rows(drawn))
        self._pretrained = transfer.network(drawn).eval()
        self._partly_frozen = rates(config, FREEZE)

    def accuracy(self, arm: str, model: nn.Sequential) -> float:
        """In per cent. The first k blocks, the same ones in both arms that keep them, see the digits once."""
        if arm not in (PROBE, FREEZE):
            return training.evaluate(model, self._digits)
        return training.evaluate(training.split(model, self._partly_frozen)[1], self._seen_by_the_frozen)

    @cached_property
    def _seen_by_the_frozen(self) -> training.Examples:
        return training.through(training.split(self._pretrained, self._partly_frozen)[0], self._digits)


def run(config: Config, replicate: int) -> Iterator[StrategyFrame]:
    """Train the four arms in turn, a stretch each, so that their curves grow together."""
    drawn = draw(config, replicate)
    judge, along = Judge(config, drawn), transfer.examples(curve_rows(drawn))
    batches = transfer.batches(drawn, config.steps)
    points = transfer.evaluation_points(config.steps)
    running = []
    for arm in arms(config):
        model = transfer.network(drawn, pretrained=arm.key != SCRATCH)
        start = training.snapshot(model)
        row = rates(config, arm.key)
        memory = bytes_per_step(tuple(row.items()), batches.order.shape[1])
        progress = training.train(model, row, batches, tests={"curve": along}, points=points)
        running.append((arm.key, model, start, memory, progress))
    for _ in points:
        for key, model, start, memory, progress in running:
            now = next(progress)
            yield StrategyFrame(
                replicate=replicate,
                arm=key,
                step=now.step,
                steps=config.steps,
                curve_accuracy=now.accuracy["curve"],
                accuracy=judge.accuracy(key, model) if now.step == config.steps else None,
                trainable_parameters=training.trainable_parameters(model),
                ms_per_step=now.ms_per_step,
                cache_ms=now.cache_ms,
                kilobytes_per_step=memory / 1000,
                drift=training.relative_change(model, start),
            )


def warm() -> None:
    """Load data and weights, and pay for first calls, before a learner waits for them."""
    for seed in pretrain.SEEDS:
        pretrain.letters(seed)
    for _ in islice(run(Config(), 0), 2 * len(arms(Config()))):
        pass
