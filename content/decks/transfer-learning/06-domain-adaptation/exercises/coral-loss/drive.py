"""Calls the function on two batches and differentiates the result."""

from __future__ import annotations

import types
from typing import Any

import torch


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`loss`, and the gradients for the `source` and the `target` batch."""
    source, target = (given[name].clone().requires_grad_() for name in ("source", "target"))
    loss = submission.coral_loss(source, target)
    if not isinstance(loss, torch.Tensor):
        return {"problem": f"a value of type {type(loss).__name__}"}
    if loss.ndim > 0:
        return {"problem": f"a tensor of shape {tuple(loss.shape)}"}
    if not loss.requires_grad:
        return {"problem": "a tensor without gradient (requires_grad is False)"}
    gradients = torch.autograd.grad(loss, [source, target], allow_unused=True)
    filled = [torch.zeros_like(x) if g is None else g for x, g in zip((source, target), gradients, strict=True)]
    return {"problem": None, "loss": loss.item(), "source": filled[0], "target": filled[1]}
