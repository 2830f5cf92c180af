from torch import Tensor, nn


def load_what_fits(model: nn.Module, checkpoint: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    own = model.state_dict()
    fitting = {name: t for name, t in checkpoint.items() if name in own and t.shape == own[name].shape}
    model.load_state_dict(fitting, strict=False)
    return sorted(checkpoint.keys() - fitting.keys()), sorted(own.keys() - fitting.keys())
