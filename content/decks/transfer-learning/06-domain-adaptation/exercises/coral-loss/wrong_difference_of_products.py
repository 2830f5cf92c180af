from torch import Tensor


def covariance(features: Tensor) -> Tensor:
    n = len(features)
    total = features.sum(0, keepdim=True)
    return (features.T @ features - total.T @ total / n) / (n - 1)


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    difference = covariance(source) - covariance(target)
    return difference.square().sum() / (4 * source.shape[1] ** 2)
