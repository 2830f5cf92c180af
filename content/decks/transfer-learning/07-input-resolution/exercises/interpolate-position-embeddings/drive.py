"""Calls the function, and reports what it returned and what it left of its input."""

from __future__ import annotations

import types
from typing import Any

import torch


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`resized`: the result, if it is a tensor; `input`: the embeddings afterwards."""
    embeddings = given["embeddings"].clone()
    resized = submission.resize_position_embeddings(embeddings, tuple(given["old_grid"]), tuple(given["new_grid"]))
    if not isinstance(resized, torch.Tensor):
        return {"returned": type(resized).__name__}
    return {"returned": "Tensor", "resized": resized.detach().clone(), "input": embeddings}
