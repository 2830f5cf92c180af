from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batchnorm(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.momentum = 0.0
