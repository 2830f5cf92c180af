import torch
from torch import nn


def unfreeze_next(blocks: list[nn.Module], optimizer: torch.optim.Optimizer, lr: float) -> bool:
    for block in reversed(blocks):
        frozen = [parameter for parameter in block.parameters() if not parameter.requires_grad]
        if frozen:
            for parameter in frozen:
                parameter.requires_grad = True
            return True
    return False
