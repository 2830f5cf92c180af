from typing import Any

from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    children: list[Any] = list(model.children())
    for child in children[:k]:
        child.requires_grad = False
