from typing import Any

from torch import nn


def to_eval(module: nn.Module, args: tuple[Any, ...]) -> None:
    module.eval()


def freeze_batchnorm(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_pre_hook(to_eval)
