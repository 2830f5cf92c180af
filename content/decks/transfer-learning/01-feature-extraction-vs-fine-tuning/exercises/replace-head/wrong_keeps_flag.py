from typing import Any

from torch import nn


def replace_head(model: nn.Module, n_classes: int) -> nn.Linear:
    name, head = list(model.named_children())[-1]
    old: Any = head[-1] if isinstance(head, nn.Sequential) else head
    new = nn.Linear(old.in_features, n_classes, bias=old.bias is not None, dtype=old.weight.dtype)
    new.requires_grad_(old.weight.requires_grad)
    if isinstance(head, nn.Sequential):
        head[-1] = new
    else:
        setattr(model, name, new)
    return new
