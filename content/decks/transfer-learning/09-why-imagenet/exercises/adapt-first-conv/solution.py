import copy

from torch import nn


def adapt_first_conv(conv: nn.Conv2d, channels: int) -> nn.Conv2d:
    """A convolution for `channels` inputs, 1 or at least 3, with the pretrained filters of `conv`, which takes 3."""
    if channels == 1:
        weight = conv.weight.sum(dim=1, keepdim=True)
    else:
        weight = conv.weight[:, [j % 3 for j in range(channels)]] * 3 / channels
    new = copy.deepcopy(conv)
    new.in_channels = channels
    new.weight = nn.Parameter(weight.detach())
    return new
