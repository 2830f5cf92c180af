"""Frozen features and the linear probe on them; the first filters; what ImageNet weights say of a photograph."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn.utils import skip_init

from demos import imagenet, models, photographs, starts, training, transfer
from demos.pretraining_data.lab import RANDOM, Cell

FAMILY = "pretraining_data"
# AdamW, of every probe. At seeds from 1,000,000 and 300 steps the rates 0.003, 0.01 and 0.03 came within 4 points of
# each other on standardised features, for random weights, 5 classes, 200 images and ImageNet alike. Without
# standardising, random weights were 11 points worse at 0.001.
RATE = 1e-2
TEXTURE_TESTS = 15
"""Test patches of each texture class."""
SHOWN = ("coffee", "cat", "flower", "motorcycle", "camera", "tissue")
"""Photographs whose top five are shown; the last, stained tissue, is like nothing in ImageNet."""


def member(classes: int, images: int, seed: int) -> str:
    """The name of a shipped backbone."""
    return f"classes{classes}-images{images}-seed{seed}"


def backbone(cell: Cell, drawn: transfer.Draw) -> nn.Sequential:
    """The network without its head, (B, 1, 28, 28) to (B, 64): the draw's pretraining seed, or its random weights."""
    model = models.small_cnn(transfer.CLASSES, drawn.network_seed)
    if cell != RANDOM:
        model.load_state_dict(starts.weights(FAMILY, member(cell.classes, cell.images, drawn.start)), strict=False)
    blocks = OrderedDict((name, block) for name, block in model.named_children() if name != "head")
    return nn.Sequential(blocks).eval().requires_grad_(False)


def texture_features(
    entropy: Sequence[int], labels_per_class: int, *, pretrained: bool, seed: int
) -> tuple[training.Examples, training.Examples]:
    """EfficientNet-Lite0's features of texture patches, (N, 1280): learn from left halves, test on right halves.

    `entropy` draws the patches, `seed` the random network.
    """
    streams = np.random.SeedSequence([*entropy, 9]).spawn(2)
    parts = []
    for stream, half, count in zip(streams, ("left", "right"), (labels_per_class, TEXTURE_TESTS), strict=True):
        pixels, classes = photographs.texture_patches(count, np.random.default_rng(stream), half=half)
        inputs = imagenet.features(pixels, pretrained=pretrained, seed=seed)
        parts.append(training.Examples(torch.from_numpy(inputs), torch.from_numpy(classes)))
    return parts[0], parts[1]


def standardised(labelled: training.Examples, test: training.Examples) -> tuple[training.Examples, training.Examples]:
    """Both with mean 0 and variance 1 per feature, as measured on the labelled examples; constant features are 0.

    Without it one learning rate would suit some backbones better than others: features differ in offset and scale.
    """
    spread, mean = torch.std_mean(labelled.inputs, dim=0, correction=0)
    scale = torch.where(spread > 1e-6, 1 / spread.clamp_min(1e-6), torch.zeros_like(spread))
    return (
        training.Examples((labelled.inputs - mean) * scale, labelled.targets),
        training.Examples((test.inputs - mean) * scale, test.targets),
    )


def probe(
    labelled: training.Examples, test: training.Examples, steps: int, order_seed: int, points: Sequence[int],
    rate: float = RATE,
) -> Iterator[training.Progress]:  # fmt: skip
    """Train a linear head, from zero, on standardised features (N, C); report on the test set, called `test`."""
    labelled, test = standardised(labelled, test)
    # skip_init: the usual initialisation would draw from torch's global generator, only to be overwritten.
    head = skip_init(nn.Linear, labelled.inputs.shape[1], int(labelled.targets.max()) + 1)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    shuffle = torch.Generator().manual_seed(order_seed)
    order = training.shuffled_order(len(labelled.targets), steps, transfer.BATCH, shuffle)
    return training.train(
        nn.Sequential(OrderedDict(head=head)), {"head": rate}, training.Batches(labelled, order),
        tests={"test": test}, points=points,
    )  # fmt: skip


def source_accuracy(cell: Cell, start: int) -> float:
    """Of the pretrained network on fresh images of its own classes, in per cent; measured when it was made."""
    return _source_accuracies()[f"{member(cell.classes, cell.images, start)}.safetensors"]


@cache
def _source_accuracies() -> dict[str, float]:
    return {entry["file"]: entry["accuracy_fresh_renders"] for entry in starts.manifest(FAMILY)["files"]}


def first_filters(trunk: nn.Sequential) -> list[list[float]]:
    """The stem's 16 filters, 25 weights each, row by row, to three digits after the point."""
    convolution = next(module for module in trunk.modules() if isinstance(module, nn.Conv2d))
    return [[round(float(w), 3) for w in kernel] for kernel in convolution.weight.detach().flatten(1)]


@cache
def top5() -> dict[str, dict[str, float]]:
    """For each photograph in `SHOWN` (its middle square at 224 px) the five likeliest classes, likeliest first."""
    network = imagenet.efficientnet_lite0().requires_grad_(False)
    pixels = np.stack([photographs.resized(photographs.photograph(name), 224) for name in SHOWN])
    with torch.inference_mode():
        values, places = network(imagenet.to_input(pixels)).softmax(1).topk(5)
    names = imagenet.class_names()
    return {
        name: {names[i]: round(p, 4) for p, i in zip(row.tolist(), where.tolist(), strict=True)}
        for name, row, where in zip(SHOWN, values, places, strict=True)
    }
