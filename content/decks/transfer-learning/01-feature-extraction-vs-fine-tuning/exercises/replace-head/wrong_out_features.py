from typing import Any

from torch import nn


def replace_head(model: nn.Module, n_classes: int) -> nn.Linear:
    head: Any = list(model.children())[-1]
    old: Any = head[-1] if isinstance(head, nn.Sequential) else head
    old.out_features = n_classes
    old.reset_parameters()
    old.requires_grad_(True)
    return old
