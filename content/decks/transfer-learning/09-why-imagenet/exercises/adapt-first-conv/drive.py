"""Builds the old convolution, runs the new one, takes one step of SGD with it, and looks at both again."""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`outputs` before and `weights` after the step; `old`: the old layer's parameters at the end."""
    settings = {name: given[name] for name in ("stride", "padding", "dilation", "padding_mode")}
    out, kernel = given["old"]["weight"].shape[0], given["old"]["weight"].shape[2]
    conv = nn.Conv2d(3, out, kernel, bias="bias" in given["old"], **settings)
    conv.load_state_dict(given["old"])
    new = submission.adapt_first_conv(conv, given["channels"])
    if not isinstance(new, nn.Module):
        return {"problem": f"a value of type {type(new).__name__}"}
    outputs = new(given["images"])
    report = {"problem": None, "outputs": outputs.detach().clone(), "names": sorted(new.state_dict())}
    if outputs.shape != given["slopes"].shape or not outputs.requires_grad:
        return report | {"trainable": outputs.requires_grad}
    optimizer = torch.optim.SGD(new.parameters(), lr=given["lr"])
    (outputs * given["slopes"]).sum().backward()
    optimizer.step()
    return report | {"trainable": True, "weights": _copied(new), "old": _copied(conv)}


def _copied(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
