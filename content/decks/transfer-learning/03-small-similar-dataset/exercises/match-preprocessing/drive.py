"""Calls the function on one image, and reports what it returned and what it left of the image."""

from __future__ import annotations

import types
from typing import Any

import torch


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`input`: what the network would get, if it is a tensor; `image`: the image afterwards."""
    image = given["image"].clone()
    x = submission.preprocess(image, given["resize"], given["crop"], list(given["mean"]), list(given["std"]))
    if not isinstance(x, torch.Tensor):
        return {"returned": type(x).__name__}
    return {"returned": "Tensor", "dtype": str(x.dtype), "input": x.detach().clone(), "image": image}
