import torch
from torch import nn


def unfreeze_next(blocks: list[nn.Module], optimizer: torch.optim.Optimizer, lr: float) -> bool:
    for block in reversed(blocks):
        if not all(parameter.requires_grad for parameter in block.parameters()):
            block.requires_grad_(True)
            optimizer.add_param_group({"params": list(block.parameters()), "lr": lr})
            return True
    return False
