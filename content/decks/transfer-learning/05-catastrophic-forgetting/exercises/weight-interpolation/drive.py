"""Interpolates two states of a small network, loads the result, runs it, and then writes into the result."""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn


class Net(nn.Module):
    """Linear, BatchNorm, ReLU, linear."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        inputs, width, classes = sizes
        self.first = nn.Linear(inputs, width)
        self.norm = nn.BatchNorm1d(width)
        self.last = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.last(self.norm(self.first(x)).relu())
        return logits


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`raised`, or the result's `state` and `dtypes`, its `logits`, and both inputs before and after writing."""
    states = {side: _copied(given[side]) for side in ("pretrained", "fine_tuned")}
    try:
        result = submission.interpolate_weights(states["pretrained"], states["fine_tuned"], given["alpha"])
    except ValueError as error:
        return {"raised": f"ValueError: {error}"}
    if not isinstance(result, dict):
        return {"raised": None, "problem": f"a value of type {type(result).__name__}"}
    if others := [str(name) for name, value in result.items() if not isinstance(value, torch.Tensor)]:
        return {"raised": None, "problem": f"a dict with other values than tensors under {', '.join(others)}"}
    report: dict[str, Any] = {
        "raised": None,
        "problem": None,
        "state": _copied(result),
        "logits": _logits(result, given),
    }
    report["dtypes"] = {str(name): str(tensor.dtype) for name, tensor in result.items()}
    report["inputs"] = {side: _copied(state) for side, state in states.items()}
    with torch.no_grad():
        for tensor in result.values():
            tensor.zero_()
    return report | {"inputs_after_writing": {side: _copied(state) for side, state in states.items()}}


def _copied(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {str(name): tensor.detach().clone() for name, tensor in state.items()}


def _logits(state: dict[str, torch.Tensor], given: dict[str, Any]) -> torch.Tensor | str:
    """Of the network in eval mode, or why the state cannot be loaded."""
    model = Net(given["sizes"]).eval()
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        return str(error)
    with torch.no_grad():
        logits: torch.Tensor = model(given["x"])
        return logits
