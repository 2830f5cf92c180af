from typing import Any

import torch
from torch import Tensor


class Reverse(torch.autograd.Function):
    strength = 1.0

    @staticmethod
    def forward(ctx: Any, features: Tensor, strength: float) -> Tensor:
        Reverse.strength = strength
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return -Reverse.strength * gradient, None


def reverse_gradient(features: Tensor, strength: float) -> Tensor:
    return Reverse.apply(features, strength)
