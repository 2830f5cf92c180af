import torch
from torch import Tensor


def interpolate_weights(
    pretrained: dict[str, Tensor], fine_tuned: dict[str, Tensor], alpha: float
) -> dict[str, Tensor]:
    result = {}
    for name, tuned in fine_tuned.items():
        if name not in pretrained:
            continue
        start = pretrained[name]
        if start.shape != tuned.shape:
            raise ValueError(f"{name}: {tuple(start.shape)} and {tuple(tuned.shape)}")
        result[name] = torch.lerp(start, tuned, alpha) if tuned.is_floating_point() else tuned.clone()
    return result
