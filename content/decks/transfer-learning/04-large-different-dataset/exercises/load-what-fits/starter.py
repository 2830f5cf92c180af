from torch import Tensor, nn


def load_what_fits(model: nn.Module, checkpoint: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    """Copy into `model` what fits. Names of the checkpoint that were not loaded, of the model that got nothing; sorted.

    Raises ValueError if nothing fits.
    """
    result = model.load_state_dict(checkpoint, strict=False)
    return sorted(result.unexpected_keys), sorted(result.missing_keys)
