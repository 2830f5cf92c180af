import torch
from torch import nn


def unfreeze_next(blocks: list[nn.Module], optimizer: torch.optim.Optimizer, lr: float) -> bool:
    """Unfreeze the last block that has a frozen parameter and add it to the optimiser; False if there is none."""
    held = {parameter for group in optimizer.param_groups for parameter in group["params"]}
    for block in reversed(blocks):
        if all(parameter.requires_grad for parameter in block.parameters()):
            continue  # also a block without parameters
        block.requires_grad_(True)
        new = [parameter for parameter in block.parameters() if parameter not in held]
        if new:
            optimizer.add_param_group({"params": new, "lr": lr})
        return True
    return False
