# mypy: ignore-errors
# ruff: noqa: F401
"""What the code of this deck takes for granted; run anew before the code of each file."""

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

torch.manual_seed(0)
model = torchvision.models.resnet18(weights=None)  # weights=None: a test must not download
x = torch.randn(2, 3, 64, 64)
