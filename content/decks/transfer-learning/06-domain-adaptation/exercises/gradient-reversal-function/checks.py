"""Gradients of the two heads, the backbone and a second branch, written out by hand in float64."""

from __future__ import annotations

import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field


def cases(generator: torch.Generator) -> list[Case]:
    """`label_head`: a label loss acts on the features; `other`: a branch is added to what the domain head sees."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def strength() -> float:
        return draw(15, 60) / 100

    def wiring(name: str, *strengths: float, label_head: bool = False, other: bool = False) -> Case:
        batch, inputs, width, classes = draw(4, 7), draw(3, 5), draw(3, 5), draw(3, 4)
        shapes = {"backbone": (inputs, width), "domain": (width,), "label": (width, classes), "other": (inputs, width)}
        weights = {key: 0.6 * torch.randn(shape, generator=generator) for key, shape in shapes.items()}
        given = {"weights": weights, "inputs": torch.randn(batch, inputs, generator=generator)}
        given["domains"] = torch.arange(batch).remainder(2).float()
        given["labels"] = torch.randint(classes, (batch,), generator=generator)
        return Case(name, given | {"strengths": list(strengths), "label_head": label_head, "other": other})

    return [
        wiring("forward, the features are unchanged", strength()),
        wiring("the gradient comes back times minus the strength", strength()),
        wiring("a strength above 1 is passed on as it is", 1.0 + draw(1, 4)),
        wiring("at strength 0 the backbone gets a gradient of zeros", 0.0),
        wiring("a label head on the same features keeps its gradient", strength(), label_head=True),
        wiring("a branch that is added after the reversal keeps its gradient", strength(), other=True),
        wiring("two calls keep their own strengths", strength(), 1 + strength()),
    ]


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first value or gradient that is not as written out here."""
    given, problem = case.given, field(got, "problem")
    if problem is not None:
        raise Mismatch("what the function returns", "a tensor of the features' shape, computed from them", problem)
    weights = {name: weight.double() for name, weight in given["weights"].items()}
    inputs = given["inputs"].double()
    features = inputs @ weights["backbone"]
    returned, kept = field(got, "reversed"), field(got, "features")
    expect_equal("number of calls", len(given["strengths"]), len(returned))
    for values in returned:
        expect_close("what the function returns, forward", features, values, atol=1e-5)
    expect_close("the features after the backward pass", field(kept, "before"), field(kept, "after"), rtol=0, atol=0)

    expected = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    at_features = torch.zeros_like(features)
    for strength in given["strengths"]:
        seen = features + inputs @ weights["other"] * given["other"]
        error = (1 / (1 + torch.exp(-seen @ weights["domain"])) - given["domains"]) / len(seen)
        at_seen = error[:, None] * weights["domain"]
        expected["domain"] += seen.T @ error
        expected["other"] += inputs.T @ at_seen * given["other"]
        at_features -= strength * at_seen
    if given["label_head"]:
        scores = torch.exp(features @ weights["label"])
        scores = scores / scores.sum(1, keepdim=True)
        scores[torch.arange(len(scores)), given["labels"]] -= 1
        expected["label"] = features.T @ scores / len(scores)
        at_features += scores @ weights["label"].T / len(scores)
    expected["backbone"] = inputs.T @ at_features
    names = {
        "domain": "the domain head",
        "other": "the branch added after the reversal",
        "label": "the label head",
        "backbone": "the backbone",
    }
    strengths = " and ".join(f"{strength:.3g}" for strength in given["strengths"])
    for key, name in names.items():
        gradient = field(field(got, "gradients"), key)
        expect_close(f"gradient of {name}, strength {strengths}", expected[key], gradient, atol=1e-5)
