"""The new weights are random, so they are taken from the report, looked at, and trained on by hand."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

State = dict[str, torch.Tensor]
HEADS = ("fc", "classifier", "head", "heads")
STEPS, BATCH, LR, WEIGHT_DECAY = 3, 8, 0.2, 0.05


def cases(generator: torch.Generator) -> list[Case]:
    return [
        case("a Linear head gets the new number of classes", generator, head="fc"),
        case("the head need not be called fc", generator),
        case("only the last layer of a Sequential head is replaced", generator, hidden=2),
        case("a trainable backbone stays trainable", generator),
        case("a frozen backbone stays frozen, and the new layer trains", generator, hidden=1, frozen=True),
        case("a float64 model gets a float64 layer", generator, dtype=torch.float64),
        case("a head without bias gets a layer without bias", generator, hidden=1, bias=False),
        case("the returned layer is the one in the model", generator, hidden=1, train="returned"),
    ]


def case(
    name: str,
    generator: torch.Generator,
    *,
    head: str | None = None,
    hidden: int = 0,
    frozen: bool = False,
    bias: bool = True,
    dtype: torch.dtype = torch.float32,
    train: str = "all",
) -> Case:
    def integer(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=generator))

    widths = [integer(3, 6), integer(4, 8), integer(5, 9)]
    head = head or HEADS[integer(1, len(HEADS))]
    head_widths = [widths[2], *(integer(9, 13) for _ in range(hidden)), integer(14, 18)]
    n_classes = integer(3, 7)
    state = initial(widths, head, head_widths, bias, generator)
    given = {
        "widths": widths,
        "head": head,
        "head_widths": head_widths,
        "bias": bias,
        "state": {key: tensor.to(dtype) for key, tensor in state.items()},
        "frozen": list(state) if frozen else [],
        "n_classes": n_classes,
        "x": torch.randn(BATCH, widths[0], generator=generator).to(dtype),
        "y": torch.randint(0, n_classes, (BATCH,), generator=generator),
        "train": train,
        "steps": STEPS,
        "lr": LR,
        "weight_decay": WEIGHT_DECAY,
    }
    return Case(name, given)


def linears(head: str, head_widths: list[int]) -> list[str]:
    """Names of the head's Linear layers; between two of them stands an activation."""
    layers = len(head_widths) - 1
    return [head] if layers == 1 else [f"{head}.{2 * index}" for index in range(layers)]


def initial(widths: list[int], head: str, head_widths: list[int], bias: bool, generator: torch.Generator) -> State:
    """Weights under the names that PyTorch gives them."""
    sizes = {"stem": (widths[0], widths[1]), "body.0": (widths[1], widths[2])}
    sizes |= dict(zip(linears(head, head_widths), pairwise(head_widths), strict=True))
    state = {}
    for name, (inputs, outputs) in sizes.items():
        state[f"{name}.weight"] = torch.randn(outputs, inputs, generator=generator) / inputs**0.5
        if bias or name in ("stem", "body.0"):
            state[f"{name}.bias"] = torch.randn(outputs, generator=generator)
    state["body.1.weight"] = 0.5 + torch.rand(widths[2], generator=generator)
    state["body.1.bias"] = torch.randn(widths[2], generator=generator)
    return state


def forward(state: State, layers: list[str], x: torch.Tensor) -> torch.Tensor:
    x = F.linear(x, state["stem.weight"], state["stem.bias"]).tanh()
    x = F.linear(x, state["body.0.weight"], state["body.0.bias"])
    x = F.layer_norm(x, x.shape[1:], state["body.1.weight"], state["body.1.bias"]).tanh()
    for at, name in enumerate(layers):
        x = F.linear(x.tanh() if at else x, state[f"{name}.weight"], state.get(f"{name}.bias"))
    return x


def check(case: Case, got: Plain) -> None:
    given = case.given
    layers = linears(given["head"], given["head_widths"])
    expect_equal("the type of what is returned", "Linear", field(got, "returned"))
    start = replaced(given, layers[-1], field(got, "replaced"))
    expect_close("the logits with the new head", forward(start, layers, given["x"]), field(got, "logits"), atol=1e-5)

    new = {name for name in start if name.startswith(f"{layers[-1]}.")}
    learning = new if given["train"] == "returned" else set(start) - set(given["frozen"]) | new
    state = {name: tensor.clone() for name, tensor in start.items()}
    for _ in range(given["steps"]):
        leaves = {name: state[name].requires_grad_() for name in state if name in learning}
        loss = F.cross_entropy(forward(state, layers, given["x"]), given["y"])
        for (name, leaf), gradient in zip(
            leaves.items(), torch.autograd.grad(loss, list(leaves.values())), strict=True
        ):
            state[name] = (leaf - given["lr"] * (gradient + given["weight_decay"] * leaf)).detach()
    compare(field(got, "trained"), start, state, learning)


def replaced(given: dict[str, Plain], layer: str, report: Plain) -> State:
    """The weights right after the call: the old ones except in `layer`, whose own must be new and random."""
    if not isinstance(report, dict):
        raise Mismatch("state_dict() after the call", "names and tensors", report)
    if missing := sorted(set(given["state"]) - set(report)):
        raise Mismatch("the names in state_dict()", "the same as before", f"no {missing}")
    if extra := sorted(set(report) - set(given["state"])):
        raise Mismatch("the names in state_dict()", "the same as before", f"also {extra}")
    dtype = given["x"].dtype
    for name, before in given["state"].items():
        if not isinstance(report[name], torch.Tensor):
            raise Mismatch(name, "a tensor", report[name])
        if not name.startswith(f"{layer}."):
            if report[name].shape != before.shape or not bool((report[name] == before).all()):
                raise Mismatch(f"{name} after the call", "unchanged", "changed")
            continue
        expected = (given["n_classes"], *before.shape[1:])
        if report[name].shape != expected:
            raise Mismatch(f"shape of {name}", expected, tuple(report[name].shape))
        if report[name].dtype != dtype:
            raise Mismatch(f"dtype of {name}", dtype, report[name].dtype)
    fresh(f"{layer}.weight", given["state"][f"{layer}.weight"], report[f"{layer}.weight"])
    return given["state"] | {name: report[name] for name in given["state"] if name.startswith(f"{layer}.")}


def fresh(name: str, old: torch.Tensor, new: torch.Tensor) -> None:
    """nn.Linear draws its weights uniformly within 1 / sqrt(inputs) of zero."""
    bound = new.shape[1] ** -0.5
    if not bool((new.abs() <= bound * 1.001).all()) or float(new.std()) < bound / 4:
        raise Mismatch(name, f"random numbers between {-bound:.3g} and {bound:.3g}, as nn.Linear draws them", new)
    if bool((new[:, None] == old[None]).all(-1).any()):
        raise Mismatch(name, "fresh random rows", "rows of the old head")


def compare(report: Plain, before: State, after: State, learning: set[str]) -> None:
    """First what moved and what did not, which says most; then every number."""
    for name, expected in after.items():
        got = field(report, name)
        if isinstance(got, torch.Tensor) and got.shape == expected.shape:
            moved = float((got.double() - before[name].double()).abs().max())
            if name not in learning and moved > 0:
                raise Mismatch(f"{name} after {STEPS} SGD steps", "unchanged (frozen)", f"moved by up to {moved:.3g}")
            if name in learning and moved == 0:
                raise Mismatch(f"{name} after {STEPS} SGD steps", "changed (trainable)", "unchanged")
    for name, expected in after.items():
        expect_close(f"{name} after {STEPS} SGD steps", expected, field(report, name), atol=1e-5)
