"""Moves the weights of a small network, or trains it with the penalty; reports value, gradients and weights."""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn


class Net(nn.Module):
    """Linear and BatchNorm, a layer called `header`, then the head. Only its parameters matter here."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        inputs, width, classes = sizes
        self.backbone = nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width))
        self.header = nn.Linear(width, width)
        self.head = nn.Linear(width, classes)


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`value` and `gradients` at the moved weights; `weights`: the whole state after `steps` of SGD."""
    model = Net(given["sizes"])
    model.load_state_dict(given["start"])
    penalty = submission.L2SP(model, "head", given["alpha"], given["beta"])
    if not callable(penalty):
        return {"problem": f"an object that cannot be called, of type {type(penalty).__name__}"}
    model.load_state_dict(given["moved"])
    value = penalty()
    if not isinstance(value, torch.Tensor) or value.ndim > 0:
        shape = f" of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else ""
        return {"problem": f"from a call, a value of type {type(value).__name__}{shape}"}
    if not value.requires_grad:
        return {"problem": "a tensor without gradient (requires_grad is False)"}
    value.backward()
    gradients = {
        name: torch.zeros_like(p) if p.grad is None else p.grad.clone() for name, p in model.named_parameters()
    }
    _train(model, penalty, given)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return {"problem": None, "value": value.item(), "gradients": gradients, "weights": weights}


def _train(model: nn.Module, penalty: Any, given: dict[str, Any]) -> None:
    """`steps` of SGD on the penalty plus a loss that is linear in the weights, with the gradients `slopes`."""
    optimizer = torch.optim.SGD(model.parameters(), lr=given["lr"])
    for _ in range(given["steps"]):
        optimizer.zero_grad()
        loss = penalty()
        for name, p in model.named_parameters():
            loss = loss + (p * given["slopes"][name]).sum()
        loss.backward()
        optimizer.step()
