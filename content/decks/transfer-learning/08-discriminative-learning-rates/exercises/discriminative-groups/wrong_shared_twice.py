from typing import Any

from torch import nn


def discriminative_groups(model: nn.Module, blocks: list[str], base_lr: float, decay: float) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    for index, name in enumerate(blocks):
        parameters = [p for p in model.get_submodule(name).parameters() if p.requires_grad]
        groups.append({"params": parameters, "lr": base_lr * decay ** (len(blocks) - 1 - index)})
    own = [p for name, p in model.named_parameters() if not name.startswith(tuple(f"{block}." for block in blocks))]
    groups[0]["params"] += [p for p in own if p.requires_grad]
    return groups
