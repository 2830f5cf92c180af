import torch
from torch import nn


def unfreeze_next(blocks: list[nn.Module], optimizer: torch.optim.Optimizer, lr: float) -> bool:
    held = {parameter for group in optimizer.param_groups for parameter in group["params"]}
    for block in reversed(blocks):
        if not all(parameter.requires_grad for parameter in block.parameters()):
            block.requires_grad_(True)
            new = [parameter for parameter in block.parameters() if parameter not in held]
            if new:
                optimizer.add_param_group({"params": new, "lr": lr})
            optimizer.state.clear()  # a fresh start for the larger network
            return True
    return False
