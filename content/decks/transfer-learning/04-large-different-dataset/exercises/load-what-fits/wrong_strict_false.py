from torch import Tensor, nn


def load_what_fits(model: nn.Module, checkpoint: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    result = model.load_state_dict(checkpoint, strict=False)
    if len(result.unexpected_keys) == len(checkpoint):
        raise ValueError("nothing fits")
    return sorted(result.unexpected_keys), sorted(result.missing_keys)
