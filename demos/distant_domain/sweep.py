"""The sweep behind *tuned*: 100 labels per class, at the run length that most presets of a transfer use.

Each seed is one draw, as in a run. The score is the accuracy on what no run is tested on: textures are learned from the
right halves of the photographs and scored on the left ones (a run does the opposite); digits are scored on rows that
the draw neither learns from nor tests on.
"""

from __future__ import annotations

from functools import lru_cache

from demos import training
from demos.distant_domain import experiment, methods
from demos.distant_domain.lab import DEPTHS, FINE_TUNE, IMAGENET_DIGITS, LETTERS_TEXTURES, PIXELS, SCRATCH, Config
from demos.tune import Sweep

LABELS_PER_CLASS = 100
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
LENGTHS = {LETTERS_TEXTURES: (300,), IMAGENET_DIGITS: (80,)}


def sweep() -> Sweep:
    """Both networks and the probe after every block, at every rate."""
    return Sweep(
        groups={
            f"{kind}/{steps}": (FINE_TUNE, SCRATCH, PIXELS, *DEPTHS[kind])
            for kind, lengths in LENGTHS.items()
            for steps in lengths
        },
        rates=RATES,
        score=score,
        settings={
            "labels_per_class": LABELS_PER_CLASS, "groups": "transfer/optimiser steps", "batch": methods.BATCH,
            "cases": "fine_tune, scratch, and the probe on pixels or after a block of the pretrained network",
            "validation": "textures: halves swapped; digits: rows that the draw leaves unused",
            "optimiser": "AdamW", "weight_decay": training.WEIGHT_DECAY, "schedule": "constant",
        },
    )  # fmt: skip


def score(group: str, case: str, rate: float, seed: int) -> float:
    """Validation accuracy (%) of one case after the group's steps at this rate."""
    kind, steps = group.split("/")
    config = Config.model_validate(
        {"transfer": kind, "steps": int(steps), "labels_per_class": LABELS_PER_CLASS, "learning_rate": rate}
    )
    drawn, found = _shared(kind, seed, config.steps)
    points = [config.steps]
    if case in (FINE_TUNE, SCRATCH):
        run = experiment.train_network(config, drawn, case, points)
    else:
        run = experiment.train_probe(config, drawn, found[case], case, points)
    return next(run).accuracy[experiment.TEST]


@lru_cache(maxsize=8)
def _shared(kind: str, seed: int, steps: int) -> tuple[methods.Draw, dict[str, methods.Features]]:
    """The draw and its features, which the cases and rates of a seed share."""
    drawn = methods.draw(kind, seed, 0, LABELS_PER_CLASS, steps, swapped=True)
    return drawn, {PIXELS: methods.pixels(drawn), **methods.features(drawn, kind, pretrained=True)}
