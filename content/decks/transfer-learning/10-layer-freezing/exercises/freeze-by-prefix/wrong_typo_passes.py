from torch import nn


def freeze_by_prefix(model: nn.Module, prefixes: list[str]) -> list[str]:
    frozen = []
    for name, parameter in model.named_parameters():
        if any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes):
            parameter.requires_grad = False
            frozen.append(name)
    return frozen
