import torch
from torch import Tensor


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    difference = torch.cov(source.T) - torch.cov(target.T)
    return difference.square().sum().sqrt() / (4 * source.shape[1] ** 2)
