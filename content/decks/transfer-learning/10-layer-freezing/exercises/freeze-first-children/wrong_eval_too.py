from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    for child in list(model.children())[:k]:
        child.requires_grad_(False)
        child.eval()
