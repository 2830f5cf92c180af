"""Linear probes on ImageNet features, on random features and on raw pixels of the same few pictures.

Claimed: the ImageNet features are worth more than 10 points over the pixels. A replicate draws the pictures to learn
from and those to test on; the three probes share them, their head's start (zeros) and their order. Features are
computed once per picture and kept on disk (`demos.imagenet`). What it does not show is listed in `lab.py`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from demos import data, imagenet, photographs, training, transfer, uploads
from demos.own_images.lab import DIGITS, IMAGENET, OWN, PIXELS, RANDOM, STEPS, Config, PictureFrame

BUNDLED_SIDE = 64
TEST_PER_CLASS = 15
EVALUATIONS = 10
BATCH = 32
RATE = 1e-3
"""AdamW, for all three probes. Features are standardised, so that one rate suits all: of 1e-3, 3e-3, 1e-2 and 3e-2 it
was the best for each probe on patches and digits, or 1.1 points short of it (seed 1,000,003, three replicates)."""
_RAW_SIDE = 16


@dataclass(frozen=True)
class Draw:
    """The pictures of a replicate: (N, S, S, 3) uint8, classes (N,), and which rows learn and which test."""

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    learn: np.ndarray
    test: np.ndarray
    network_seed: int
    order_seed: int


def draw(config: Config, replicate: int) -> Draw:
    """All that chance decides in a replicate. Raises `UploadError` if the learner's pictures are not there."""
    streams = np.random.SeedSequence([config.seed, replicate]).spawn(3)
    split, network, order = (np.random.default_rng(stream) for stream in streams)
    seeds = {"network_seed": int(network.integers(2**31)), "order_seed": int(order.integers(2**31))}
    if config.pictures == OWN:
        return _own(config, split, seeds)
    pixels, labels, classes = (_digits if config.pictures == DIGITS else _textures)(config.labels_per_class, split)
    rows = np.arange(len(labels))
    is_test = rows >= len(classes) * config.labels_per_class
    return Draw(pixels, labels, classes, rows[~is_test], rows[is_test], **seeds)


def _textures(per_class: int, split: np.random.Generator) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    parts = [
        photographs.texture_patches(count, split, half=half, size=BUNDLED_SIDE)
        for count, half in ((per_class, "left"), (TEST_PER_CLASS, "right"))
    ]
    pixels, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    return pixels, labels, photographs.TEXTURES


def _digits(per_class: int, split: np.random.Generator) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Digits as an ImageNet network takes them: grey as RGB, enlarged; first those to learn from, then the tested."""
    images, labels = data.mnist()
    rows = [split.permutation(np.flatnonzero(labels == digit)) for digit in range(10)]
    chosen = np.concatenate(
        [np.concatenate([r[:per_class] for r in rows]), np.concatenate([r[per_class:][:TEST_PER_CLASS] for r in rows])]
    )
    grey = torch.from_numpy(images[chosen])
    large = nn.functional.interpolate(grey, size=BUNDLED_SIDE, mode="bicubic", align_corners=False).clamp(0, 1)
    pixels = (large * 255).round().byte().expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous().numpy()
    return pixels, labels[chosen], tuple(map(str, range(10)))


def _own(config: Config, split: np.random.Generator, seeds: dict[str, int]) -> Draw:
    """A new split of the learner's collection, at most half of each class to learn from.

    All replicates split the same pictures, so they are not independent: the interval over them is too narrow.
    """
    collection = uploads.load(config.collection)
    learn, test = [], []
    for label in range(len(collection.classes)):
        rows = split.permutation(np.flatnonzero(collection.labels == label))
        count = min(config.labels_per_class, len(rows) // 2)
        learn.append(rows[:count])
        test.append(rows[count:])
    return Draw(
        collection.pixels, collection.labels, collection.classes, np.concatenate(learn), np.concatenate(test), **seeds
    )


def run(config: Config, replicate: int) -> Iterator[PictureFrame]:
    """Train the three probes in turn. The pixels' curve begins at once, while the features are still computed."""
    drawn = draw(config, replicate)
    points = transfer.evaluation_points(STEPS, EVALUATIONS)
    probes: dict[str, _Probe] = {}
    for index, _ in enumerate(points):
        for arm in (PIXELS, RANDOM, IMAGENET):
            if arm not in probes:
                probes[arm] = _Probe(features(drawn, arm), drawn, points)
            yield probes[arm].frame(replicate, arm, last=index == len(points) - 1)


def features(drawn: Draw, arm: str) -> np.ndarray:
    """What the arm's probe sees of each picture: (N, C) float32."""
    if arm == PIXELS:
        side = drawn.pixels.shape[1] // _RAW_SIDE
        blocks = drawn.pixels.reshape(len(drawn.pixels), _RAW_SIDE, side, _RAW_SIDE, side, 3)
        return blocks.mean((2, 4), dtype=np.float32).reshape(len(drawn.pixels), -1) / 255.0
    return imagenet.features(drawn.pixels, pretrained=arm == IMAGENET, seed=drawn.network_seed % 3)


class _Probe:
    """A linear head on standardised features, and its training so far."""

    def __init__(self, values: np.ndarray, drawn: Draw, points: list[int]) -> None:
        self._drawn, self._last = drawn, points[-1]
        scaled = standardised(values, drawn.learn)
        learn, self._test = (_examples(scaled, drawn.labels, rows) for rows in (drawn.learn, drawn.test))
        head = nn.utils.skip_init(nn.Linear, values.shape[1], len(drawn.classes))  # no draw from the global generator
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
        self._model = nn.Sequential(OrderedDict(head=head))
        shuffle = torch.Generator().manual_seed(drawn.order_seed)
        batches = training.Batches(learn, training.shuffled_order(len(drawn.learn), self._last, BATCH, shuffle))
        self._progress = training.train(
            self._model, {"head": RATE}, batches, tests={"pictures": self._test}, points=points
        )

    def frame(self, replicate: int, arm: str, *, last: bool) -> PictureFrame:
        now = next(self._progress)
        return PictureFrame(
            replicate=replicate,
            arm=arm,
            step=now.step,
            steps=self._last,
            accuracy=now.accuracy["pictures"],
            classes=self._drawn.classes if last else (),
            tested=self._tested() if last and arm == IMAGENET else (),
        )

    def _tested(self) -> tuple[tuple[int, int, int], ...]:
        with torch.inference_mode():
            predicted = self._model(self._test.inputs).argmax(1)
        return tuple(zip(self._drawn.test.tolist(), self._test.targets.tolist(), predicted.tolist(), strict=True))


def standardised(values: np.ndarray, learn: np.ndarray) -> np.ndarray:
    """Each feature with mean 0 and spread 1 over the rows that are learned from; constant ones become 0."""
    mean, spread = values[learn].mean(0), values[learn].std(0)
    return np.where(spread > 1e-6, (values - mean) / np.maximum(spread, 1e-6), 0.0).astype(np.float32)


def _examples(values: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> training.Examples:
    return training.Examples(torch.from_numpy(values[rows]), torch.from_numpy(labels[rows]))
