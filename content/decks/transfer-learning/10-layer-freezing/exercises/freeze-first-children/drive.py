"""Builds the network, lets the submission freeze, trains a few steps, and reports every parameter and buffer."""

from __future__ import annotations

import types
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """Children in the order of `layers` (name, kind, inputs, outputs). `shift` is the network's own, of no child."""

    def __init__(self, layers: list[list[Any]]) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(layers[0][2]))
        for name, kind, inputs, outputs in layers:
            self.add_module(name, layer(kind, inputs, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.shift
        for child in self.children():
            x = child(x)
        return x


def layer(kind: str, inputs: int, outputs: int) -> nn.Module:
    if kind == "tanh":
        return nn.Tanh()
    if kind == "linear":
        return nn.Linear(inputs, outputs)
    return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.Tanh())


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    model = Net(given["layers"])
    model.load_state_dict(given["state"])
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name not in given["frozen"]
    model.train()
    submission.freeze_first(model, given["k"])

    optimizer = torch.optim.SGD(model.parameters(), lr=given["lr"], weight_decay=given["weight_decay"])
    for x, y in zip(given["x"], given["y"], strict=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        if loss.requires_grad:
            loss.backward()
        optimizer.step()
    return {"state": {name: tensor.clone() for name, tensor in model.state_dict().items()}}
