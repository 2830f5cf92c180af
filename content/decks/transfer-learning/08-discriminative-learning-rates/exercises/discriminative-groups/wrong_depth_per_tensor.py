from typing import Any

from torch import nn


def discriminative_groups(model: nn.Module, blocks: list[str], base_lr: float, decay: float) -> list[dict[str, Any]]:
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = []
    for depth, (_, parameter) in enumerate(reversed(named)):
        groups.append({"params": [parameter], "lr": base_lr * decay**depth})
    return groups
