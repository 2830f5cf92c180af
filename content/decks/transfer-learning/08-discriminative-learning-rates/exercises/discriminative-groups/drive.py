"""Builds the network, hands the groups to SGD, takes a few steps, and reports the rates and every weight."""

from __future__ import annotations

import types
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """Blocks of equal width, registered in the order of `registered` and run in that of `blocks`.

    A name with a dot is a block within a container. `shift`, if there is one, is the network's own, of no block.
    """

    def __init__(self, registered: list[str], blocks: list[str], width: int, own: bool) -> None:
        super().__init__()
        self.order = blocks
        for name in registered:
            parent: nn.Module = self
            *containers, last = name.split(".")
            for container in containers:
                if container not in dict(parent.named_children()):
                    parent.add_module(container, nn.Module())
                parent = parent.get_submodule(container)
            parent.add_module(last, nn.Tanh() if last == "act" else nn.Linear(width, width))
        self.shift = nn.Parameter(torch.zeros(width)) if own else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x if self.shift is None else x + self.shift
        for name in self.order:
            x = self.get_submodule(name)(x)
            x = x if name == self.order[-1] else x.tanh()
        return x


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    model = Net(given["registered"], given["blocks"], given["width"], "shift" in given["state"])
    for target, source in given["shared"].items():
        holder, _, attribute = target.rpartition(".")
        setattr(model.get_submodule(holder), attribute, model.get_parameter(source))
    model.load_state_dict(given["state"])
    for name, parameter in model.named_parameters():
        if name in given["frozen"]:
            parameter.requires_grad = False
            parameter.grad = torch.zeros_like(parameter)  # as left over from before it was frozen

    groups = submission.discriminative_groups(model, list(given["blocks"]), given["base_lr"], given["decay"])
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        return {"groups": f"an object of type {type(groups).__name__}"}

    optimizer = torch.optim.SGD(groups, lr=given["default_lr"], weight_decay=given["weight_decay"])
    for x, y in zip(given["x"], given["y"], strict=True):
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(model(x), y)
        if loss.requires_grad:
            loss.backward()
        optimizer.step()
    return {
        "groups": "a list of dicts",
        "rates": rates(model, optimizer),
        "state": {name: tensor.clone() for name, tensor in model.state_dict().items()},
    }


def rates(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, list[float]]:
    """For each name of a parameter, the rates of the groups that hold it."""
    held = [(id(parameter), float(group["lr"])) for group in optimizer.param_groups for parameter in group["params"]]
    return {
        name: [rate for identity, rate in held if identity == id(parameter)]
        for name, parameter in model.named_parameters(remove_duplicate=False)
    }
