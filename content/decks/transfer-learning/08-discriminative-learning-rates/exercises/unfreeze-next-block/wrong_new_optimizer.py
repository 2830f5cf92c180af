import torch
from torch import nn


def unfreeze_next(blocks: list[nn.Module], optimizer: torch.optim.Optimizer, lr: float) -> bool:
    for block in reversed(blocks):
        if not all(parameter.requires_grad for parameter in block.parameters()):
            block.requires_grad_(True)
            trainable = [p for block in blocks for p in block.parameters() if p.requires_grad]
            optimizer = torch.optim.SGD(trainable, lr=lr, momentum=0.9)
            optimizer.zero_grad()
            return True
    return False
