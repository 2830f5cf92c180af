"""Small real objects to count and to measure, made without the global random generator, and how they are shown."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn

from study.drawn import Number, Tolerance, number_text

ONE_PERCENT = Tolerance("relative", 0.01)


def on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    """Shapes and dtypes only: nothing is stored, drawn or computed."""
    with torch.device("meta"):
        return build()


def filled(build: Callable[[], nn.Module], rng: random.Random) -> nn.Module:
    """On the CPU, with parameters drawn evenly from [-1, 1) by a local generator, and buffers as torch starts them."""
    module = on_meta(build).to_empty(device="cpu")
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(uniform(rng, *parameter.shape))
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._NormBase):
            part.reset_running_stats()
    return module


def uniform(rng: random.Random, *shape: int) -> Tensor:
    """Values from [-1, 1), float32, by a local generator."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(rng.getrandbits(60))) * 2 - 1


def count(module: nn.Module, trainable_only: bool = False) -> int:
    """Number of parameter values, as torch has them; buffers are none."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad or not trainable_only)


def code(text: object) -> str:
    """A Markdown block of Python; also for `print(model)`."""
    return f"```python\n{str(text).strip()}\n```"


def show(value: Number) -> str:
    """Short for `number_text`."""
    return number_text(value)


def total(terms: list[int]) -> str:
    """The terms of a sum: "1,000 + 10 = ", or nothing if there is only one."""
    return f"{' + '.join(map(number_text, terms))} = " if len(terms) > 1 else ""
