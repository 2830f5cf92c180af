"""Builds a network and an optimiser, loads the checkpoint, takes one step with gradients 1, and reports the state."""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn


class Net(nn.Module):
    """Linear, BatchNorm and a head. It is never run."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        inputs, width, classes = sizes
        self.first = nn.Linear(inputs, width)
        self.norm = nn.BatchNorm1d(width)
        self.head = nn.Linear(width, classes)


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`raised`, or the two lists, the state `loaded` and `stepped`, and the `checkpoint` at the end."""
    model = Net(given["sizes"])
    model.load_state_dict(given["own"])
    optimizer = torch.optim.SGD(model.parameters(), lr=given["lr"])
    checkpoint = _copied(given["checkpoint"])
    try:
        result = submission.load_what_fits(model, checkpoint)
    except ValueError as error:
        return {"raised": f"ValueError: {error}"}
    if not isinstance(result, tuple) or len(result) != 2 or not all(isinstance(names, list) for names in result):
        return {"raised": None, "problem": f"a value of type {type(result).__name__}"}
    report: dict[str, Any] = {"raised": None, "problem": None, "loaded": _copied(model.state_dict())}
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    skipped, untouched = ([str(name) for name in names] for names in result)
    report |= {"skipped": skipped, "untouched": untouched, "stepped": _copied(model.state_dict())}
    return report | {"checkpoint": _copied(checkpoint)}


def _copied(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in state.items()}
