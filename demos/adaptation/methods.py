"""The network, the two targets and the adaptation methods of this lab: AdaBN, Deep CORAL and DANN.

Both alignment losses run source and target through the network in batches of their own, so that BatchNorm normalises
each domain by itself; on the target, such a network is judged with the target's statistics (`with_statistics_of`).
With both in one batch DANN gained 0.2 points on MNIST, apart 3.7 (strength 0.1, constant rate, three tuning draws). No
target label comes in here.
"""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from demos import data, training

FEATURES = 64
"""Width of the features before the head, d in the CORAL loss."""

RAMP_STEEPNESS = 10.0
"""Gamma of the DANN paper's ramp (Ganin et al. 2016, section 5.2.2)."""


# --- the network ------------------------------------------------------------------------------------------------------


class BatchNormCNN(nn.Sequential):
    """Three convolution blocks and a linear layer with BatchNorm, for (B, 1, 28, 28) images; 47,930 parameters.

    | block   | does                              | output          | parameters |
    |---------|-----------------------------------|-----------------|------------|
    | stem    | 5x5 convolution to 16, stride 2   | (B, 16, 14, 14) | 432        |
    | stage1  | 3x3 convolution to 32, stride 2   | (B, 32, 7, 7)   | 4,672      |
    | stage2  | 3x3 convolution to 32, stride 2   | (B, 512)        | 9,280      |
    | feature | linear to 64                      | (B, 64)         | 32,896     |
    | head    | linear                            | (B, classes)    | 650        |

    Every layer but the head is followed by BatchNorm and ReLU: AdaBN needs running statistics to swap. A third of the
    multiplications of `demos.models.SmallCNN`, as two of the arms run two streams through it.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__(
            OrderedDict(
                stem=nn.Sequential(*_convolution(1, 16, size=5)),
                stage1=nn.Sequential(*_convolution(16, 32)),
                stage2=nn.Sequential(*_convolution(32, 32), nn.Flatten()),
                feature=nn.Sequential(
                    nn.Linear(32 * 4 * 4, FEATURES, bias=False), nn.BatchNorm1d(FEATURES), nn.ReLU(inplace=True)
                ),
                head=nn.Linear(FEATURES, classes),
            )
        )
        # A step of 32 images takes 0.8 of the time (a processor of 2017); the same values up to rounding.
        self.to(memory_format=torch.channels_last)


def _convolution(inputs: int, outputs: int, *, size: int = 3) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, size, stride=2, padding=size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


def seeded(make: Callable[[], Any], seed: int) -> Any:
    """`make()` with torch's default initialisation from this seed; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def features(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What the head sees of the images: (B, 1, 28, 28) to (B, 64)."""
    for name, block in network.named_children():
        if name != "head":
            images = block(images)
    return images


# --- the targets ------------------------------------------------------------------------------------------------------


@cache
def uci_digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 handwritten digits of UCI's test set, from scikit-learn: 8 x 8 grey levels, enlarged to MNIST's frame.

    Returns:
        images (1797, 1, 28, 28) float32 in 0..1 (bilinear to 20 x 20, as tall as MNIST's digits, then 4 pixels of
        black around) and labels (1797,) int64; both read-only, as they are shared.
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    small = torch.from_numpy(pixels.astype(np.float32) / 16.0).view(-1, 1, 8, 8)
    images = F.pad(F.interpolate(small, size=(20, 20), mode="bilinear", align_corners=False), (4, 4, 4, 4)).numpy()
    labels = labels.astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return images, labels


def target_digits(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 1, 28, 28) and labels (N,) of the target: `mnist` or `uci`."""
    return {"mnist": data.mnist, "uci": uci_digits}[name]()


# --- AdaBN ------------------------------------------------------------------------------------------------------------


def with_statistics_of(network: nn.Sequential, images: torch.Tensor) -> nn.Sequential:
    """A copy whose BatchNorm statistics are those of `images`; no weight changes (AdaBN, Li et al. 2017).

    Means and variances are plain averages over batches of `training.EVALUATION_BATCH`, each batch normalised by its own
    on the way to the next layer. The images should come in random order: batches of one class would be no sample.
    """
    swapped = copy.deepcopy(network)
    for module in swapped.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.reset_running_stats()
            module.momentum = None  # an average over all batches, instead of a moving one
    swapped.train()
    with torch.no_grad():
        for part in images.split(training.EVALUATION_BATCH):
            features(swapped, part)
    return swapped.eval()


# --- Deep CORAL -------------------------------------------------------------------------------------------------------


def coral(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """||C_S - C_T||_F^2 / (4 d^2) between the covariances of two batches of features, (n, d) and (m, d).

    Sun & Saenko 2016, arXiv 1607.01719, equation 1. `torch.cov` divides by n - 1, as their equations 2 and 3 do.
    """
    width = source.shape[1]
    return (source.T.cov() - target.T.cov()).square().sum() / (4 * width**2)


# --- DANN -------------------------------------------------------------------------------------------------------------


class _Reverse(torch.autograd.Function):
    """The identity forwards; backwards the gradient times `-strength`."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, strength: float) -> torch.Tensor:
        ctx.strength = strength
        return inputs.view_as(inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse_gradient(inputs: torch.Tensor, strength: float) -> torch.Tensor:
    """The inputs, unchanged; their gradient is reversed and scaled (Ganin et al. 2016, arXiv 1505.07818)."""
    return _Reverse.apply(inputs, strength)


def ramp(progress: float) -> float:
    """DANN's factor on the strength, from 0 towards 1 as `progress` goes from 0 to 1: 2 / (1 + exp(-10 p)) - 1."""
    return 2 / (1 + math.exp(-RAMP_STEEPNESS * progress)) - 1


def domain_classifier() -> nn.Sequential:
    """Tells source (logit below 0) from target (above) by features (B, 64); one hidden layer."""
    return nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(inplace=True), nn.Linear(64, 1))


# --- the losses of the two-stream arms --------------------------------------------------------------------------------

Alignment = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]
"""(source features, target features, share of the steps done) to a scalar."""


@dataclass
class TwoStreams:
    """Cross-entropy on the labelled source plus an alignment term on both domains: a `training.Loss`.

    `images` (N, 1, 28, 28) are the target's, without labels; `order` (steps, batch) holds the rows of each step.
    """

    align: Alignment
    images: torch.Tensor
    order: torch.Tensor
    step: int = 0

    def __call__(self, network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        source = features(network, inputs)
        target = features(network, self.images[self.order[self.step]])
        alignment = self.align(source, target, self.step / len(self.order))
        self.step += 1
        return F.cross_entropy(network.get_submodule("head")(source), targets) + alignment


def coral_alignment(weight: float) -> Alignment:
    """CORAL, times its weight."""
    return lambda source, target, _: weight * coral(source, target)


def dann_alignment(classifier: nn.Module, strength: float, ramped: bool) -> Alignment:
    """The domain classifier's loss; only what flows back into the features is reversed and scaled by `strength`."""

    def align(source: torch.Tensor, target: torch.Tensor, progress: float) -> torch.Tensor:
        reversal = strength * ramp(progress) if ramped else strength
        logits = classifier(reverse_gradient(torch.cat([source, target]), reversal)).squeeze(1)
        domains = torch.cat([torch.zeros(len(source)), torch.ones(len(target))])
        return F.binary_cross_entropy_with_logits(logits, domains)

    return align
