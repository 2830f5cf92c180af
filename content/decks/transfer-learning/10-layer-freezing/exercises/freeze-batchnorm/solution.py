from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm  # the base of BatchNorm1d, 2d, 3d and SyncBatchNorm


def to_eval(module: nn.Module, args: tuple[Any, ...]) -> None:
    module.eval()


def freeze_batchnorm(model: nn.Module) -> None:
    """Keep every BatchNorm in `model` on its running statistics, whatever `train()` is called afterwards."""
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.register_forward_pre_hook(to_eval)
