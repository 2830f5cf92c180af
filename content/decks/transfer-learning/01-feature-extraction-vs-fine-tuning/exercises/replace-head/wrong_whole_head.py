from typing import Any

from torch import nn


def replace_head(model: nn.Module, n_classes: int) -> nn.Linear:
    name, head = list(model.named_children())[-1]
    first: Any = head[0] if isinstance(head, nn.Sequential) else head
    old: Any = head[-1] if isinstance(head, nn.Sequential) else head
    new = nn.Linear(first.in_features, n_classes, bias=old.bias is not None, dtype=old.weight.dtype)
    setattr(model, name, new)
    return new
