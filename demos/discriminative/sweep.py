"""The sweep behind *tuned for each arm*: on each target, every arm at every rate, at the default length and labels.

The score is the accuracy on 500 target digits that the draw neither learns from nor tests on. The source plays no part:
the uniform arm has the rate that is best for the target, as somebody who does not think of the source would choose it.
"""

from __future__ import annotations

from demos import training, transfer
from demos.discriminative import experiment
from demos.discriminative.lab import DISCRIMINATIVE, PROBE, UNIFORM, Config
from demos.tune import Sweep

RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
CASES = (UNIFORM, DISCRIMINATIVE, PROBE)


def sweep() -> Sweep:
    """The three arms that have a rate of their own, on both targets."""
    config = Config()
    return Sweep(
        groups={"digits": CASES, "inverted": CASES},
        rates=RATES,
        score=score,
        settings={"groups": "targets", "labels_per_class": config.labels_per_class, "steps": config.steps,
                  "factor": config.factor, "batch": transfer.BATCH, "optimiser": "AdamW",
                  "weight_decay": training.WEIGHT_DECAY, "schedule": "cosine to 0"},
    )  # fmt: skip


def score(group: str, case: str, rate: float, seed: int) -> float:
    """Validation accuracy (%) of one arm at this rate on this target."""
    # The rate is put in unchecked, as the grid reaches further than the dial does.
    config = Config.model_validate({"target": group, "seed": seed}).model_copy(update={"base_rate": rate})
    drawn = transfer.draw(config.seed, 0, config.labels_per_class)
    validation = experiment.as_target(config, transfer.examples(transfer.validation_rows(drawn)))
    run = experiment.train(config, case, transfer.network(drawn), drawn, validation, [config.steps])
    return next(run).accuracy["target"]
