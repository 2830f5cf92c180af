from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    for module in list(model.modules())[:k]:
        for parameter in module.parameters():
            parameter.requires_grad = False
