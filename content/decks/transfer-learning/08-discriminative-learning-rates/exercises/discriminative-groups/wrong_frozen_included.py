from typing import Any

from torch import nn


def discriminative_groups(model: nn.Module, blocks: list[str], base_lr: float, decay: float) -> list[dict[str, Any]]:
    owned: set[nn.Parameter] = set()
    groups: list[dict[str, Any]] = []
    for index, name in enumerate(blocks):
        new = [p for p in model.get_submodule(name).parameters() if p not in owned]
        owned.update(new)
        groups.append({"params": new, "lr": base_lr * decay ** (len(blocks) - 1 - index)})
    groups[0]["params"] += [p for p in model.parameters() if p not in owned]
    return groups
