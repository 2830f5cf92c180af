from torch import nn


def adapt_first_conv(conv: nn.Conv2d, channels: int) -> nn.Conv2d:
    new = nn.Conv2d(
        channels,
        conv.out_channels,
        kernel_size=conv.kernel_size[0],
        stride=conv.stride[0],
        padding=conv.padding[0],
        dilation=conv.dilation[0],
        bias=conv.bias is not None,
    )
    if channels == 1:
        weight = conv.weight.sum(dim=1, keepdim=True)
    else:
        weight = conv.weight[:, [j % 3 for j in range(channels)]] * 3 / channels
    new.weight.data.copy_(weight)
    if conv.bias is not None and new.bias is not None:
        new.bias.data.copy_(conv.bias)
    return new
