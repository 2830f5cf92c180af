"""The sweep behind *tuned for each arm*: 100 labels per class, at the default run length and at two longer ones.

Each seed is one draw, as in a run: pretrained start, labelled digits, head, order. The score is the accuracy on 500
digits that the draw neither learns from nor tests on.
"""

from __future__ import annotations

from demos import training, transfer
from demos.strategies import experiment
from demos.strategies.lab import FINE_TUNE, FREEZE, PROBE, SCRATCH, Config, rates
from demos.tune import Sweep

LABELS_PER_CLASS = 100
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
CASES = (SCRATCH, PROBE, FINE_TUNE, "freeze_1", "freeze_2", "freeze_3")


def sweep() -> Sweep:
    """Every arm at every rate, for short, middling and long runs."""
    return Sweep(
        groups={"60": CASES, "120": CASES, "1200": CASES},
        rates=RATES,
        score=score,
        settings={"labels_per_class": LABELS_PER_CLASS, "groups": "optimiser steps", "batch": transfer.BATCH,
                  "validation_digits": 10 * transfer.VALIDATION_PER_CLASS, "optimiser": "AdamW",
                  "weight_decay": training.WEIGHT_DECAY, "schedule": "constant"},
    )  # fmt: skip


def score(group: str, case: str, rate: float, seed: int) -> float:
    """Validation accuracy (%) of one arm after `group` steps at this rate."""
    arm, frozen = (FREEZE, int(case[-1])) if case.startswith("freeze_") else (case, 1)
    some_rate = 1e-3  # only where the row is 0 matters
    config = Config(
        labels_per_class=LABELS_PER_CLASS, steps=int(group), seed=seed, frozen_blocks=frozen, learning_rate=some_rate
    )
    row = {block: rate if moves else 0.0 for block, moves in rates(config, arm).items()}
    drawn = experiment.draw(config, 0)
    model = transfer.network(drawn, pretrained=arm != SCRATCH)
    tests = {"validation": transfer.examples(transfer.validation_rows(drawn))}
    run = training.train(model, row, transfer.batches(drawn, config.steps), tests=tests, points=[config.steps])
    return next(run).accuracy["validation"]
