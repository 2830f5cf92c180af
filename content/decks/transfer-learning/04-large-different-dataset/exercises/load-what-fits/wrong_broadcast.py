from torch import Tensor, nn


def load_what_fits(model: nn.Module, checkpoint: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    own = model.state_dict()
    fitting = {}
    for name, tensor in checkpoint.items():
        try:
            own[name].copy_(tensor)
        except (KeyError, RuntimeError):
            continue
        fitting[name] = tensor
    if not fitting:
        raise ValueError(f"nothing fits: the checkpoint has {list(checkpoint)[:3]}, the model {list(own)[:3]}")
    return sorted(checkpoint.keys() - fitting.keys()), sorted(own.keys() - fitting.keys())
