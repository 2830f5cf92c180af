"""What must be frozen is known from how the network is made; three SGD steps by hand then give every number."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from study.exercises.contract import Case, Mismatch, Plain, expect_close, field

State = dict[str, torch.Tensor]
Layers = list[list[Plain]]
STEPS, LR, WEIGHT_DECAY = 3, 0.2, 0.05


def cases(generator: torch.Generator) -> list[Case]:
    width = int(torch.randint(4, 8, (), generator=generator))
    plain = layers(width, "linear", "linear", "linear", "linear")
    mixed = layers(width, "linear", "tanh", "linear", "tanh", "linear")
    blocks = layers(width, "linear", "block", "block", "linear")
    return [
        case("k = 0 freezes nothing", plain, 0, generator),
        case("k = 2 freezes the first two children and no more", plain, 2, generator),
        case("a child without parameters counts", mixed, 2, generator),
        case("a child is frozen with everything inside it", blocks, 2, generator),
        case("k = all freezes every child, and not the network's own parameter", mixed, len(mixed), generator),
        case("k beyond the number of children freezes them all", plain, len(plain) + 2, generator),
        case("what was frozen further back stays frozen", plain, 1, generator, frozen=["layer2.weight", "layer3.bias"]),
        case("the statistics of a frozen BatchNorm still move in train mode", blocks, 3, generator),
    ]


def layers(width: int, *kinds: str) -> Layers:
    """Name, kind, inputs and outputs of each child."""
    return [[f"layer{index}", kind, width, width] for index, kind in enumerate(kinds)]


def case(name: str, net: Layers, k: int, generator: torch.Generator, frozen: list[str] | None = None) -> Case:
    width, batch = net[0][2], 8
    given = {
        "layers": net,
        "state": initial(net, generator),
        "frozen": frozen or [],
        "k": k,
        "x": torch.randn(STEPS, batch, width, generator=generator),
        "y": torch.randint(0, width, (STEPS, batch), generator=generator),
        "lr": LR,
        "weight_decay": WEIGHT_DECAY,
    }
    return Case(name, given)


def initial(net: Layers, generator: torch.Generator) -> State:
    """Weights and buffers under the names that PyTorch gives them."""
    state = {"shift": torch.randn(net[0][2], generator=generator)}
    for name, kind, inputs, outputs in net:
        if kind == "tanh":
            continue
        linear = name if kind == "linear" else f"{name}.0"
        state[f"{linear}.weight"] = torch.randn(outputs, inputs, generator=generator) / inputs**0.5
        state[f"{linear}.bias"] = torch.randn(outputs, generator=generator)
        if kind == "block":
            state[f"{name}.1.weight"] = 0.5 + torch.rand(outputs, generator=generator)
            state[f"{name}.1.bias"] = torch.randn(outputs, generator=generator)
            state[f"{name}.1.running_mean"] = torch.randn(outputs, generator=generator)
            state[f"{name}.1.running_var"] = 0.5 + torch.rand(outputs, generator=generator)
            state[f"{name}.1.num_batches_tracked"] = torch.tensor(0)
    return state


def forward(net: Layers, state: State, x: torch.Tensor) -> torch.Tensor:
    """Logits in train mode; the running statistics in `state` are updated in place."""
    x = x + state["shift"]
    for name, kind, *_ in net:
        if kind == "tanh":
            x = x.tanh()
        elif kind == "linear":
            x = F.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])
        else:
            x = F.linear(x, state[f"{name}.0.weight"], state[f"{name}.0.bias"])
            mean, var = state[f"{name}.1.running_mean"], state[f"{name}.1.running_var"]
            x = F.batch_norm(x, mean, var, state[f"{name}.1.weight"], state[f"{name}.1.bias"], training=True).tanh()
    return x


def check(case: Case, got: Plain) -> None:
    given = case.given
    parameters = [key for key in given["state"] if key.endswith(("shift", "weight", "bias"))]
    first = {name for name, *_ in given["layers"][: given["k"]]}
    still = {key for key in parameters if key in given["frozen"] or key.split(".")[0] in first}
    state = {key: tensor.clone() for key, tensor in given["state"].items()}
    for x, y in zip(given["x"], given["y"], strict=True):
        moving = {key: state[key].requires_grad_() for key in parameters if key not in still}
        gradients = torch.autograd.grad(F.cross_entropy(forward(given["layers"], state, x), y), list(moving.values()))
        for (key, tensor), gradient in zip(moving.items(), gradients, strict=True):
            state[key] = (tensor - given["lr"] * (gradient + given["weight_decay"] * tensor)).detach()
    watched = [*parameters, *(key for key in state if "running" in key)]
    compare(field(got, "state"), given["state"], {key: state[key] for key in watched}, still)


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
