import torch
from torch import Tensor


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    """Squared Frobenius distance of the feature covariances of `source` (n_s, d) and `target` (n_t, d), over 4 d^2."""
    difference = torch.cov(source.T) - torch.cov(target.T)
    return difference.square().sum() / (4 * source.shape[1] ** 2)
