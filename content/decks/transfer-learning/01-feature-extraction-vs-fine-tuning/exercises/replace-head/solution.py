from typing import Any

from torch import nn


def replace_head(model: nn.Module, n_classes: int) -> nn.Linear:
    """Put a new Linear layer with `n_classes` outputs in the place of the last one of the head, and return it."""
    name, head = list(model.named_children())[-1]
    old: Any = head[-1] if isinstance(head, nn.Sequential) else head
    has_bias = old.bias is not None
    new = nn.Linear(old.in_features, n_classes, bias=has_bias, device=old.weight.device, dtype=old.weight.dtype)
    if isinstance(head, nn.Sequential):
        head[-1] = new
    else:
        setattr(model, name, new)
    return new
