from torch import nn


def freeze_by_prefix(model: nn.Module, prefixes: list[str]) -> list[str]:
    parameters = dict(model.named_parameters())
    wanted = set()
    for prefix in prefixes:
        names = [name for name in parameters if name == prefix or name.startswith(prefix + ".")]
        if not names:
            raise ValueError(f"no parameter matches {prefix!r}")
        for name in names:
            parameters[name].requires_grad = False
        wanted.update(names)
    return [name for name in parameters if name in wanted]
