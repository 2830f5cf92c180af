from torch import nn


def freeze_by_prefix(model: nn.Module, prefixes: list[str]) -> list[str]:
    """Freeze every parameter whose name matches one of `prefixes`; return the names of those parameters."""
    parameters = dict(model.named_parameters())
    matched = {prefix: [name for name in parameters if f"{name}.".startswith(f"{prefix}.")] for prefix in prefixes}
    for prefix, names in matched.items():
        if not names:
            raise ValueError(f"no parameter matches {prefix!r}")

    wanted = {name for names in matched.values() for name in names}
    for name in wanted:
        parameters[name].requires_grad_(False)
    return [name for name in parameters if name in wanted]
