from typing import Any

import torch
from torch import nn


def replace_head(model: nn.Module, n_classes: int) -> nn.Linear:
    head: Any = list(model.children())[-1]
    old: Any = head[-1] if isinstance(head, nn.Sequential) else head
    old.out_features = n_classes
    with torch.no_grad():
        old.weight = nn.Parameter(old.weight[:n_classes].clone())
        if old.bias is not None:
            old.bias = nn.Parameter(old.bias[:n_classes].clone())
    return old
