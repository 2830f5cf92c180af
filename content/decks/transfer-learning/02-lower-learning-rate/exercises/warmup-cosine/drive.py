"""Lets SGD take steps on one number per group with gradient 1: how far it moves is the rate that was used."""

from __future__ import annotations

import types
from typing import Any

import torch


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`rates`: for every step, the rate that each group really used."""
    weights = [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in given["peaks"]]
    optimizer = torch.optim.SGD([{"params": [w], "lr": peak} for w, peak in zip(weights, given["peaks"], strict=True)])
    scheduler = submission.warmup_cosine(optimizer, given["warmup_steps"], given["total_steps"], given["floor"])
    if not callable(getattr(scheduler, "step", None)):
        return {"returned": type(scheduler).__name__}
    rates = []
    for _ in range(given["steps"]):
        for weight in weights:
            weight.data.zero_()
            weight.grad = torch.ones_like(weight)
        optimizer.step()
        scheduler.step()
        rates.append([0.0 - weight.item() for weight in weights])
    return {"returned": "scheduler", "rates": rates}
