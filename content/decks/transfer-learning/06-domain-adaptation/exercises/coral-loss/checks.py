"""Loss and gradients from covariances that numpy works out in float64, and the gradient's closed form."""

from __future__ import annotations

import numpy as np
import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, field


def cases(generator: torch.Generator) -> list[Case]:
    """Features with a covariance of their own in each domain."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def batch(size: int, width: int) -> torch.Tensor:
        return torch.randn(size, width, generator=generator) @ torch.randn(width, width, generator=generator)

    def batches(name: str, sizes: tuple[int, int], width: int, mean: float = 0.0) -> Case:
        return Case(name, {"source": batch(sizes[0], width) + mean, "target": batch(sizes[1], width) + mean})

    size, width = draw(6, 9), draw(3, 5)
    shift = torch.randn(width, generator=generator) + 3
    shifted = batch(size, width)
    return [
        batches("the loss of two batches of one size", (size, size), width),
        batches("small batches use n - 1", (3, 3), draw(2, 3)),
        batches("batches of different sizes", (draw(4, 6), draw(9, 12)), draw(3, 5)),
        batches("one feature is enough", (draw(4, 6), draw(7, 9)), 1),
        Case("a shift of all target features changes nothing", {"source": shifted, "target": shifted + shift}),
        batches("the gradient flows into both batches", (draw(6, 9), draw(6, 9)), draw(3, 5)),
        batches("large means do not cost accuracy", (draw(20, 30), draw(20, 30)), draw(3, 5), mean=3000.0),
    ]


def check(case: Case, got: Plain) -> None:
    """Mismatch if the loss or one of the two gradients is not as the formula says."""
    problem = field(got, "problem")
    if problem is not None:
        raise Mismatch("what the function returns", "a scalar tensor with a gradient", problem)
    batches = {name: case.given[name].double().numpy() for name in ("source", "target")}
    width = batches["source"].shape[1]
    centred = {name: x - x.mean(axis=0) for name, x in batches.items()}
    covariances = {name: np.einsum("ni,nj->ij", x, x) / (len(x) - 1) for name, x in centred.items()}
    difference = covariances["source"] - covariances["target"]
    shapes = f"source {batches['source'].shape}, target {batches['target'].shape}"
    loss = float((difference**2).sum()) / (4 * width**2)
    expect_close(f"loss ({shapes})", loss, field(got, "loss"), rtol=1e-3, atol=1e-6)
    for name, sign in (("source", 1), ("target", -1)):
        gradient = sign * centred[name] @ difference / (width**2 * (len(centred[name]) - 1))
        what = f"gradient for the {name} batch ({shapes})"
        expect_close(what, torch.from_numpy(gradient), field(got, name), rtol=1e-3, atol=1e-4)
