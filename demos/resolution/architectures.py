"""What torchvision's networks do at 224 and 512 px, and what a real one says of a photograph at several sizes.

Shapes and operations come from torch's meta device: nothing is initialised or computed, 138 M parameters cost nothing.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from demos import imagenet, photographs
from demos.resolution.lab import Guess, Shapes

LAYERS = {
    "resnet18": ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc"),
    "vgg16": ("features.4", "features.9", "features.16", "features.23", "features.30", "avgpool", "classifier"),
    "vit_b_16": ("conv_proj", "encoder.dropout", "encoder.layers", "encoder.ln", "heads"),
}
"""Layers whose outputs tell the story. VGG's numbers are its five poolings; `encoder.dropout` is what follows the
addition of positions, so its output is the tokens."""

SMALL, LARGE = 224, 512
PHOTOGRAPH_SIZES = (96, 160, 224, 320, 512)


def shapes() -> list[Shapes]:
    """The three networks at both sizes; about 0.4 s, and torchvision's import (1.3 s) the first time."""
    return [_shapes(name, layers) for name, layers in LAYERS.items()]


def _shapes(name: str, layers: tuple[str, ...]) -> Shapes:
    from torchvision import models

    with torch.device("meta"):
        network = getattr(models, name)(weights=None).eval()
    small, gflops_small = traced(network, layers, SMALL)
    refuses = ""
    try:
        large, gflops_large = traced(network, layers, LARGE)
    except AssertionError as error:
        refuses = f"AssertionError: {error}"
        with torch.device("meta"):
            rebuilt = getattr(models, name)(weights=None, image_size=LARGE).eval()
        large, gflops_large = traced(rebuilt, layers, LARGE)
    return Shapes(
        network=name, layers=list(layers), at_224=small, at_512=large, refuses=refuses,
        parameters=sum(p.numel() for p in network.parameters()), gflops_224=gflops_small, gflops_512=gflops_large,
    )  # fmt: skip


def traced(network: nn.Module, layers: tuple[str, ...], size: int) -> tuple[list[str], float]:
    """Output shapes of the layers for one image, without the batch dimension, and 10^9 operations of the whole pass."""
    from torch.utils.flop_counter import FlopCounterMode

    found: dict[str, str] = {}

    def keep(layer: str) -> RemovableHandle:
        def hook(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
            found[layer] = " x ".join(str(length) for length in output.shape[1:])

        return network.get_submodule(layer).register_forward_hook(hook)

    handles = [keep(layer) for layer in layers]
    try:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.empty(1, 3, size, size, device="meta"))
    finally:
        for handle in handles:
            handle.remove()
    return [found[layer] for layer in layers], round(counter.get_total_flops() / 1e9, 2)


def guesses(pixels: np.ndarray) -> list[Guess]:
    """Top-1 of EfficientNet-Lite0 on the middle square of a photograph (H, W, 3), resized to each size."""
    network = imagenet.efficientnet_lite0()
    return [guess(network, imagenet.to_input(photographs.resized(pixels, size)[None])) for size in PHOTOGRAPH_SIZES]


def guess(network: nn.Module, image: torch.Tensor) -> Guess:
    """The network's first choice for one image (1, 3, S, S)."""
    started = time.perf_counter()
    with torch.inference_mode():
        share, place = network(image).softmax(1)[0].max(0)
    elapsed = (time.perf_counter() - started) * 1e3
    name = imagenet.class_names()[int(place)]
    return Guess(size=image.shape[-1], name=name, share=round(float(share), 3), ms=round(elapsed, 1))
