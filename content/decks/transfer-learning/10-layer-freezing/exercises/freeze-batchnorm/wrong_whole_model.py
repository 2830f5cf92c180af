from torch import nn


def freeze_batchnorm(model: nn.Module) -> None:
    def stay(mode: bool = True) -> nn.Module:
        return model

    model.eval()
    model.train = stay  # type: ignore[method-assign]  # on this instance only
