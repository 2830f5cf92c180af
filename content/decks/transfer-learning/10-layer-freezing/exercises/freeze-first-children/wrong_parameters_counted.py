from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    for index, parameter in enumerate(model.parameters()):
        if index < k:
            parameter.requires_grad = False
