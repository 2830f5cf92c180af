from torch import nn


def freeze_by_prefix(model: nn.Module, prefixes: list[str]) -> list[str]:
    children = dict(model.named_children())
    for prefix in prefixes:
        if prefix not in children:
            raise ValueError(f"no parameter matches {prefix!r}")
    frozen = []
    for child_name, child in children.items():
        if child_name in prefixes:
            child.requires_grad_(False)
            frozen += [f"{child_name}.{name}" for name, _ in child.named_parameters()]
    return frozen
