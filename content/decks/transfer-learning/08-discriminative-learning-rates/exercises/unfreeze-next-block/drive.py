"""Builds blocks and a live optimiser, follows the program of steps and calls, and reports answers and weights."""

from __future__ import annotations

import types
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def block(kind: str, width: int) -> nn.Module:
    if kind == "act":
        return nn.Tanh()
    if kind == "linear":
        return nn.Linear(width, width)
    return nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.Tanh())


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    blocks = [block(kind, given["width"]) for kind in given["kinds"]]
    model = nn.Sequential(*blocks)
    for target, source in given["shared"].items():
        holder, _, attribute = target.rpartition(".")
        setattr(model.get_submodule(holder), attribute, model.get_parameter(source))
    model.load_state_dict(given["state"])
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for name, parameter in parameters.items():
        parameter.requires_grad = name in given["trainable"]
    groups = [{"params": [parameters[name] for name in group["names"]], "lr": group["lr"]} for group in given["groups"]]
    optimizer = torch.optim.SGD(
        groups, lr=given["default_lr"], momentum=given["momentum"], weight_decay=given["weight_decay"]
    )

    answers: list[bool | str] = []
    step = 0
    for action in given["program"]:
        if action == "step":
            optimizer.zero_grad()
            F.cross_entropy(model(given["x"][step]), given["y"][step]).backward()
            optimizer.step()
            step += 1
        else:
            answer = submission.unfreeze_next(blocks, optimizer, given["rates"][len(answers)])
            answers.append(answer if isinstance(answer, bool) else f"an object of type {type(answer).__name__}")
    return {
        "answers": answers,
        "rates": {name: rates(optimizer, parameter) for name, parameter in parameters.items()},
        "state": {name: tensor.clone() for name, tensor in model.state_dict().items()},
    }


def rates(optimizer: torch.optim.Optimizer, parameter: nn.Parameter) -> list[float]:
    """The rates of the groups that hold the parameter."""
    return [float(group["lr"]) for group in optimizer.param_groups for held in group["params"] if held is parameter]
