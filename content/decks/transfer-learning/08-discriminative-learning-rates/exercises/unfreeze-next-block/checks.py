"""Which names train from when on is worked out from the block indices; SGD with momentum by hand gives the weights."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

State = dict[str, torch.Tensor]
DEFAULT_LR, MOMENTUM, WEIGHT_DECAY, BATCH = 0.3, 0.9, 0.02, 8
BLOCKS = ("linear", "block", "block", "linear")


def cases(generator: torch.Generator) -> list[Case]:
    same = [DEFAULT_LR] * 2
    return [
        case("the frozen block nearest to the head comes first", BLOCKS, "step call step step", same, generator),
        case("every call unfreezes one more block", BLOCKS, "step call step call step", [0.1, 0.03], generator),
        case("the block learns at its own rate, not at the default one", BLOCKS, "call step step", [0.05], generator),
        case("the momentum of what trained before survives", BLOCKS, "step step step call step", same, generator),
        case("the other groups keep their rates", BLOCKS, "step call step step", [0.02], generator, head=[0.2, 0.08]),
        case(
            "a block without parameters is passed over",
            ("linear", "block", "act", "linear"),
            "step call step step",
            same,
            generator,
        ),
        case(
            "parameters that the optimiser holds are not added again",
            BLOCKS,
            "step call step step",
            same,
            generator,
            shared={"2.0.weight": "3.weight"},
        ),
        case(
            "with nothing left to unfreeze the answer is False and training goes on",
            ("block", "linear"),
            "step call step call step",
            same,
            generator,
        ),
    ]


def case(
    name: str,
    kinds: tuple[str, ...],
    program: str,
    rates: list[float],
    generator: torch.Generator,
    *,
    head: list[float] | None = None,
    shared: dict[str, str] | None = None,
) -> Case:
    """`head` gives the rates of the head's weight and bias if they are in two groups."""
    width, steps = int(torch.randint(4, 8, (), generator=generator)), program.split().count("step")
    weight, bias = (f"{len(kinds) - 1}.{part}" for part in ("weight", "bias"))
    whole = [{"names": [weight, bias], "lr": DEFAULT_LR}]
    split = [{"names": [part], "lr": rate} for part, rate in zip((weight, bias), head or [], strict=False)]
    state = initial(kinds, width, generator)
    for target, source in (shared or {}).items():
        state[target] = state[source]
    given = {
        "kinds": list(kinds),
        "width": width,
        "shared": shared or {},
        "state": state,
        "trainable": [weight, bias, *(shared or {})],
        "groups": split or whole,
        "program": program.split(),
        "rates": rates,
        "default_lr": DEFAULT_LR,
        "momentum": MOMENTUM,
        "weight_decay": WEIGHT_DECAY,
        "x": torch.randn(steps, BATCH, width, generator=generator),
        "y": torch.randint(0, width, (steps, BATCH), generator=generator),
    }
    return Case(name, given)


def initial(kinds: tuple[str, ...], width: int, generator: torch.Generator) -> State:
    """Weights under the names that `nn.Sequential` gives them."""
    state: State = {}
    for at, kind in enumerate(kinds):
        if kind != "act":
            linear = f"{at}" if kind == "linear" else f"{at}.0"
            state[f"{linear}.weight"] = torch.randn(width, width, generator=generator) / width**0.5
            state[f"{linear}.bias"] = torch.randn(width, generator=generator)
        if kind == "block":
            state[f"{at}.1.weight"] = 0.5 + torch.rand(width, generator=generator)
            state[f"{at}.1.bias"] = torch.randn(width, generator=generator)
    return state


def forward(kinds: list[str], state: State, x: torch.Tensor) -> torch.Tensor:
    for at, kind in enumerate(kinds):
        if kind == "linear":
            x = F.linear(x, state[f"{at}.weight"], state[f"{at}.bias"])
        elif kind == "block":
            x = F.linear(x, state[f"{at}.0.weight"], state[f"{at}.0.bias"])
            x = F.layer_norm(x, x.shape[1:], state[f"{at}.1.weight"], state[f"{at}.1.bias"]).tanh()
        else:
            x = x.tanh()
    return x


def check(case: Case, got: Plain) -> None:
    given = case.given
    rates, answers = {name: group["lr"] for group in given["groups"] for name in group["names"]}, []
    rates |= {target: rates[source] for target, source in given["shared"].items()}
    state = {name: tensor.clone() for name, tensor in given["state"].items()}
    momenta: State = {}
    step = 0
    for action in given["program"]:
        if action == "call":
            new = next_block(given, set(rates))
            answers.append(bool(new))
            rates |= dict.fromkeys(new, given["rates"][len(answers) - 1])
        else:
            sgd_step(given, state, momenta, rates, step)
            step += 1
    expect_equal("what the calls returned", answers, field(got, "answers"))
    for name, rate in rates.items():
        expect_equal(f"rates of the optimiser's groups that hold {name}", [rate], field(field(got, "rates"), name))
    compare(field(got, "state"), given["state"], state, set(rates))


def next_block(given: dict[str, Plain], training: set[str]) -> list[str]:
    """Names of what is frozen in the last block where anything is; empty if nothing is frozen anywhere."""
    frozen = [name for name in given["state"] if name not in training]
    last = max((int(name.split(".")[0]) for name in frozen), default=None)
    return [name for name in frozen if int(name.split(".")[0]) == last]


def sgd_step(given: dict[str, Plain], state: State, momenta: State, rates: dict[str, float], step: int) -> None:
    """One step on batch `step`, in place. The gradients of a shared parameter's names add up."""
    leaves = {name: state[name].requires_grad_() for name in rates}
    loss = F.cross_entropy(forward(given["kinds"], state, given["x"][step]), given["y"][step])
    gradients = dict(zip(rates, torch.autograd.grad(loss, list(leaves.values())), strict=True))
    for target, source in given["shared"].items():
        gradients[target] = gradients[source] = gradients[target] + gradients[source]
    for name, rate in rates.items():
        before = leaves[name].detach()
        change = gradients[name] + given["weight_decay"] * before
        momenta[name] = given["momentum"] * momenta[name] + change if name in momenta else change
        state[name] = before - rate * momenta[name]


def compare(report: Plain, before: State, after: State, training: set[str]) -> None:
    """First what moved and what did not, which says most; then every number."""
    for name, expected in after.items():
        got = field(report, name)
        if isinstance(got, torch.Tensor) and got.shape == expected.shape:
            moved = float((got.double() - before[name].double()).abs().max())
            if name not in training and moved > 0:
                raise Mismatch(f"{name} at the end", "unchanged (frozen)", f"moved by up to {moved:.3g}")
            if name in training and moved == 0:
                raise Mismatch(f"{name} at the end", "changed (unfrozen)", "unchanged")
    for name, expected in after.items():
        expect_close(f"{name} at the end", expected, field(report, name), rtol=1e-3, atol=1e-4)
