from typing import Any

from torch import nn


def discriminative_groups(model: nn.Module, blocks: list[str], base_lr: float, decay: float) -> list[dict[str, Any]]:
    owned: set[nn.Parameter] = set()
    lists = []
    for name in blocks:
        new = [p for p in model.get_submodule(name).parameters() if p.requires_grad and p not in owned]
        owned.update(new)
        if new:
            lists.append(new)
    lists[0] += [p for p in model.parameters() if p.requires_grad and p not in owned]
    return [{"params": new, "lr": base_lr * decay**depth} for depth, new in enumerate(reversed(lists))]
