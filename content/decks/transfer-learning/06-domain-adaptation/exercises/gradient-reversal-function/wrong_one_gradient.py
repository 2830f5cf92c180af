from typing import Any

import torch
from torch import Tensor


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return -ctx.strength * gradient


def reverse_gradient(features: Tensor, strength: float) -> Tensor:
    return Reverse.apply(features, strength)
