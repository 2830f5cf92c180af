from torch import nn


def freeze_by_prefix(model: nn.Module, prefixes: list[str]) -> list[str]:
    """Freeze every parameter whose name matches one of `prefixes`; return the names of those parameters."""
    raise NotImplementedError
