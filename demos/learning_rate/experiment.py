"""Move a letter network to digits at five learning rates, and follow what it still knows of letters.

Claimed: at a high rate the network keeps at least 20 points less of the source than at a tenth of that rate. What it
does not show is listed in `lab.py`. On one thread of a processor of 2017 a replicate takes 6 s at the defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from torch import nn

from demos import pretrain, training, transfer
from demos.learning_rate.lab import BLOCKS, Config, RateFrame, arms, rate

EVALUATIONS = 4

HEAD_STEPS = 100
HEAD_RATE = 0.03
"""Of SGD with momentum, for the head alone. Tenfold was no better a probe (about 90 % on digits in trials at three
seeds) but grew a head so large that 0.01 for all blocks, harmless otherwise, then destroyed everything."""

LARGEST = 1e6
"""Reported for a weight change that is larger, or no number any more."""


def run(config: Config, replicate: int) -> Iterator[RateFrame]:
    """Train the arms in turn, a stretch each, so that their curves grow together."""
    drawn = transfer.draw(config.seed, replicate, config.labels_per_class)
    tests = {"target": transfer.examples(drawn.test)}
    batches = transfer.batches(drawn, config.steps)
    points = transfer.evaluation_points(config.steps, EVALUATIONS)
    begun = start(config, drawn)
    at_start = training.accuracies(begun, tests)
    source_at_start = transfer.source_accuracy(begun, drawn.start)
    optimise = training.make_sgd if config.optimiser == "sgd" else training.make_optimiser
    running = []
    for arm in arms(config):
        model = transfer.network(drawn)
        model.load_state_dict(begun.state_dict())
        row = dict.fromkeys(BLOCKS, rate(config, arm.key))
        before = training.snapshot(model)
        progress = training.train(model, row, batches, tests=tests, points=points, at_start=at_start, optimise=optimise)
        running.append((arm.key, model, before, progress))
    for _ in points:
        for key, model, before, progress in running:
            now = next(progress)
            yield RateFrame(
                replicate=replicate,
                arm=key,
                step=now.step,
                steps=config.steps,
                rate=rate(config, key),
                source=transfer.source_accuracy(model, drawn.start) if now.step else source_at_start,
                target=now.accuracy["target"],
                drift=finite(training.relative_change(model, before)),
            )


def start(config: Config, drawn: transfer.Draw) -> nn.Sequential:
    """Where all arms begin: the pretrained backbone with a new head, which LP-FT trains first, alone."""
    model = transfer.network(drawn)
    if config.head_first:
        alone = dict.fromkeys(BLOCKS, 0.0) | {BLOCKS[-1]: HEAD_RATE}
        batches = transfer.batches(drawn, HEAD_STEPS)
        for _ in training.train(model, alone, batches, tests={}, points=[HEAD_STEPS], optimise=training.make_sgd):
            pass
    return model


def finite(drift: dict[str, float]) -> dict[str, float]:
    """A diverged block's change as a number that JSON has: not a number, or beyond `LARGEST`, becomes `LARGEST`."""
    return {block: change if change < LARGEST else LARGEST for block, change in drift.items()}


def warm() -> None:
    """Load data, weights and fonts, and pay for first calls, before a learner waits for them."""
    for seed in pretrain.SEEDS:
        pretrain.letters(seed)
    for _ in islice(run(Config(), 0), 2 * len(arms(Config()))):
        pass
