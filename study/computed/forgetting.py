"""Penalties and mixtures against forgetting, on a few weights that can be checked by hand."""

from __future__ import annotations

import math
import random

import torch
from torch import nn

from study.computed.building import ONE_PERCENT, show
from study.computed.registry import Draft, generator
from study.drawn import Tolerance, number_answer


def _row(values: list[float]) -> str:
    return f"({', '.join(map(show, values))})"


@generator
def l2_sp_penalty(rng: random.Random) -> Draft:
    start = [rng.randint(-20, 20) / 10 for _ in range(3)]
    moves = [rng.choice([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]) / 10 for _ in range(3)]
    now = [round(a + b, 1) for a, b in zip(start, moves, strict=True)]
    head = [rng.choice([-3, -2, -1, 1, 2, 3]) / 2 for _ in range(2)]
    alpha, beta = rng.choice([0.1, 0.2, 0.5, 1.0]), rng.choice([0.01, 0.02, 0.1])
    weights, anchor, new = (torch.tensor(values, dtype=torch.float64) for values in (now, start, head))
    far, size = (weights - anchor).square().sum().item(), new.square().sum().item()
    value = alpha / 2 * far + beta / 2 * size
    slips = {
        "That leaves out the halves.": 2 * value,
        "That leaves out the head, which is pulled to 0.": alpha / 2 * far,
        "That pulls the backbone to 0, as weight decay does; L2-SP pulls it to the start.": alpha
        / 2
        * weights.square().sum().item()
        + beta / 2 * size,
        "That adds distances; the penalty adds their squares.": alpha / 2 * sum(map(abs, moves))
        + beta / 2 * sum(map(abs, head)),
    }
    return Draft(
        r"L2-SP adds $\frac{\alpha}{2} \lVert w - w_0 \rVert^2 + \frac{\beta}{2} \lVert v \rVert^2$ to the loss, with "
        r"backbone "
        f"weights $w$ that started at $w_0$, and the new head's weights $v$. Now $w$ = {_row(now)}, $w_0$ = "
        f"{_row(start)}, $v$ = {_row(head)}, $\\alpha$ = {alpha}, $\\beta$ = {beta}.\n\n"
        "How large is the L2-SP penalty?",
        number_answer(value, ONE_PERCENT, slips=slips),
        [
            f"Moves: {_row(moves)}; sum of squares {show(far)}.",
            f"Head: sum of squares {show(size)}.",
            f"{alpha} / 2 × {show(far)} + {beta} / 2 × {show(size)} = {show(value)}",
        ],
        {"now": now, "start": start, "head": head, "alpha": alpha, "beta": beta},
    )


@generator
def ewc_penalty(rng: random.Random) -> Draft:
    gradients = [[float(rng.randint(-4, 4)) for _ in range(2)] for _ in range(rng.choice([2, 4]))]
    gradients[0] = [float(rng.choice([1, 2, 3])), float(rng.choice([-3, -1, 2]))]  # no weight without any Fisher
    moves, strength = [rng.choice([-3, -2, -1, 1, 2, 3]) / 10 for _ in range(2)], rng.choice([1, 10, 20, 100])
    theta = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    rows = [torch.autograd.grad(theta @ torch.tensor(row, dtype=torch.float64), theta)[0] for row in gradients]
    stacked, shift = torch.stack(rows), torch.tensor(moves, dtype=torch.float64)
    fisher = stacked.square().mean(dim=0)
    value = strength / 2 * (fisher * shift.square()).sum().item()
    slips = {
        "That squares the mean gradient; the Fisher is the mean of the squares.": strength
        / 2
        * (stacked.mean(dim=0).square() * shift.square()).sum().item(),
        "That leaves out the half.": 2 * value,
        "That sums over the examples; the Fisher is their mean.": len(gradients) * value,
        "That weighs all weights alike; the Fisher is what EWC adds.": strength / 2 * shift.square().sum().item(),
    }
    listed = "; ".join(_row(row) for row in gradients)
    products = " + ".join(f"{show(f)} × {show(m**2)}" for f, m in zip(fisher.tolist(), moves, strict=True))
    return Draft(
        r"EWC adds $\frac{\lambda}{2} \sum_i F_i (\theta_i - \theta_i^*)^2$, with $F_i$ the diagonal of the empirical "
        r"Fisher "
        f"information. For two weights, the gradients of the log-likelihood of {len(gradients)} single examples of "
        f"the old task are {listed}. Since then the weights have moved by {_row(moves)}; $\\lambda$ = "
        f"{strength}.\n\nHow large is the EWC penalty?",
        number_answer(value, ONE_PERCENT, slips=slips),
        [
            f"Fisher: mean of the squared gradients, {_row(fisher.tolist())}.",
            f"Squared moves: {_row(shift.square().tolist())}.",
            f"{strength} / 2 × ({products}) = {show(value)}",
        ],
        {"gradients": gradients, "moves": moves, "strength": strength},
    )


@generator
def interpolated_output(rng: random.Random) -> Draft:
    share, inputs = rng.choice([0.25, 0.4, 0.5, 0.6, 0.75, 0.8]), [float(rng.randint(1, 4)) for _ in range(2)]
    while True:
        old, new = ([float(rng.randint(-3, 5)) for _ in range(3)] for _ in range(2))
        outputs = [_neuron(values, inputs) for values in (old, new)]
        start, end = (torch.tensor(values, dtype=torch.float64) for values in (old, new))
        mixed = torch.lerp(start, end, share).tolist()
        value = _neuron(mixed, inputs)
        if value > 0.1 and old != new:
            break
    swapped = [a * share + b * (1 - share) for a, b in zip(old, new, strict=True)]
    slips = {
        "That takes the shares the wrong way round.": _neuron(swapped, inputs),
        "That averages the outputs; here the weights are averaged, and ReLU comes after.": (1 - share) * outputs[0]
        + share * outputs[1],
        "That is the fine-tuned model.": outputs[1],
        "That is the pretrained model.": outputs[0],
    }
    return Draft(
        "Weight-space interpolation (WiSE-FT): every parameter becomes $(1 - a)$ × pretrained + $a$ × fine-tuned. Of "
        f"a model that is one neuron, $\\mathrm{{relu}}(w_1 x_1 + w_2 x_2 + b)$, the parameters $(w_1, w_2, b)$ were "
        f"{_row(old)} pretrained and are {_row(new)} fine-tuned. Take $a$ = {share}.\n\nWhat does the interpolated "
        f"model give for the input {_row(inputs)}?",
        number_answer(value, ONE_PERCENT, slips=slips),
        [
            f"Parameters: {show(1 - share)} × {_row(old)} + {share} × {_row(new)} = {_row(mixed)}.",
            f"Output: {show(mixed[0])} × {show(inputs[0])} + {show(mixed[1])} × {show(inputs[1])} + {show(mixed[2])} "
            f"= {show(value)}",
        ],
        {"share": share, "inputs": inputs, "old": old, "new": new},
    )


def _neuron(parameters: list[float], inputs: list[float]) -> float:
    with torch.device("meta"):
        linear = nn.Linear(2, 1, dtype=torch.float64)
    state = {"weight": torch.tensor([parameters[:2]]).double(), "bias": torch.tensor(parameters[2:]).double()}
    linear.load_state_dict(state, assign=True)
    return linear(torch.tensor(inputs, dtype=torch.float64)).relu().item()


@generator
def soft_target(rng: random.Random) -> Draft:
    logits, temperature = [rng.randint(4, 8), rng.randint(0, 4), rng.randint(-3, 3)], rng.choice([2, 3, 4, 5])
    scores = torch.tensor(logits, dtype=torch.float64)
    value = torch.softmax(scores / temperature, dim=0)[0].item()
    exponents = [math.exp(z / temperature) for z in logits]
    slips = {
        "That is at temperature 1.": torch.softmax(scores, dim=0)[0].item(),
        "That multiplies by the temperature; dividing softens.": torch.softmax(scores * temperature, dim=0)[0].item(),
        "That divides the logits by their sum; softmax takes exponentials first.": logits[0] / (sum(logits) or 1),
    }
    return Draft(
        "Learning without Forgetting keeps the old outputs as soft targets. On a new image the old head gives the "
        f"logits {tuple(logits)} for three classes; the temperature is {temperature}.\n\nWhich probability does the "
        "soft target give to the first class? (0 to 1, or in %)",
        number_answer(value, Tolerance("absolute", 0.01), slips=slips),
        [
            f"Divide by the temperature: {_row([z / temperature for z in logits])}.",
            f"Exponentials: {_row(exponents)}; sum {show(sum(exponents))}.",
            f"{show(exponents[0])} / {show(sum(exponents))} = {show(value)}",
        ],
        {"logits": logits, "temperature": temperature},
    )
