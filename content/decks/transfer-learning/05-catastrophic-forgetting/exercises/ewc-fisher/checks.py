"""The Fisher diagonal from backpropagation by hand, example by example and class by class, in float64."""

from __future__ import annotations

import torch
from torch import Tensor

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

EPS = 1e-5  # BatchNorm's default


def cases(generator: torch.Generator) -> list[Case]:
    """In eval mode and without BatchNorm, dropout and earlier gradients unless the name says otherwise."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def classifier(name: str, examples: int, sharpness: float = 1.0, **changes: Plain) -> Case:
        sizes = [draw(3, 4), draw(3, 4), draw(3, 4)]
        given = {"sizes": sizes, "norm": False, "training": False, "norm_training": True, "freeze_first": False}
        given = given | {"grads": {}, "inputs": torch.randn(examples, sizes[0], generator=generator)} | changes
        shapes = _shapes(sizes, norm=bool(given["norm"]))
        state = {key: torch.randn(shape, generator=generator) for key, shape in shapes.items()}
        state["last.weight"] *= sharpness
        if given["norm"]:
            state["norm.running_var"] = state["norm.running_var"].square() + 0.5
            state["norm.num_batches_tracked"] = torch.tensor(draw(1, 50))
        if given["grads"] == "some":
            given["grads"] = {
                key: torch.randn(shapes[key], generator=generator) for key in ("first.weight", "last.bias")
            }
        return Case(name, given | {"state": state})

    trained = {"norm": True, "training": True}
    return [
        classifier("one example gives the mean over its classes", 1),
        classifier("gradients are squared before they are averaged over examples", draw(5, 8)),
        classifier("every class counts with its predicted probability", draw(3, 6), sharpness=1.5),
        classifier("parameters that need no gradient are left out", draw(2, 4), freeze_first=True),
        classifier("gradients that were there before stay", draw(2, 4), grads="some"),
        classifier("a model in train mode is evaluated in eval mode", draw(3, 6), **trained),
        classifier("a BatchNorm kept in eval mode stays in it", draw(3, 6), norm_training=False, **trained),
    ]


def _shapes(sizes: list[int], norm: bool) -> dict[str, tuple[int, ...]]:
    """Floating-point entries of the network's state."""
    inputs, width, classes = sizes
    shapes: dict[str, tuple[int, ...]] = {"first.weight": (width, inputs), "first.bias": (width,)}
    if norm:
        shapes |= {f"norm.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}
    return shapes | {"last.weight": (classes, width), "last.bias": (classes,)}


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first tensor, gradient or mode that is not as it should be."""
    given, problem = case.given, field(got, "problem")
    if problem is not None:
        raise Mismatch("what the function returns", "a dict of tensors", problem)
    expected = _fisher(given)
    fisher = field(got, "fisher")
    expect_equal("names in the returned dict", sorted(expected), sorted(fisher))
    for name, values in expected.items():
        expect_close(f"Fisher information of {name}, {len(given['inputs'])} examples", values, fisher[name], rtol=1e-3)

    for name, tensor in given["state"].items():
        expect_close(f"{name} afterwards", tensor, field(field(got, "state"), name), rtol=0, atol=0)
    for name, gradient in field(got, "grads").items():
        if name not in given["grads"]:
            expect_equal(f".grad of {name} afterwards", None, gradient)
        else:
            expect_close(f".grad of {name} afterwards", given["grads"][name], gradient, rtol=0, atol=0)
    modules = ["", "first", "norm", "dropout", "last"] if given["training"] else []
    modules = [name for name in modules if name != "norm" or given["norm_training"]]
    expect_equal("modules in train mode afterwards ('' is the model)", modules, field(got, "in_train_mode"))
    frozen = ("first.weight", "first.bias") if given["freeze_first"] else ()
    needing = [name for name in _shapes(given["sizes"], given["norm"]) if name not in frozen and "running" not in name]
    expect_equal("parameters that need a gradient afterwards", needing, field(got, "need_gradient"))


def _fisher(given: dict[str, Plain]) -> dict[str, Tensor]:
    """Sum over examples and classes of probability times squared gradient, over the number of examples."""
    state = {name: tensor.double() for name, tensor in given["state"].items()}
    total: dict[str, Tensor] = {}
    for x in given["inputs"].double():
        for probability, gradients in _gradients(state, x, given["norm"]):
            for name, gradient in gradients.items():
                total[name] = total.get(name, 0) + probability * gradient**2 / len(given["inputs"])
    return {name: values for name, values in total.items() if not (given["freeze_first"] and name.startswith("first"))}


def _gradients(state: dict[str, Tensor], x: Tensor, norm: bool) -> list[tuple[float, dict[str, Tensor]]]:
    """For each class its probability, and the gradients of its log-probability by the chain rule."""
    before = state["first.weight"] @ x + state["first.bias"]
    scale, normed, shifted = torch.ones(()), before, before
    if norm:
        scale = 1 / (state["norm.running_var"] + EPS).sqrt()
        normed = (before - state["norm.running_mean"]) * scale
        shifted = state["norm.weight"] * normed + state["norm.bias"]
    hidden = shifted.tanh()
    scores = (state["last.weight"] @ hidden + state["last.bias"]).exp()
    probabilities = scores / scores.sum()
    result = []
    for c, probability in enumerate(probabilities.tolist()):
        at_logits = -probabilities.clone()
        at_logits[c] += 1
        at_shifted = state["last.weight"].T @ at_logits * (1 - hidden**2)
        at_before = at_shifted * scale * (state["norm.weight"] if norm else 1)
        gradients = {"last.weight": at_logits.outer(hidden), "last.bias": at_logits}
        if norm:
            gradients |= {"norm.weight": at_shifted * normed, "norm.bias": at_shifted}
        result.append((probability, gradients | {"first.weight": at_before.outer(x), "first.bias": at_before}))
    return result
