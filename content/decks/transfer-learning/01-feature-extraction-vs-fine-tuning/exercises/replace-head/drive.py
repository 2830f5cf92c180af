"""Builds the network, lets the submission replace the head, and reports the new weights, the logits and real steps."""

from __future__ import annotations

import types
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """A stem, a body and a head; the head is either a Linear or a Sequential of Linear, Tanh, ... , Linear."""

    def __init__(self, widths: list[int], head: str, head_widths: list[int], bias: bool) -> None:
        super().__init__()
        self.stem = nn.Linear(widths[0], widths[1])
        self.body = nn.Sequential(nn.Linear(widths[1], widths[2]), nn.LayerNorm(widths[2]), nn.Tanh())
        self.head_name = head
        self.add_module(head, mlp(head_widths, bias))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.get_submodule(self.head_name)(self.body(self.stem(x).tanh()))


def mlp(widths: list[int], bias: bool) -> nn.Module:
    if len(widths) == 2:
        return nn.Linear(widths[0], widths[1], bias=bias)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs, bias=bias), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    model = Net(given["widths"], given["head"], given["head_widths"], given["bias"]).to(given["x"].dtype)
    model.load_state_dict(given["state"])
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name not in given["frozen"]

    new = submission.replace_head(model, given["n_classes"])
    report: dict[str, Any] = {"returned": type(new).__name__, "replaced": state(model)}
    if not isinstance(new, nn.Module):
        return report
    with torch.no_grad():
        report["logits"] = model(given["x"])

    parameters = new.parameters() if given["train"] == "returned" else model.parameters()
    optimizer = torch.optim.SGD(parameters, lr=given["lr"], weight_decay=given["weight_decay"])
    for _ in range(given["steps"]):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(given["x"]), given["y"])
        if loss.requires_grad:
            loss.backward()
        optimizer.step()
    report["trained"] = state(model)
    return report


def state(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}
