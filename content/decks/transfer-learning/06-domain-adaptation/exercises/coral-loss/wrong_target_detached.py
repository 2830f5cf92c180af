import torch
from torch import Tensor


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    difference = torch.cov(source.T) - torch.cov(target.T).detach()
    return difference.square().sum() / (4 * source.shape[1] ** 2)
