from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    children = list(model.children())
    for index in range(k):
        children[index].requires_grad_(False)
