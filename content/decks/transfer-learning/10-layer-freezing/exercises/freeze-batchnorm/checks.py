"""The same program by hand, with a BatchNorm that is nothing but a fixed scale and shift per channel."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

State = dict[str, torch.Tensor]
Layers = list[list[Plain]]
MAX_STEPS, BATCH, SIDE, LR, EPS = 3, 8, 5, 0.2, 1e-5


def cases(generator: torch.Generator) -> list[Case]:
    width = int(torch.randint(4, 8, (), generator=generator))
    flat = layers(("linear", width), ("norm", width), ("linear", width), ("norm", width))
    image = layers(("conv", 3), ("conv", width), ("pool", width))
    both = layers(("conv", 3), ("pool", 3), ("linear", 3), ("norm", width))
    nested = layers(("nested", width), ("nested", width))
    return [
        case("train() does not undo it", flat, "train step step", generator),
        case("it holds at once, before the next train()", flat, "step", generator),
        case(
            "eval() and train() in turn do not undo it",
            flat,
            "eval train step eval output train step output",
            generator,
        ),
        case("BatchNorm1d stands still as well as BatchNorm2d", both, "train step step", generator),
        case("a BatchNorm inside nested blocks stands still", nested, "train step step", generator),
        case("train mode normalises with the running statistics, too", image, "train output", generator),
        case("weight and bias of BatchNorm go on learning", image, "train step step step", generator),
        case("dropout still drops in train mode, and only there", flat, "train output eval output", generator),
    ]


def layers(*kinds: tuple[str, int]) -> Layers:
    """Name, kind, inputs and outputs of each layer, from its kind and inputs."""
    widths = [inputs for _, inputs in kinds]
    outputs = [*widths[1:], widths[-1]]
    return [[f"layer{at}", kind, inputs, outputs[at]] for at, (kind, inputs) in enumerate(kinds)]


def case(name: str, net: Layers, program: str, generator: torch.Generator) -> Case:
    classes = int(torch.randint(3, 6, (), generator=generator))
    shape = [BATCH, net[0][2]] + [SIDE, SIDE] * (net[0][1] == "conv")
    # the new data is shifted and stretched, so that its statistics are far from the running ones
    x = 2 + 3 * torch.randn(MAX_STEPS, *shape, generator=generator)
    given = {
        "layers": net,
        "classes": classes,
        "state": initial(net, classes, generator),
        "program": program.split(),
        "x": x,
        "y": torch.randint(0, classes, (MAX_STEPS, BATCH), generator=generator),
        "probe": 2 + 3 * torch.randn(shape, generator=generator),
        "lr": LR,
    }
    return Case(name, given)


def places(name: str, kind: str) -> tuple[str | None, str | None]:
    """Names of the weighted layer and of the BatchNorm within a layer of this kind."""
    within: dict[str, tuple[str | None, str | None]] = {
        "linear": (name, None),
        "norm": (None, name),
        "conv": (f"{name}.0", f"{name}.1"),
        "nested": (f"{name}.0.0", f"{name}.0.1"),
        "pool": (None, None),
    }
    return within[kind]


def initial(net: Layers, classes: int, generator: torch.Generator) -> State:
    """Weights and buffers under the names that PyTorch gives them."""
    state: State = {}
    for name, kind, inputs, outputs in [*net, ["head", "linear", net[-1][3], classes]]:
        weighted, norm = places(name, kind)
        if weighted:
            kernel = [3, 3] if kind == "conv" else []
            scale = (inputs * 3 ** len(kernel)) ** -0.5
            state[f"{weighted}.weight"] = scale * torch.randn(outputs, inputs, *kernel, generator=generator)
            state[f"{weighted}.bias"] = torch.randn(outputs, generator=generator)
        if norm:
            state[f"{norm}.weight"] = 0.5 + torch.rand(outputs, generator=generator)
            state[f"{norm}.bias"] = torch.randn(outputs, generator=generator)
            state[f"{norm}.running_mean"] = torch.randn(outputs, generator=generator)
            state[f"{norm}.running_var"] = 1 + torch.rand(outputs, generator=generator)
            state[f"{norm}.num_batches_tracked"] = torch.tensor(0)
    return state


def forward(net: Layers, state: State, x: torch.Tensor, train: bool) -> torch.Tensor:
    for name, kind, *_ in net:
        weighted, norm = places(name, kind)
        if weighted:
            apply = F.conv2d if kind == "conv" else F.linear
            x = apply(x, state[f"{weighted}.weight"], state[f"{weighted}.bias"])
        if norm:
            channels = [-1] + [1] * (x.ndim - 2)
            scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + EPS).sqrt()
            x = (x - state[f"{norm}.running_mean"].view(channels)) * scale.view(channels)
            x = x + state[f"{norm}.bias"].view(channels)
        if kind in ("conv", "nested"):
            x = x.tanh()
        if kind == "pool":
            x = x.mean((2, 3))
    kept = torch.zeros_like(x) if train else x
    return F.linear(x + kept, state["head.weight"], state["head.bias"])


def check(case: Case, got: Plain) -> None:
    given = case.given
    report = field(got, "state")
    for name, tensor in given["state"].items():
        if "running" in name:
            still(name, tensor, field(report, name))
    state, outputs = followed(given)
    came = field(got, "outputs")
    expect_equal("the number of outputs", len(outputs), len(came) if isinstance(came, list) else came)
    for at, (mode, output) in enumerate(outputs):
        expect_close(f"output {at + 1}, in {mode} mode", output, came[at], rtol=1e-3, atol=1e-4)
    learned(given["state"], state, report, given["program"].count("step"))


def learned(before: State, after: State, report: Plain, steps: int) -> None:
    """First what has not moved at all, which says most; then every number."""
    parameters = [name for name in after if name.endswith((".weight", ".bias"))]
    for name in parameters:
        got = field(report, name)
        if (
            steps
            and isinstance(got, torch.Tensor)
            and got.shape == before[name].shape
            and bool((got == before[name]).all())
        ):
            raise Mismatch(f"{name} after {steps} SGD steps", "changed (it goes on learning)", "unchanged")
    for name in parameters:
        expect_close(f"{name} after {steps} SGD steps", after[name], field(report, name), rtol=1e-3, atol=1e-4)


def still(name: str, before: torch.Tensor, got: Plain) -> None:
    if isinstance(got, torch.Tensor) and got.shape == before.shape:
        moved = float((got.double() - before.double()).abs().max())
        if moved > 0:
            raise Mismatch(f"{name} at the end", "unchanged", f"moved by up to {moved:.3g}")
    expect_close(f"{name} at the end", before, got)


def followed(given: dict[str, Plain]) -> tuple[State, list[tuple[str, torch.Tensor]]]:
    """The state at the end of the program, and the outputs on the way with the mode that they were asked in."""
    state = {name: tensor.clone() for name, tensor in given["state"].items()}
    parameters = [name for name in state if name.endswith((".weight", ".bias"))]
    mode, step = "train", 0
    outputs: list[tuple[str, torch.Tensor]] = []
    for action in given["program"]:
        if action in ("train", "eval"):
            mode = action
        elif action == "output":
            outputs.append((mode, forward(given["layers"], state, given["probe"], mode == "train")))
        else:
            leaves = [state[name].requires_grad_() for name in parameters]
            logits = forward(given["layers"], state, given["x"][step], mode == "train")
            gradients = torch.autograd.grad(F.cross_entropy(logits, given["y"][step]), leaves)
            for name, leaf, gradient in zip(parameters, leaves, gradients, strict=True):
                state[name] = (leaf - given["lr"] * gradient).detach()
            step += 1
    return state, outputs
