from collections import defaultdict
from typing import Any

from torch import nn


def discriminative_groups(model: nn.Module, blocks: list[str], base_lr: float, decay: float) -> list[dict[str, Any]]:
    """Parameter groups for an optimiser: every trainable parameter once, with the rate of its block."""
    depth_of = {}
    for depth, name in enumerate(reversed(blocks)):
        for parameter in model.get_submodule(name).parameters():
            depth_of[parameter] = depth  # a shared parameter ends with the earlier block, which comes later here

    members = defaultdict(list)
    for parameter in model.parameters():  # yields a shared parameter once
        if parameter.requires_grad:
            members[depth_of.get(parameter, len(blocks) - 1)].append(parameter)
    return [{"params": parameters, "lr": base_lr * decay**depth} for depth, parameters in members.items()]
