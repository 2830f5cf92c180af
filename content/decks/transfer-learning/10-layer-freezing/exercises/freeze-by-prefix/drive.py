"""Builds the network, lets the submission freeze, trains a few steps, and reports names and weights."""

from __future__ import annotations

import types
from collections import OrderedDict
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
    if kind == "norm":
        return nn.LayerNorm(inputs)
    if kind == "linear":
        return nn.Linear(inputs, outputs)
    parts = {"linear": nn.Linear(inputs, outputs), "norm": nn.LayerNorm(outputs), "act": nn.Tanh()}
    return nn.Sequential(OrderedDict(parts))


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    model = Net(given["layers"])
    model.load_state_dict(given["state"])
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name not in given["frozen"]

    raised, returned = None, None
    try:
        returned = submission.freeze_by_prefix(model, list(given["prefixes"]))
    except ValueError as error:
        raised = str(error)

    optimizer = torch.optim.SGD(model.parameters(), lr=given["lr"], weight_decay=given["weight_decay"])
    for x, y in zip(given["x"], given["y"], strict=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        if loss.requires_grad:
            loss.backward()
        optimizer.step()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    return {"raised": raised, "returned": names(returned), "state": state}


def names(returned: object) -> object:
    """A list of texts as it is, anything else as the name of its type."""
    if isinstance(returned, list) and all(isinstance(name, str) for name in returned):
        return [str(name) for name in returned]
    return None if returned is None else f"an object of type {type(returned).__name__}"
