"""The small networks of the labs, each an `nn.Sequential` of named blocks, so that a strategy is a row of rates."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn


class SmallCNN(nn.Sequential):
    """Four convolution blocks and a linear head for (B, 1, 28, 28) images; 61,306 parameters with 10 classes.

    | block  | does                                                              | output          | parameters |
    |--------|-------------------------------------------------------------------|-----------------|------------|
    | stem   | 5x5 convolution to 16 channels, stride 2                          | (B, 16, 14, 14) | 432        |
    | stage1 | 3x3 convolution to 32, stride 2                                   | (B, 32, 7, 7)   | 4,672      |
    | stage2 | 3x3 convolution to 64                                             | (B, 64, 7, 7)   | 18,560     |
    | stage3 | 3x3 convolution to 64, stride 2, global average pooling           | (B, 64)         | 36,992     |
    | head   | linear                                                            | (B, classes)    | 65 a class |

    Each convolution is followed by GroupNorm (4 groups; Wu & He 2018, arXiv 1803.08494) and ReLU. GroupNorm has no
    running statistics: a frozen block is frozen whatever its mode, and a batch of 10 is as good as one of 100.
    Strides instead of pooling keep it at 1.8 M multiplications an image.

    `nn.Sequential` would rebuild a slice through this class; take blocks by name, as `training.split` does.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(
            OrderedDict(
                stem=nn.Sequential(*_convolution(1, 16, size=5, stride=2)),
                stage1=nn.Sequential(*_convolution(16, 32, stride=2)),
                stage2=nn.Sequential(*_convolution(32, 64)),
                stage3=nn.Sequential(*_convolution(64, 64, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
                head=nn.Linear(64, classes),
            )
        )


def _convolution(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False),
        nn.GroupNorm(4, outputs),
        nn.ReLU(inplace=True),
    ]


def small_cnn(classes: int, seed: int) -> SmallCNN:
    """A freshly initialised network (torch's default initialisation); the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SmallCNN(classes)
