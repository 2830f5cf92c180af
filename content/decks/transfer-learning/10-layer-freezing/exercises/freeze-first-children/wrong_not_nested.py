from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    for child in list(model.children())[:k]:
        for parameter in child.parameters(recurse=False):
            parameter.requires_grad = False
