from torch import nn


def freeze_by_prefix(model: nn.Module, prefixes: list[str]) -> list[str]:
    parameters = dict(model.named_parameters())
    frozen = []
    for prefix in prefixes:
        names = [name for name in parameters if name == prefix or name.startswith(prefix + ".")]
        if not names:
            raise ValueError(f"no parameter matches {prefix!r}")
        frozen += names
    for name in frozen:
        parameters[name].requires_grad = False
    return frozen
