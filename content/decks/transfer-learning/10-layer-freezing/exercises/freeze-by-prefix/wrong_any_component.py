from torch import nn


def freeze_by_prefix(model: nn.Module, prefixes: list[str]) -> list[str]:
    for prefix in prefixes:
        if not any(f".{prefix}." in f".{name}." for name, _ in model.named_parameters()):
            raise ValueError(f"no parameter matches {prefix!r}")
    frozen = []
    for name, parameter in model.named_parameters():
        if any(f".{prefix}." in f".{name}." for prefix in prefixes):
            parameter.requires_grad = False
            frozen.append(name)
    return frozen
