"""Value, gradients and trained weights against the formula, in float64 and by hand."""

from __future__ import annotations

import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

BUFFERS = ("backbone.1.running_mean", "backbone.1.running_var", "backbone.1.num_batches_tracked")


def cases(generator: torch.Generator) -> list[Case]:
    """Networks of 3 to 5 units a layer. `moved` is the state in which the penalty is asked for."""

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * torch.rand(1, generator=generator).item()

    def network(name: str, moving: tuple[str, ...], steps: int = 0, beta: float | None = None) -> Case:
        """Entries whose name contains one of `moving` have moved since the start."""
        sizes = torch.randint(3, 6, (3,), generator=generator).tolist()
        start = {key: torch.randn(shape, generator=generator) for key, shape in _shapes(sizes).items()}
        start["backbone.1.running_var"] = start["backbone.1.running_var"].square() + 0.5
        moved = {key: w + 0.3 * torch.randn(w.shape, generator=generator) for key, w in start.items()}
        moved = {key: moved[key] if any(part in key for part in moving) else start[key] for key in start}
        tracked = {"backbone.1.num_batches_tracked": torch.tensor(7)}
        given = {"sizes": sizes, "start": start | tracked, "moved": moved | tracked, "steps": steps, "lr": 0.1}
        given["slopes"] = {key: torch.randn(w.shape, generator=generator) for key, w in start.items()}
        given["alpha"], given["beta"] = uniform(0.5, 2.0), uniform(0.05, 0.4) if beta is None else beta
        return Case(name, given)

    everything, vectors = ("backbone", "head"), ("bias", "backbone.1")
    return [
        network("at the start only the head costs something", ()),
        network("the penalty grows with the squared distance from the start", everything),
        network("biases and normalisation weights are anchored too", vectors),
        network("a backbone layer called header is not the head", ("header",), beta=0.05),
        network("the anchor stays where it was during training", (), steps=5),
        network("with beta = 0 the head is free", everything, steps=2, beta=0.0),
    ]


def _shapes(sizes: list[int]) -> dict[str, tuple[int, ...]]:
    """Floating-point entries of the network's state."""
    inputs, width, classes = sizes
    norm = {f"backbone.1.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}
    backbone = {"backbone.0.weight": (width, inputs), "backbone.0.bias": (width,), **norm}
    header = {"header.weight": (width, width), "header.bias": (width,)}
    return {**backbone, **header, "head.weight": (classes, width), "head.bias": (classes,)}


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first thing that is not as the formula says."""
    given, problem = case.given, field(got, "problem")
    if problem is not None:
        raise Mismatch("the penalty", "a scalar tensor with a gradient from every call", problem)
    alpha, beta = given["alpha"], given["beta"]
    value, gradients, weights = 0.0, {}, {}
    for name, moved in given["moved"].items():
        weights[name] = moved
        if name in BUFFERS:
            continue
        in_head = name in ("head.weight", "head.bias")
        strength, anchor = (beta, torch.zeros(())) if in_head else (alpha, given["start"][name].double())
        offset = moved.double() - anchor
        value += 0.5 * strength * float((offset**2).sum())
        gradients[name] = strength * offset
        for _ in range(given["steps"]):
            offset = offset - given["lr"] * (strength * offset + given["slopes"][name].double())
        weights[name] = anchor + offset
    setting = f"alpha={alpha:.3g}, beta={beta:.3g}"
    expect_close(f"value of the penalty ({setting})", value, field(got, "value"))
    for name, gradient in gradients.items():
        got_gradient = field(field(got, "gradients"), name)
        expect_close(f"gradient of the penalty for {name} ({setting})", gradient, got_gradient, atol=1e-5)
    after = field(got, "weights")
    expect_equal("entries of the model's state_dict()", sorted(weights), sorted(after))
    for name, expected in weights.items():
        when = f"after {given['steps']} steps of SGD ({setting})" if given["steps"] else "after the call"
        expect_close(f"{name} {when}", expected, after[name], atol=1e-5)
