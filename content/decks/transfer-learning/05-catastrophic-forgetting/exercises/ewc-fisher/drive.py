"""Builds the classifier, calls the function, and reports the Fisher diagonal and what became of the model."""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn


class Net(nn.Module):
    """Linear, BatchNorm, tanh, dropout, linear. The BatchNorm and the dropout only if asked for."""

    def __init__(self, sizes: list[int], norm: bool) -> None:
        super().__init__()
        inputs, width, classes = sizes
        self.first = nn.Linear(inputs, width)
        self.norm: nn.Module = nn.BatchNorm1d(width) if norm else nn.Identity()
        self.dropout: nn.Module = nn.Dropout(0.5) if norm else nn.Identity()
        self.last = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = torch.tanh(self.norm(self.first(x)))
        logits: torch.Tensor = self.last(self.dropout(hidden))
        return logits


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`fisher`, and afterwards: `state`, every `.grad`, modules in train mode, parameters that need a gradient."""
    model = Net(given["sizes"], given["norm"])
    model.load_state_dict(given["state"])
    model.train(given["training"])
    model.norm.train(given["training"] and given["norm_training"])
    model.first.requires_grad_(not given["freeze_first"])
    for name, p in model.named_parameters():
        p.grad = given["grads"][name].clone() if name in given["grads"] else None
    fisher = submission.fisher_diagonal(model, given["inputs"].clone())
    if not isinstance(fisher, dict):
        return {"problem": f"a value of type {type(fisher).__name__}"}
    return {
        "problem": None,
        "fisher": {str(name): _plain(value) for name, value in fisher.items()},
        "state": {name: tensor.clone() for name, tensor in model.state_dict().items()},
        "grads": {name: None if p.grad is None else p.grad.clone() for name, p in model.named_parameters()},
        "in_train_mode": [name for name, module in model.named_modules() if module.training],
        "need_gradient": [name for name, p in model.named_parameters() if p.requires_grad],
    }


def _plain(value: object) -> torch.Tensor | str:
    return value.detach().clone() if isinstance(value, torch.Tensor) else f"a value of type {type(value).__name__}"
