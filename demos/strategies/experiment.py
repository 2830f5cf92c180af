"""Four ways to move a letter network to real digits, compared on the same draw.

Claimed: with very few labels, training only a new head (feature extraction) beats fine-tuning everything at one rate.
Expect a lead of about 11 points at 1 label per class, 2 to 3 at 5, and 1.5 to 2 points the other way from 20 on. A
replicate takes two seconds at the defaults on one thread of a processor of 2017. What it does not show is listed in
`lab.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from demos import pretrain, training, transfer
from demos.strategies.lab import CURVE_DIGITS, SCRATCH, Config, StrategyFrame, arms, rates


def draw(config: Config, replicate: int) -> transfer.Draw:
    """What chance decides in this replicate."""
    return transfer.draw(config.seed, replicate, config.labels_per_class)


def curve_rows(drawn: transfer.Draw) -> np.ndarray:
    """The first test digits of each class, (`CURVE_DIGITS`,): enough to draw a curve, too few to judge its end."""
    return drawn.test.reshape(transfer.CLASSES, -1)[:, : CURVE_DIGITS // transfer.CLASSES].ravel()


def run(config: Config, replicate: int) -> Iterator[StrategyFrame]:
    """Train the four arms in turn, a stretch each, so that their curves grow together."""
    drawn = draw(config, replicate)
    along, at_the_end = (transfer.examples(rows) for rows in (curve_rows(drawn), drawn.test))
    batches = transfer.batches(drawn, config.steps)
    points = transfer.evaluation_points(config.steps)
    running = []
    for arm in arms(config):
        model = transfer.network(drawn, pretrained=arm.key != SCRATCH)
        start = training.snapshot(model)
        row = rates(config, arm.key)
        memory = training.memory_per_step(model, row, batches)
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
                accuracy=training.evaluate(model, at_the_end) if now.step == config.steps else None,
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
