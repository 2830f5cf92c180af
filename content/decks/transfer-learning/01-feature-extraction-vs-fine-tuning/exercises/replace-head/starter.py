from torch import nn


def replace_head(model: nn.Module, n_classes: int) -> nn.Linear:
    """Put a new Linear layer with `n_classes` outputs in the place of the last one of the head, and return it."""
    raise NotImplementedError
