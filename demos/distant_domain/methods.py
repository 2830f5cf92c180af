"""What the arms of this lab share: the draw of both transfers, the networks, and features after every block."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from demos import data, imagenet, photographs, training, transfer
from demos.distant_domain.lab import DEPTHS, IMAGENET_DIGITS, LETTERS_TEXTURES

PATCH = 28
TEST_PATCHES = 50
"""Test patches of each of the 12 textures: 600 in all."""
TEST_DIGITS = 25
"""Test digits of each class for the large network, half of the draw's: every evaluation runs it over all of them."""
BATCH = {LETTERS_TEXTURES: 32, IMAGENET_DIGITS: 16}
"""Images a step. EfficientNet-Lite0 learns as much per step from 16 as from 32 here, at half the price."""
GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""Luma weights of ITU-R BT.601."""
FLOOR = 0.1
"""A feature whose spread is below this share of the largest is scaled as if it had that: noise is not blown up."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """All that chance decides in a replicate; every arm gets the same one."""

    base: transfer.Draw
    """Pretrained start, seeds of network and order; of the rows, only ImageNet-to-digits uses them."""
    train: training.Examples
    test: training.Examples
    network: Callable[[bool], nn.Sequential]
    """Pretrained or not, to the network before training; the new head is the same in both."""
    order: torch.Tensor
    """Rows of `train` in the order of training, (steps, batch)."""


def draw(kind: str, seed: int, replicate: int, labels_per_class: int, steps: int, *, swapped: bool = False) -> Draw:
    """Draw a replicate of the transfer `kind`.

    `swapped` is for tuning: textures train on the right halves and test on the left ones, digits are tested on rows
    that the replicate leaves unused. So no learning rate is chosen on what a run is tested on.
    """
    if kind == IMAGENET_DIGITS:
        base = transfer.draw(seed, replicate, labels_per_class)
        choose = transfer.validation_rows if swapped else transfer.fewer_test_rows
        rows = choose(base, TEST_DIGITS)
        train, test = digits(base.labelled), digits(rows)
    else:
        base = transfer.draw(seed, replicate, 1)
        left, right = ("right", "left") if swapped else ("left", "right")
        # transfer.draw uses the first four streams of this sequence; patches have the next two.
        one, two = (np.random.default_rng(s) for s in np.random.SeedSequence([seed, replicate]).spawn(6)[4:])
        train, test = textures(labels_per_class, one, left), textures(TEST_PATCHES, two, right)
    shuffle = torch.Generator().manual_seed(base.order_seed)
    order = training.shuffled_order(len(train.targets), steps, BATCH[kind], shuffle)
    return Draw(base=base, train=train, test=test, network=_maker(kind, base), order=order)


def _maker(kind: str, base: transfer.Draw) -> Callable[[bool], nn.Sequential]:
    if kind == IMAGENET_DIGITS:
        return lambda pretrained: imagenet.efficientnet_lite0(
            transfer.CLASSES, pretrained=pretrained, seed=base.network_seed
        )
    return lambda pretrained: transfer.network(base, pretrained=pretrained, classes=len(photographs.TEXTURES))


def textures(per_class: int, generator: np.random.Generator, half: str) -> training.Examples:
    """Grey patches of the twelve photographs, (12 * per_class, 1, 28, 28) in 0..1, each at mean 0.5 and sd 0.25.

    Equal contrast takes away the easy answer, how bright a photograph is: what is left to tell apart is texture.
    """
    patches, classes = photographs.texture_patches(per_class, generator, half=half, size=PATCH)
    grey = patches.astype(np.float32) @ GREY / 255
    mean, spread = grey.mean((1, 2), keepdims=True), grey.std((1, 2), keepdims=True)
    even = np.clip(0.5 + 0.25 * (grey - mean) / np.maximum(spread, 1e-3), 0, 1)
    return training.Examples(torch.from_numpy(even[:, None].astype(np.float32)), torch.from_numpy(classes))


def digits(rows: np.ndarray) -> training.Examples:
    """Digits as EfficientNet-Lite0 takes them, (N, 3, 32, 32): two black pixels around, RGB, (x - 127) / 128."""
    images, labels = data.mnist()
    pixels = np.pad((images[rows, 0] * 255).round().astype(np.uint8), ((0, 0), (2, 2), (2, 2)))
    rgb = np.repeat(pixels[..., None], 3, axis=-1)
    return training.Examples(imagenet.to_input(rgb), torch.from_numpy(labels[rows]))


@dataclass(frozen=True)
class Features:
    """What a probe learns from and is tested on: (N, C) each, on the scale of the training features."""

    train: training.Examples
    test: training.Examples


def features(drawn: Draw, kind: str, *, pretrained: bool) -> dict[str, Features]:
    """Features after every block but the head, by block, from the frozen network."""
    network = drawn.network(pretrained).eval()
    train, test = after_blocks(network, drawn.train.inputs), after_blocks(network, drawn.test.inputs)
    return {depth: _scaled(drawn, train[depth], test[depth]) for depth in DEPTHS[kind]}


def pixels(drawn: Draw) -> Features:
    """The raw pixels of one channel as features: what a probe does without any network."""
    train, test = (examples.inputs[:, 0].flatten(1) for examples in (drawn.train, drawn.test))
    return _scaled(drawn, train, test)


def after_blocks(network: nn.Sequential, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    """The output of every block but the head, averaged over positions: (N, C) by block name."""
    names = [name for name, _ in network.named_children()][:-1]
    parts: dict[str, list[torch.Tensor]] = {name: [] for name in names}
    # no_grad rather than inference_mode: probes train on the result, which inference tensors do not allow.
    with torch.no_grad():
        for x in inputs.split(training.EVALUATION_BATCH):
            for name in names:
                x = network.get_submodule(name)(x)
                parts[name].append(x.mean((2, 3)) if x.dim() == 4 else x)
    return {name: torch.cat(part) for name, part in parts.items()}


def _scaled(drawn: Draw, train: torch.Tensor, test: torch.Tensor) -> Features:
    """Both by the mean and standard deviation of the training features: a probe then learns at one rate throughout."""
    mean, spread = train.mean(0), train.std(0)
    spread = spread.clamp_min(max(FLOOR * float(spread.max()), 1e-12))
    return Features(
        training.Examples((train - mean) / spread, drawn.train.targets),
        training.Examples((test - mean) / spread, drawn.test.targets),
    )


def probe(found: Features, seed: int) -> nn.Sequential:
    """A new linear head alone, as a network of one block, to train on features; leaves the global generator alone."""
    classes = int(found.train.targets.max()) + 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(OrderedDict(head=nn.Linear(found.train.inputs.shape[1], classes)))
