import types

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def stay(self: nn.Module, mode: bool = True) -> nn.Module:
    return self


def freeze_batchnorm(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.train = types.MethodType(stay, module)  # type: ignore[method-assign]  # on this instance only
