from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    layers = [child for child in model.children() if list(child.parameters())]
    for layer in layers[:k]:
        layer.requires_grad_(False)
