"""The rate of each block is counted from the head; SGD by hand then gives the weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

State = dict[str, torch.Tensor]
STEPS, BATCH, DEFAULT_LR, WEIGHT_DECAY = 3, 8, 0.7, 0.05
PLAIN = ["stem", "layer1", "layer2", "head"]


def cases(generator: torch.Generator) -> list[Case]:
    nested = ["embed", *(f"encoder.layers.{index}" for index in (0, 1, 10)), "head"]
    return [
        case("the head learns at base_lr, each block below at decay times the one above", PLAIN, generator),
        case("blocks may lie inside containers, and layers.1 is not layers.10", nested, generator),
        case("the order is that of blocks, not that of registration", PLAIN, generator, registered=[3, 1, 0, 2]),
        case("parameters of no block go with the first block", PLAIN, generator, own=True),
        case("frozen parameters are in no group", PLAIN, generator, frozen=["stem.bias", "layer2.weight"]),
        case(
            "frozen blocks and blocks without parameters count as a step of depth",
            ["stem", "layer1", "act", "layer2", "head"],
            generator,
            frozen=["layer2.weight", "layer2.bias"],
        ),
        case(
            "a shared parameter is in one group, with the earlier block's rate",
            PLAIN,
            generator,
            shared={"layer2.weight": "layer1.weight"},
        ),
        case("with everything frozen but the head there is one rate", PLAIN, generator, frozen=frozen_but_head()),
    ]


def frozen_but_head() -> list[str]:
    return [f"{name}.{kind}" for name in PLAIN[:-1] for kind in ("weight", "bias")]


def case(
    name: str,
    blocks: list[str],
    generator: torch.Generator,
    *,
    own: bool = False,
    registered: list[int] | None = None,
    frozen: list[str] | None = None,
    shared: dict[str, str] | None = None,
) -> Case:
    width = int(torch.randint(4, 8, (), generator=generator))
    state = {"shift": torch.randn(width, generator=generator)} if own else {}
    for block in blocks:
        if block != "act":
            state[f"{block}.weight"] = torch.randn(width, width, generator=generator) / width**0.5
            state[f"{block}.bias"] = torch.randn(width, generator=generator)
    for target, source in (shared or {}).items():
        state[target] = state[source]
    given = {
        "blocks": blocks,
        "registered": [blocks[index] for index in registered] if registered else blocks,
        "width": width,
        "state": state,
        "frozen": frozen or [],
        "shared": shared or {},
        "base_lr": round(0.2 + 0.3 * float(torch.rand((), generator=generator)), 3),
        "decay": round(0.3 + 0.5 * float(torch.rand((), generator=generator)), 3),
        "default_lr": DEFAULT_LR,
        "weight_decay": WEIGHT_DECAY,
        "x": torch.randn(STEPS, BATCH, width, generator=generator),
        "y": torch.randint(0, width, (STEPS, BATCH), generator=generator),
    }
    return Case(name, given)


def expected_rates(given: dict[str, Plain]) -> dict[str, float]:
    """The rate of every trainable name; a shared parameter has two names, and the rate of the earlier block."""
    rate = given["base_lr"] * given["decay"] ** (len(given["blocks"]) - 1)
    rates = {"shift": rate} if "shift" in given["state"] else {}
    for block in given["blocks"]:
        rates |= {name: rate for name in given["state"] if name.rpartition(".")[0] == block}
        rate = rate / given["decay"]
    rates |= {target: rates[source] for target, source in given["shared"].items()}
    return {name: rate for name, rate in rates.items() if name not in given["frozen"]}


def check(case: Case, got: Plain) -> None:
    given = case.given
    expect_equal("what is returned", "a list of dicts", field(got, "groups"))
    rates, came = expected_rates(given), field(got, "rates")
    for name in given["state"]:
        found = field(came, name)
        if not isinstance(found, list) or len(found) != (name in rates):
            groups = len(found) if isinstance(found, list) else found
            why = "it is trainable" if name in rates else "it is frozen"
            raise Mismatch(f"groups that hold {name}", f"{int(name in rates)} ({why})", groups)
        if name in rates:
            expect_close(f"the rate of {name} in the optimiser", rates[name], found[0])
    for name, expected in trained(given, rates).items():
        expect_close(f"{name} after {STEPS} SGD steps", expected, field(field(got, "state"), name), atol=1e-5)


def trained(given: dict[str, Plain], rates: dict[str, float]) -> State:
    """The weights after SGD with a rate for each name. The gradients of a shared parameter's names add up."""
    state = {name: tensor.clone() for name, tensor in given["state"].items()}
    for x, y in zip(given["x"], given["y"], strict=True):
        leaves = {name: state[name].requires_grad_() for name in rates}
        loss = F.cross_entropy(forward(given["blocks"], state, x), y)
        gradients = dict(zip(rates, torch.autograd.grad(loss, list(leaves.values())), strict=True))
        for target, source in given["shared"].items():
            gradients[target] = gradients[source] = gradients[target] + gradients[source]
        for name, rate in rates.items():
            state[name] = (leaves[name] - rate * (gradients[name] + given["weight_decay"] * leaves[name])).detach()
    return state


def forward(blocks: list[str], state: State, x: torch.Tensor) -> torch.Tensor:
    x = x + state["shift"] if "shift" in state else x
    for block in blocks:
        x = x.tanh() if block == "act" else F.linear(x, state[f"{block}.weight"], state[f"{block}.bias"])
        if block != blocks[-1]:
            x = x.tanh()
    return x
