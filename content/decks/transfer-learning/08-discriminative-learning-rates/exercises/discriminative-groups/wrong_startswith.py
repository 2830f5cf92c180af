from typing import Any

from torch import nn


def discriminative_groups(model: nn.Module, blocks: list[str], base_lr: float, decay: float) -> list[dict[str, Any]]:
    last = len(blocks) - 1
    groups: list[dict[str, Any]] = [{"params": [], "lr": base_lr * decay ** (last - i)} for i in range(last + 1)]
    for parameter_name, parameter in model.named_parameters():
        matching = [index for index, block in enumerate(blocks) if parameter_name.startswith(block)]
        if parameter.requires_grad:
            groups[matching[0] if matching else 0]["params"].append(parameter)
    return groups
