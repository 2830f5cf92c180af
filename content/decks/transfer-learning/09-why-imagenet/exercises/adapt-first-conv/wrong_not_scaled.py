import copy

from torch import nn


def adapt_first_conv(conv: nn.Conv2d, channels: int) -> nn.Conv2d:
    repeated = [j % 3 for j in range(channels)]
    weight = conv.weight.sum(dim=1, keepdim=True) if channels == 1 else conv.weight[:, repeated]
    new = copy.deepcopy(conv)
    new.in_channels = channels
    new.weight = nn.Parameter(weight.detach())
    return new
