"""A linear probe on frozen backbones that differ in nothing but the data they were pretrained on.

Claimed: more classes, or more images, make features that transfer better. Expect a lead of several points from 5 to 52
classes, and none from 8,000 to 30,000 images. A replicate takes under a second at the defaults on one thread; on the
ImageNet axis several the first time, and next to nothing once the features are on disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from demos import photographs, training, transfer
from demos.pretraining_data import methods
from demos.pretraining_data.lab import IMAGENET, RANDOM, Cell, Config, PretrainingFrame, cells, compared, key

EVALUATIONS = 15


def run(config: Config, replicate: int) -> Iterator[PretrainingFrame]:
    """Probe all backbones in turn, a stretch each, so that their curves grow together."""
    textures = config.axis == "imagenet"
    classes = len(photographs.TEXTURES) if textures else transfer.CLASSES
    drawn = transfer.draw(config.seed, replicate, config.labels_per_class)
    points = transfer.evaluation_points(config.steps, EVALUATIONS)
    running = [
        (level, cell, _progress(config, replicate, drawn, cell, points[1:])) for level, cell in enumerate(cells(config))
    ]
    for point in points:
        for level, cell, progress in running:
            # A head of zeros gives every image the same class, hence chance: known before any feature is computed.
            accuracy = next(progress).accuracy["test"] if point else 100.0 / classes
            yield PretrainingFrame(
                replicate=replicate, arm=key(config, level), step=point, steps=config.steps, accuracy=accuracy,
                classes=cell.classes, images=cell.images,
                **(_at_the_end(config, drawn, level, replicate) if point == config.steps else {}),
            )  # fmt: skip


def _progress(
    config: Config, replicate: int, drawn: transfer.Draw, cell: Cell, points: list[int]
) -> Iterator[training.Progress]:
    """The probe on one backbone; features are computed when the first point is asked for."""
    if config.axis == "imagenet":
        labelled, test = methods.texture_features(
            [config.seed, replicate], config.labels_per_class, pretrained=cell == IMAGENET, seed=drawn.start
        )
    else:
        trunk = methods.backbone(cell, drawn)
        labelled, test = (training.through(trunk, transfer.examples(rows)) for rows in (drawn.labelled, drawn.test))
    yield from methods.probe(labelled, test, config.steps, drawn.order_seed, points)


def _at_the_end(config: Config, drawn: transfer.Draw, level: int, replicate: int) -> dict[str, Any]:
    """What only an arm's last frame carries; pictures are those of replicate 0."""
    cell = cells(config)[level]
    if config.axis == "imagenet":
        return {"top5": methods.top5()} if replicate == 0 and cell == IMAGENET else {}
    known: dict[str, Any] = {} if cell == RANDOM else {"source_accuracy": methods.source_accuracy(cell, drawn.start)}
    if replicate == 0 and level in (0, *compared(config)):
        known["filters"] = methods.first_filters(methods.backbone(cell, drawn))
    return known


def warm() -> None:
    """Load data and weights, and pay for first calls, before a learner waits for them."""
    for _ in islice(run(Config(), 0), 2 * len(cells(Config()))):
        pass
