from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def to_eval(module: nn.Module, args: tuple[Any, ...]) -> None:
    module.eval()


def freeze_batchnorm(model: nn.Module) -> None:
    for module in model.children():
        if isinstance(module, _BatchNorm):
            module.register_forward_pre_hook(to_eval)
