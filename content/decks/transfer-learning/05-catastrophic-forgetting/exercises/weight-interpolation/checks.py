"""The interpolated state from numpy, and the logits that a network of that state gives."""

from __future__ import annotations

import numpy as np
import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

COUNTER = "norm.num_batches_tracked"
REORDERED = [
    *("first.weight", "norm.running_var", "norm.running_mean", "first.bias", "norm.weight", "norm.bias"),
    *("last.weight", "last.bias", COUNTER),
]
"""Only tensors of one shape have changed places."""


def cases(generator: torch.Generator) -> list[Case]:
    """Two states of one network. In some cases one of them is then changed so that they do not fit together."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def state(sizes: list[int], batches: int) -> dict[str, torch.Tensor]:
        inputs, width, classes = sizes
        norm = {f"norm.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}
        shapes = {"first.weight": (width, inputs), "first.bias": (width,), **norm}
        shapes |= {"last.weight": (classes, width), "last.bias": (classes,)}
        tensors = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
        tensors["norm.running_var"] = tensors["norm.running_var"].square() + 0.5
        return tensors | {COUNTER: torch.tensor(batches)}

    def pair(name: str, alpha: float) -> Case:
        sizes = [draw(2, 5), draw(3, 5), draw(3, 5)]
        states = {"pretrained": state(sizes, 2 * draw(50, 99)), "fine_tuned": state(sizes, 2 * draw(100, 150) + 1)}
        return Case(name, states | {"sizes": sizes, "alpha": alpha, "x": torch.randn(3, sizes[0], generator=generator)})

    def between() -> float:
        return draw(20, 45) / 100

    order = pair("entries belong together by name, not by order", between())
    order.given["pretrained"] = {name: order.given["pretrained"][name] for name in REORDERED}
    more_before = pair("a name that only the pretrained model has raises ValueError", between())
    more_before.given["pretrained"]["old_head.bias"] = torch.randn(draw(2, 4), generator=generator)
    more_after = pair("a name that only the fine-tuned model has raises ValueError", between())
    del more_after.given["pretrained"]["last.bias"]
    shape = pair("a shape that differs raises ValueError, even if it broadcasts", between())
    shape.given["pretrained"]["last.bias"] = torch.randn(1, generator=generator)
    return [
        pair("half-way, every floating-point entry is averaged", 0.5),
        pair("alpha = 0 is the pretrained model, but for the counters", 0.0),
        pair("counters are integers and come from the fine-tuned model", between()),
        pair("writing into the result leaves both inputs alone", 1.0),
        order,
        more_before,
        more_after,
        shape,
    ]


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first entry, logit or input that is not as it should be."""
    given, raised = case.given, field(got, "raised")
    before, after, alpha = given["pretrained"], given["fine_tuned"], given["alpha"]
    fits = before.keys() == after.keys() and all(before[name].shape == after[name].shape for name in before)
    if not fits:
        if raised is None:
            raise Mismatch(f"two states that do not fit together ({_misfit(before, after)})", "ValueError", "no error")
        return
    if raised is not None:
        raise Mismatch(f"two states that fit together, alpha={alpha}", "a dict of tensors", raised)
    if field(got, "problem") is not None:
        raise Mismatch("what the function returns", "a dict of tensors", got["problem"])

    expected = {name: torch.from_numpy(_between(before[name], after[name], alpha)) for name in after if name != COUNTER}
    expected[COUNTER] = after[COUNTER]
    state = field(got, "state")
    expect_equal("names in the result", sorted(expected), sorted(state))
    for name, tensor in expected.items():
        expect_equal(f"dtype of {name}", str(after[name].dtype), field(field(got, "dtypes"), name))
        expect_close(f"{name}, alpha={alpha}", tensor, state[name], atol=1e-5)
    logits = field(got, "logits")
    if isinstance(logits, str):
        raise Mismatch("loading the result strictly", "no error", logits)
    expect_close(
        f"logits of the loaded network, alpha={alpha}", _logits(expected, given["x"]), logits, rtol=1e-3, atol=1e-4
    )
    for side in ("pretrained", "fine_tuned"):
        for name, tensor in given[side].items():
            for when, report in (
                ("the call", "inputs"),
                ("zeros were written into the result", "inputs_after_writing"),
            ):
                left = field(field(field(got, report), side), name)
                expect_close(f"{name} of the {side} state after {when}", tensor, left, rtol=0, atol=0)


def _between(before: torch.Tensor, after: torch.Tensor, alpha: float) -> np.ndarray:
    return (1 - alpha) * before.double().numpy() + alpha * after.double().numpy()


def _misfit(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> str:
    """What does not fit, in words."""
    if only := sorted(before.keys() - after.keys()):
        return f"only the pretrained has {only}"
    if only := sorted(after.keys() - before.keys()):
        return f"only the fine-tuned has {only}"
    differing = [name for name in before if before[name].shape != after[name].shape]
    return ", ".join(f"{name}: {tuple(before[name].shape)} and {tuple(after[name].shape)}" for name in differing)


def _logits(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Of the network with this state, BatchNorm with its running statistics."""
    hidden = x.double() @ state["first.weight"].T + state["first.bias"]
    hidden = (hidden - state["norm.running_mean"]) / (state["norm.running_var"] + 1e-5).sqrt()
    hidden = (hidden * state["norm.weight"] + state["norm.bias"]).clamp(min=0)
    return hidden @ state["last.weight"].T + state["last.bias"]
