"""What an exercise's `checks.py` is written with. It runs outside the sandbox and alone decides.

`checks.py` defines two functions:

    def cases(generator: torch.Generator) -> list[Case]     fresh inputs, drawn anew for every run
    def check(case: Case, got: Plain) -> None               raises Mismatch if what came back is not right

`drive.py` runs inside, beside the learner's code, and defines one:

    def drive(submission: types.ModuleType, given: dict[str, Plain]) -> Plain

It builds what the case describes, calls the learner's function and reports *what happened* as plain data: numbers,
texts, lists, dicts and tensors. It holds no expected value: whatever a submission does to it, only numbers that a right
solution produces for inputs that nobody knew before pass. So ask for behaviour (the weights after three real steps),
rather than for flags that are easily claimed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

Plain = Any
"""None, bool, int, float, str, torch.Tensor (bool, integer or floating, on the CPU), and lists and dicts of those."""


@dataclass(frozen=True)
class Case:
    """One test. `name` reads as a sentence ("k = 0 freezes nothing"); `given` is sent inside."""

    name: str
    given: dict[str, Plain]


class Mismatch(Exception):  # noqa: N818  (what happened, as the learner reads it)
    """What came back is not right. The message names what was looked at, what was expected, and what came."""

    def __init__(self, what: str, expected: object, got: object) -> None:
        super().__init__(f"{what}: expected {shown(expected)}, got {shown(got)}")


def field(got: Plain, name: str) -> Plain:
    """The entry `name` of a report; Mismatch if the report is no dict or has none."""
    if not isinstance(got, Mapping) or name not in got:
        raise Mismatch(f"the report of '{name}'", "a value", "nothing")
    return got[name]


def expect_equal(what: str, expected: Plain, got: Plain) -> None:
    """Mismatch unless `got` has the type and value of `expected` (numbers, texts, None, lists and dicts of those)."""
    if type(got) is not type(expected) or got != expected:
        raise Mismatch(what, expected, got)


def expect_close(
    what: str, expected: torch.Tensor | float, got: Plain, *, rtol: float = 1e-4, atol: float = 1e-6
) -> None:
    """Mismatch unless `got` is a number or a tensor of the same shape, finite where expected, and near `expected`."""
    if isinstance(expected, torch.Tensor):
        if not isinstance(got, torch.Tensor):
            raise Mismatch(what, f"a tensor of shape {tuple(expected.shape)}", got)
        if got.shape != expected.shape:
            raise Mismatch(f"shape of {what}", tuple(expected.shape), tuple(got.shape))
        if not torch.allclose(got.double(), expected.double(), rtol=rtol, atol=atol):
            raise Mismatch(what, expected, got)
        return
    if isinstance(got, torch.Tensor) and got.ndim == 0:
        got = got.item()
    if (
        isinstance(got, bool)
        or not isinstance(got, int | float)
        or not math.isclose(got, expected, rel_tol=rtol, abs_tol=atol)
    ):
        raise Mismatch(what, expected, got)


def shown(value: object) -> str:
    """`value` in a few words, for a message: long lists and tensors shortened."""
    if isinstance(value, torch.Tensor):
        flat = value.detach().flatten()
        first = ", ".join(f"{number:.4g}" for number in flat[:4].tolist())
        more = ", ..." if flat.numel() > 4 else ""
        return f"a tensor of shape {tuple(value.shape)} [{first}{more}]" if value.ndim else f"{value.item():.6g}"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
