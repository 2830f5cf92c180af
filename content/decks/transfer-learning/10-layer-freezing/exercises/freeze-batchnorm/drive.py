"""Builds the network, calls the submission, then follows the case's program of train(), eval(), steps and outputs."""

from __future__ import annotations

import types
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """Layers in the order of `layers` (name, kind, inputs, outputs), then a head on the features plus what dropout lets
    through. Dropout with p = 1 lets nothing through in train mode and everything in eval mode: no chance is involved.
    """

    def __init__(self, layers: list[list[Any]], classes: int) -> None:
        super().__init__()
        self.names = [name for name, *_ in layers]
        for name, kind, inputs, outputs in layers:
            self.add_module(name, layer(kind, inputs, outputs))
        self.dropout = nn.Dropout(p=1.0)
        self.head = nn.Linear(layers[-1][3], classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name in self.names:
            x = self.get_submodule(name)(x)
        return self.head(x + self.dropout(x))


def layer(kind: str, inputs: int, outputs: int) -> nn.Module:
    if kind == "norm":
        return nn.BatchNorm1d(inputs)
    if kind == "pool":
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    if kind == "conv":
        return nn.Sequential(nn.Conv2d(inputs, outputs, 3), nn.BatchNorm2d(outputs), nn.Tanh())
    if kind == "nested":
        return nn.Sequential(nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs)), nn.Tanh())
    return nn.Linear(inputs, outputs)


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    model = Net(given["layers"], given["classes"])
    model.load_state_dict(given["state"])
    model.train()
    submission.freeze_batchnorm(model)

    optimizer = torch.optim.SGD(model.parameters(), lr=given["lr"])
    outputs, step = [], 0
    for action in given["program"]:
        if action == "step":
            optimizer.zero_grad()
            F.cross_entropy(model(given["x"][step]), given["y"][step]).backward()
            optimizer.step()
            step += 1
        elif action == "output":
            with torch.no_grad():
                outputs.append(model(given["probe"]))
        elif action == "eval":
            model.eval()
        else:
            model.train()
    return {"outputs": outputs, "state": {name: tensor.clone() for name, tensor in model.state_dict().items()}}
