from torch import Tensor


def reverse_gradient(features: Tensor, strength: float) -> Tensor:
    return -strength * features
