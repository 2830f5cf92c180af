"""Discriminative learning rates: real parameter groups are built, stepped by a scheduler, and read."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from study.computed.building import ONE_PERCENT, code, show
from study.computed.registry import Draft, generator
from study.drawn import number_answer


def _optimizer(rates: Sequence[float]) -> torch.optim.SGD:
    """One parameter group for each rate."""
    return torch.optim.SGD([{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates])


def _rates(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


@generator
def group_rate(rng: random.Random) -> Draft:
    lr, factor, stages = (
        rng.choice([0.01, 0.02, 0.005, 0.001, 0.003]),
        rng.choice([0.9, 0.8, 0.7, 0.5, 0.3]),
        rng.randint(4, 6),
    )
    parts = ["stem", *(f"stage{n}" for n in range(1, stages + 1)), "head"]
    asked = rng.randrange(len(parts) - 2)
    depth = len(parts) - 1 - asked
    rate = _rates(_optimizer([lr * factor ** (len(parts) - 1 - n) for n in range(len(parts))]))[asked]
    slips = {
        "That is one factor too many: the head itself has exponent 0.": lr * factor ** (depth + 1),
        "That is one factor too few: the part just below the head has one already.": lr * factor ** (depth - 1),
        "That counts from the input; the head has the full rate.": lr * factor**asked,
        "That divides by the factor; parts below the head are slower.": lr / factor**depth,
    }
    return Draft(
        f"A network consists, from the input to the output, of {', '.join(parts)}; each is a parameter group. The "
        f"head has the rate {lr}; each group below has {factor} times the rate of the group above it.\n\nWhat is the "
        f"rate of {parts[asked]}?",
        number_answer(rate, ONE_PERCENT, slips=slips),
        [
            f"From the head down to {parts[asked]} there are {depth} steps.",
            f"{factor}^{depth} = {show(factor**depth)}",
            f"Rate: {lr} × {show(factor**depth)} = {show(rate)}",
        ],
        {"lr": lr, "factor": factor, "stages": stages, "asked": asked},
    )


@generator
def cosine_floor_ratio(rng: random.Random) -> Draft:
    head, ratio, below = rng.choice([0.1, 0.02, 0.01]), rng.choice([5, 10, 20, 50]), rng.choice([2, 4, 5, 10])
    last, part = rng.choice([12, 24, 30, 60]), rng.choice([(1, 3), (1, 2), (2, 3)])
    epoch, body = last * part[0] // part[1], head / ratio
    floor = body / below
    optimizer = _optimizer([body, head])
    scheduler = CosineAnnealingLR(optimizer, T_max=last, eta_min=floor)
    for _ in range(epoch):
        optimizer.step()
        scheduler.step()
    slow, fast = _rates(optimizer)
    height = {(1, 3): 0.75, (1, 2): 0.5, (2, 3): 0.25}[part]
    slips = {
        "That is the ratio at the start. `eta_min` is the same for both groups, so it is not kept.": ratio,
        "That is the ratio at the end: both groups are at the floor.": 1.0,
        "That forgets to add the floor, which both groups stand on.": (head - floor) / (body - floor),
    }
    block = f"""
optimizer = torch.optim.SGD([
    {{"params": body.parameters(), "lr": {show(body)}}},
    {{"params": head.parameters(), "lr": {head}}},
])
scheduler = CosineAnnealingLR(optimizer, T_max={last}, eta_min={show(floor)})
"""
    return Draft(
        f"{code(block)}\n\n`scheduler.step()` is called once at the end of every epoch; epochs are counted from 0.\n\n"
        f"How many times the rate of the body is the rate of the head in epoch {epoch}?",
        number_answer(fast / slow, ONE_PERCENT, slips=slips),
        [
            r"Each group has $\eta_{min} + (\eta_{start} - \eta_{min}) \cdot (1 + \cos(\pi t / T)) / 2$, with the same "
            r"$\eta_{min}$.",
            f"{epoch} / {last} of the way the cosine's height, (1 + cos) / 2, is {height}.",
            f"Body: {show(floor)} + {show(body - floor)} × {height} = {show(slow)}.",
            f"Head: {show(floor)} + {show(head - floor)} × {height} = {show(fast)}.",
            f"Ratio: {show(fast / slow)}",
        ],
        {"head": head, "ratio": ratio, "below": below, "last": last, "epoch": epoch},
    )


@generator
def decay_for_ratio(rng: random.Random) -> Draft:
    lr, parts = rng.choice([0.1, 0.02, 0.01, 0.001]), rng.randint(3, 8)
    slower = rng.choice([2, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 81, 100, 128])
    spaced = torch.logspace(
        0, -torch.tensor(float(slower), dtype=torch.float64).log10().item(), parts, dtype=torch.float64
    )
    rates = _rates(_optimizer([lr * share for share in spaced.tolist()]))
    factor = rates[1] / rates[0]
    slips = {
        f"{parts} groups have {parts - 1} steps between them.": slower ** (-1 / parts),
        f"That divides evenly; the factor is applied {parts - 1} times, so take a root.": 1 / slower / (parts - 1),
        "That is the factor upwards, from the stem to the head.": 1 / factor,
        "That is the whole ratio, not one step of it.": 1 / slower,
    }
    return Draft(
        f"A network is split into {parts} parameter groups, stem first and head last. Each group shall have the rate "
        f"of the group above it times the same factor $d$. The head has {lr}; the stem shall be {slower} times "
        "slower.\n\nWhich $d$ does that?",
        number_answer(factor, ONE_PERCENT, slips=slips),
        [
            f"From the head to the stem there are {parts} - 1 = {parts - 1} steps, so $d^{{{parts - 1}}}$ = 1 / "
            f"{slower}.",
            f"d = (1 / {slower})^(1 / {parts - 1}) = {show(factor)}",
        ],
        {"lr": lr, "parts": parts, "slower": slower},
    )
