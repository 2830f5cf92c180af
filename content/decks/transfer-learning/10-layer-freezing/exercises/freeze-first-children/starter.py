from torch import nn


def freeze_first(model: nn.Module, k: int) -> None:
    """Stop the training of every parameter of the first `k` children of `model`."""
    raise NotImplementedError
