from torch import Tensor, nn


def load_what_fits(model: nn.Module, checkpoint: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    own = model.state_dict()
    fitting = {name: t for name, t in checkpoint.items() if name in own and t.shape == own[name].shape}
    if not fitting:
        raise ValueError(f"nothing fits: the checkpoint has {list(checkpoint)[:3]}, the model {list(own)[:3]}")
    for name, tensor in fitting.items():
        module = model.get_submodule(name.rpartition(".")[0])
        last = name.rpartition(".")[2]
        is_buffer = last in dict(module.named_buffers(recurse=False))
        setattr(module, last, tensor.clone() if is_buffer else nn.Parameter(tensor.clone()))
    return sorted(checkpoint.keys() - fitting.keys()), sorted(own.keys() - fitting.keys())
