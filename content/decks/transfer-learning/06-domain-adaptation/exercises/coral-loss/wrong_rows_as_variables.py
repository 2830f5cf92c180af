import torch
from torch import Tensor


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    difference = torch.cov(source) - torch.cov(target)
    return difference.square().sum() / (4 * source.shape[1] ** 2)
