"""What must be frozen is written beside each case, part by part; three SGD steps by hand then give every number."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

State = dict[str, torch.Tensor]
STEPS, LR, WEIGHT_DECAY = 3, 0.2, 0.05
TYPOS = ("layer", "layer3", "Layer1", "layer10.act", "head.weigh", "ayer2")


def cases(generator: torch.Generator) -> list[Case]:
    typo = TYPOS[int(torch.randint(len(TYPOS), (), generator=generator))]
    return [
        case("layer1 does not freeze layer10", ["layer1"], generator),
        case("a prefix begins at the start of a name: norm leaves layer1.norm alone", ["norm"], generator),
        case("a prefix may reach into a child", ["layer10.linear", "layer2.norm"], generator),
        case("the full name of a parameter is a prefix too", ["shift", "head.bias"], generator),
        case(
            "overlapping prefixes return each name once, in the model's order",
            ["layer2", "layer1", "layer2.norm"],
            generator,
        ),
        case("a prefix that matches nothing raises ValueError and freezes nothing", ["layer1", typo], generator, typo),
        case(
            "what was frozen before stays so, and is returned if it matches",
            ["layer10"],
            generator,
            frozen=["layer1.linear.bias", "layer10.norm.weight", "head.bias"],
        ),
        case("no prefix freezes nothing and returns an empty list", [], generator),
    ]


def case(
    name: str, prefixes: list[str], generator: torch.Generator, typo: str | None = None, frozen: list[str] | None = None
) -> Case:
    width, batch = int(torch.randint(4, 8, (), generator=generator)), 8
    kinds = {"layer1": "block", "layer2": "block", "layer10": "block", "norm": "norm", "head": "linear"}
    layers = [[child, kind, width, width] for child, kind in kinds.items()]
    given = {
        "layers": layers,
        "state": initial(layers, generator),
        "frozen": frozen or [],
        "prefixes": prefixes,
        "typo": typo,
        "x": torch.randn(STEPS, batch, width, generator=generator),
        "y": torch.randint(0, width, (STEPS, batch), generator=generator),
        "lr": LR,
        "weight_decay": WEIGHT_DECAY,
    }
    return Case(name, given)


def initial(layers: list[list[Plain]], generator: torch.Generator) -> State:
    """Weights under the names that PyTorch gives them."""
    state = {"shift": torch.randn(layers[0][2], generator=generator)}
    for name, kind, inputs, outputs in layers:
        if kind != "norm":
            linear = name if kind == "linear" else f"{name}.linear"
            state[f"{linear}.weight"] = torch.randn(outputs, inputs, generator=generator) / inputs**0.5
            state[f"{linear}.bias"] = torch.randn(outputs, generator=generator)
        if kind != "linear":
            norm = name if kind == "norm" else f"{name}.norm"
            state[f"{norm}.weight"] = 0.5 + torch.rand(outputs, generator=generator)
            state[f"{norm}.bias"] = torch.randn(outputs, generator=generator)
    return state


def forward(state: State, x: torch.Tensor) -> torch.Tensor:
    """Logits of the network of every case."""
    x = x + state["shift"]
    for block in ("layer1", "layer2", "layer10"):
        x = F.linear(x, state[f"{block}.linear.weight"], state[f"{block}.linear.bias"])
        x = norm(x, state[f"{block}.norm.weight"], state[f"{block}.norm.bias"]).tanh()
    x = norm(x, state["norm.weight"], state["norm.bias"])
    return F.linear(x, state["head.weight"], state["head.bias"])


def norm(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    mean, var = x.mean(1, keepdim=True), x.var(1, correction=0, keepdim=True)
    return (x - mean) / (var + 1e-5).sqrt() * weight + bias


def check(case: Case, got: Plain) -> None:
    given = case.given
    prefixes = [] if given["typo"] is not None else [prefix.split(".") for prefix in given["prefixes"]]
    matched = [name for name in given["state"] if any(name.split(".")[: len(parts)] == parts for parts in prefixes)]
    raised = field(got, "raised")
    if given["typo"] is None:
        if raised is not None:
            raise Mismatch(
                f"the prefixes {given['prefixes']}", "no error, because each matches", f"ValueError: {raised}"
            )
        compare_names(matched, field(got, "returned"))
    elif not isinstance(raised, str):
        raise Mismatch(
            f"the prefixes {given['prefixes']}", f"a ValueError, because '{given['typo']}' matches nothing", "none"
        )
    elif given["typo"] not in raised:
        raise Mismatch("the ValueError's message", f"one that names '{given['typo']}'", f"'{raised}'")
    frozen = {*given["frozen"], *matched}
    compare(field(got, "state"), given["state"], trained(given, frozen), frozen)


def compare_names(expected: list[str], got: Plain) -> None:
    """What is too much or missing is easier to read than two long lists."""
    if isinstance(got, list):
        extra, missing = [name for name in got if name not in expected], [name for name in expected if name not in got]
        if extra:
            raise Mismatch("the returned names", f"none but {expected}", f"also {extra}")
        if missing:
            raise Mismatch("the returned names", f"also {missing}", f"only {got}")
    expect_equal("the returned names", expected, got)


def trained(given: dict[str, Plain], frozen: set[str]) -> State:
    """The weights after plain SGD on what is not frozen."""
    state = {name: tensor.clone() for name, tensor in given["state"].items()}
    for x, y in zip(given["x"], given["y"], strict=True):
        moving = {name: state[name].requires_grad_() for name in state if name not in frozen}
        gradients = torch.autograd.grad(F.cross_entropy(forward(state, x), y), list(moving.values()))
        for (name, tensor), gradient in zip(moving.items(), gradients, strict=True):
            state[name] = (tensor - given["lr"] * (gradient + given["weight_decay"] * tensor)).detach()
    return state


def compare(report: Plain, before: State, after: State, frozen: set[str]) -> None:
    """First what moved and what did not, which says most; then every number."""
    for name, expected in after.items():
        got = field(report, name)
        if isinstance(got, torch.Tensor) and got.shape == expected.shape:
            moved = float((got.double() - before[name].double()).abs().max())
            if name in frozen and moved > 0:
                raise Mismatch(f"{name} after {STEPS} SGD steps", "unchanged (frozen)", f"moved by up to {moved:.3g}")
            if name not in frozen and moved == 0:
                raise Mismatch(f"{name} after {STEPS} SGD steps", "changed (not frozen)", "unchanged")
    for name, expected in after.items():
        expect_close(f"{name} after {STEPS} SGD steps", expected, field(report, name))
