"""Builds backbone and head, counts what passes through the backbone, and reports features, weights and gradients."""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn


class Backbone(nn.Module):
    """Linear, BatchNorm if asked for, Tanh; then the features, plus what dropout lets through if asked for.

    Dropout with p = 1 lets nothing through in train mode and everything in eval mode: no chance is involved.
    """

    def __init__(self, inputs: int, outputs: int, norm: bool, dropout: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs) if norm else None
        self.dropout = nn.Dropout(p=1.0) if dropout else None
        self.seen: list[torch.Tensor] = []
        self.recorded = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x_in = x.detach().clone()
        x = self.linear(x)
        x = (x if self.norm is None else self.norm(x)).tanh()
        x = x if self.dropout is None else x + self.dropout(x)
        self.seen.append(x_in)
        self.recorded = self.recorded or x.requires_grad
        return x


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    images, labels = given["images"], given["labels"]
    outputs, inputs = given["backbone"]["linear.weight"].shape
    backbone = Backbone(inputs, outputs, given["norm"], given["dropout"])
    backbone.load_state_dict(given["backbone"])
    backbone.train()
    head = nn.Linear(outputs, len(given["head"]["bias"]))
    head.load_state_dict(given["head"])

    features = submission.train_probe(
        backbone, head, images.clone(), labels.clone(), list(given["batches"]), given["chunk"], given["lr"]
    )
    return {
        "calls": [len(part) for part in backbone.seen],
        "seen": torch.cat(backbone.seen) if backbone.seen else images[:0],
        "recorded": backbone.recorded,
        "gradients": [name for name, parameter in backbone.named_parameters() if parameter.grad is not None],
        "features": features.detach().clone() if isinstance(features, torch.Tensor) else type(features).__name__,
        "backbone": {name: tensor.clone() for name, tensor in backbone.state_dict().items()},
        "head": {name: tensor.clone() for name, tensor in head.state_dict().items()},
    }
