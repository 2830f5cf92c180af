import torch
from torch import nn


def unfreeze_next(blocks: list[nn.Module], optimizer: torch.optim.Optimizer, lr: float) -> bool:
    position = len(blocks) - 1 - len(optimizer.param_groups)  # one group for each block that trains
    if position < 0:
        return False
    blocks[position].requires_grad_(True)
    parameters = list(blocks[position].parameters())
    if parameters:
        optimizer.add_param_group({"params": parameters, "lr": lr})
    return True
