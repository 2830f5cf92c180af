"""What this lab ships: the backbone of a SmallCNN for every amount of pretraining data, three seeds each.

`python -m demos pretrain pretraining_data` rebuilds `demos/weights/pretraining_data/`. On the machine that made what
ships, one core took 8 to 24 s a file; `manifest.json` there has each file's seconds. Every member takes the same number
of optimiser steps at the same rate; only its data differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import torch

from demos import data, models, pretrain
from demos.pretraining_data.lab import CLASSES, IMAGES, LETTER_CLASSES, MIDDLE_IMAGES
from demos.pretraining_data.methods import FAMILY, member
from demos.starts import Family

SEEDS = (0, 1, 2)
STEPS = 400
# Greek, Cyrillic and thirteen Armenian capitals that all eight DejaVu fonts draw, without those that look like an
# earlier one (cosine similarity of the upright pictures above 0.93, as Latin A and Cyrillic A): two names for one shape
# could not be learned by any network.
MORE_CHARACTERS = "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλμνξπτυφχψωБДЖЗИЙКЛУФЦЧШЩЪЫЬЭЮЯбвгджзийлмнптфцчшщъыьэюяԲԳԴԵԶԷԸԹԺԻԽԾԿ"
DEJAVU = tuple(name for name in data.TRAIN_FONTS if name.startswith("DejaVu"))
"""The only fonts that have `MORE_CHARACTERS`."""


def parse(name: str) -> tuple[int, int, int]:
    """Classes, images and seed of a member."""
    classes, images, seed = (int(number) for number in re.findall(r"\d+", name))
    return classes, images, seed


def cells() -> list[tuple[int, int]]:
    """(classes, images) of every cell: the two axes, which cross at 52 classes and 8,000 images."""
    images = [(LETTER_CLASSES, count) for count in IMAGES]
    return images + [(count, MIDDLE_IMAGES) for count in CLASSES if count != LETTER_CLASSES]


def family() -> Family:
    """Nine cells, three seeds each."""
    return Family(
        name=FAMILY,
        what=(
            "Backbones (no head) of SmallCNN trained on rendered characters; float16. accuracy_fresh_renders is that "
            "of the whole network, before its head was dropped, on fresh renders of its own classes and fonts"
        ),
        settings={
            "steps": STEPS, "batch": pretrain.BATCH, "peak_learning_rate": pretrain.PEAK_RATE,
            "classes_up_to_52": "letters, drawn by the seed; fewer classes are a subset of more",
            "classes_140": "52 letters, Greek, Cyrillic, Armenian; DejaVu fonts only",
            "fresh_images": pretrain.FRESH,
        },
        members=[member(classes, images, seed) for classes, images in cells() for seed in SEEDS],
        build=build,
        measure=measure,
    )  # fmt: skip


def build(name: str) -> Mapping[str, torch.Tensor]:
    """The backbone after pretraining; its seed sets initialisation, which letters, the images and their order."""
    return {key: value for key, value in trained(name).state_dict().items() if not key.startswith("head.")}


def measure(name: str, weights: Mapping[str, torch.Tensor]) -> Mapping[str, float]:
    """Accuracy on fresh renders of the member's own classes: the backbone as stored, with the head that is not."""
    classes, _, seed = parse(name)
    head = {key: value for key, value in trained(name).state_dict().items() if key.startswith("head.")}
    accuracy = pretrain.accuracy_on_fresh_renders(
        {**weights, **head}, fonts_of(classes), characters=characters(classes, seed)
    )
    return {"accuracy_fresh_renders": accuracy}


@lru_cache(maxsize=1)
def trained(name: str) -> models.SmallCNN:
    """The whole network, head included; kept until the next one, so that building and measuring train it once."""
    classes, images, seed = parse(name)
    return pretrain.pretrain(
        seed, images, STEPS, characters=characters(classes, seed), fonts=fonts_of(classes)
    ).requires_grad_(False)


def characters(classes: int, seed: int) -> str:
    """The classes: the first ones of the seed's shuffle of the 52 letters, all 52, or those and `MORE_CHARACTERS`."""
    if classes == CLASSES[-1]:
        return data.LETTERS + MORE_CHARACTERS
    shuffled = np.random.default_rng([seed, 9]).permutation(LETTER_CLASSES)
    return "".join(data.LETTERS[i] for i in sorted(shuffled[:classes]))


def fonts_of(classes: int) -> tuple[str, ...]:
    """The fonts that have all of these classes."""
    return DEJAVU if classes == CLASSES[-1] else data.TRAIN_FONTS
