"""Domain adaptation: CORAL on tiny integers, DANN's ramp, the reversed gradient."""

from __future__ import annotations

import math
import random
from typing import Any

import torch
from torch import Tensor

from study.computed.building import ONE_PERCENT, show
from study.computed.registry import Draft, generator
from study.drawn import Tolerance, number_answer


@generator
def coral_loss(rng: random.Random) -> Draft:
    while True:
        domains = [_three_points(rng) for _ in range(2)]
        source, target = (torch.tensor(points, dtype=torch.float64).T.cov() for points in domains)
        squared = (source - target).square().sum().item()
        if squared > 0:
            break
    value = squared / (4 * 2**2)
    biased = squared * (2 / 3) ** 2 / 16
    once = squared - (source - target)[0, 1].square().item()
    slips = {
        "That leaves out the division by 4 d².": squared,
        "That divides the covariances by n; CORAL uses n - 1.": biased,
        "That counts the off-diagonal entry once; it occurs twice in the matrix.": once / 16,
        "That takes the norm itself; CORAL squares it.": math.sqrt(squared) / 16,
        "That divides by 4 d; the formula has d².": squared / 8,
    }
    listed = ["; ".join(map(str, map(tuple, points))) for points in domains]
    return Draft(
        r"CORAL is $\frac{1}{4 d^2} \lVert C_S - C_T \rVert_F^2$ with the covariance matrices of the features (divided "
        r"by $n - 1$)."
        f" Features with $d = 2$ of three images each (each domain has mean (0, 0)):\n\n- source: {listed[0]}\n"
        f"- target: {listed[1]}\n\nHow large is the CORAL loss?",
        number_answer(value, ONE_PERCENT, slips=slips),
        [
            "The means are 0, so an entry of a covariance is the sum of products over the three images, divided by 2.",
            f"Source {_matrix(source)}, target {_matrix(target)}; rows are separated by semicolons.",
            f"Difference {_matrix(source - target)}; sum of its four squares {show(squared)}.",
            f"{show(squared)} / (4 × 2²) = {show(value)}",
        ],
        {"source": domains[0], "target": domains[1]},
    )


def _three_points(rng: random.Random) -> list[list[int]]:
    """With mean (0, 0)."""
    first, second = ([rng.randint(-3, 3) for _ in range(2)] for _ in range(2))
    return [first, second, [-a - b for a, b in zip(first, second, strict=True)]]


def _matrix(matrix: Tensor) -> str:
    return f"[{'; '.join(', '.join(map(show, row)) for row in matrix.tolist())}]"


@generator
def dann_ramp(rng: random.Random) -> Draft:
    total = rng.choice([1000, 2000, 5000, 8000, 10000])
    step = total * rng.randint(1, 45) // 100
    progress = torch.tensor(step / total, dtype=torch.float64)
    value = (2 / (1 + torch.exp(-10 * progress)) - 1).item()
    share = step / total
    slips = {
        "That is the progress itself; the ramp is steeper.": share,
        "That leaves out the factor 2 and the - 1.": 1 / (1 + math.exp(-10 * share)),
        "That leaves out the 10.": 2 / (1 + math.exp(-share)) - 1,
        "That leaves out the - 1.": value + 1,
    }
    return Draft(
        r"DANN ramps the weight of the reversed gradient up as $\lambda = \frac{2}{1 + e^{-10 p}} - 1$, where $p$ is "
        r"the share of "
        f"training that is done. Training takes {show(total)} steps.\n\nHow large is $\\lambda$ after {show(step)} of "
        "them?",
        number_answer(value, Tolerance("absolute", 0.01), slips=slips),
        [
            f"Progress: {show(step)} / {show(total)} = {show(share)}.",
            f"e^(-{show(10 * share)}) = {show(math.exp(-10 * share))}",
            f"2 / (1 + {show(math.exp(-10 * share))}) - 1 = {show(value)}",
        ],
        {"step": step, "total": total},
    )


class _Reverse(torch.autograd.Function):
    """The gradient reversal layer (Ganin 2016)."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:
        return -ctx.weight * gradients[0], None


@generator
def reversed_gradient(rng: random.Random) -> Draft:
    label, domain = rng.choice([-1, 1]) * rng.randint(1, 30) / 10, rng.choice([-1, 1]) * rng.randint(1, 30) / 10
    weight = rng.choice([0.1, 0.2, 0.25, 0.5, 0.8])
    feature = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    loss = label * feature + domain * _Reverse.apply(feature, weight)
    loss.backward()
    assert feature.grad is not None
    value = feature.grad.item()
    slips = {
        "The reversal changes the sign of the domain gradient on its way to the backbone.": label + weight * domain,
        "That leaves out the weight of the reversal.": label - domain,
        "That is the domain gradient alone; the label loss acts as well.": -weight * domain,
        "That reverses the label gradient; the reversal stands before the domain classifier only.": weight * domain
        - label,
    }
    return Draft(
        "In DANN a feature $h$ feeds the label head directly and the domain classifier through a gradient reversal "
        f"layer of weight {weight}. The loss is label loss + domain loss. In the backward pass the label head sends "
        f"the gradient {label} to $h$, and the domain classifier sends {domain} to its own input, that is, to the "
        "output of the reversal layer.\n\nWhich gradient does $h$ get in all?",
        number_answer(value, Tolerance("absolute", 0.005), slips=slips),
        [
            f"The reversal layer multiplies by -{weight}: {domain} becomes {show(-weight * domain)}.",
            f"Sum: {label} + ({show(-weight * domain)}) = {show(value)}",
        ],
        {"label": label, "domain": domain, "weight": weight},
    )
