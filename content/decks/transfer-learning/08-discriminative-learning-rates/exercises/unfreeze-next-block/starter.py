import torch
from torch import nn


def unfreeze_next(blocks: list[nn.Module], optimizer: torch.optim.Optimizer, lr: float) -> bool:
    """Unfreeze the last block that has a frozen parameter and add it to the optimiser; False if there is none."""
    raise NotImplementedError
