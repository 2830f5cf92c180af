from torch import Tensor


def reverse_gradient(features: Tensor, strength: float) -> Tensor:
    features.register_hook(lambda gradient: -strength * gradient)
    return features
