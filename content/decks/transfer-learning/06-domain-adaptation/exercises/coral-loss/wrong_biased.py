import torch
from torch import Tensor


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    difference = torch.cov(source.T, correction=0) - torch.cov(target.T, correction=0)
    return difference.square().sum() / (4 * source.shape[1] ** 2)
