from torch import Tensor, nn


def load_what_fits(model: nn.Module, checkpoint: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    """Copy into `model` what fits. Names of the checkpoint that were not loaded, of the model that got nothing; sorted.

    Raises ValueError if nothing fits.
    """
    own = model.state_dict()
    fitting = {name: t for name, t in checkpoint.items() if name in own and t.shape == own[name].shape}
    if not fitting:
        raise ValueError(f"nothing fits: the checkpoint has {list(checkpoint)[:3]}, the model {list(own)[:3]}")
    model.load_state_dict(fitting, strict=False)
    return sorted(checkpoint.keys() - fitting.keys()), sorted(own.keys() - fitting.keys())
