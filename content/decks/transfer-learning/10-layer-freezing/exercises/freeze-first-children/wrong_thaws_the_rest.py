from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    for index, child in enumerate(model.children()):
        for parameter in child.parameters():
            parameter.requires_grad = index >= k
