"""A linear backbone, a label head and a domain head, wired in the way that the case names. No step is taken."""

from __future__ import annotations

import types
from typing import Any

import torch
import torch.nn.functional as F


def drive(submission: types.ModuleType, given: dict[str, Any]) -> dict[str, Any]:
    """`reversed`: what each call returned; `features` before and after `backward()`; all `gradients`."""
    weights = {name: weight.clone().requires_grad_() for name, weight in given["weights"].items()}
    other = given["inputs"] @ weights["other"]
    features = given["inputs"] @ weights["backbone"]
    before = features.detach().clone()
    reversed_, losses = [], []
    for strength in given["strengths"]:
        result = submission.reverse_gradient(features, strength)
        if not isinstance(result, torch.Tensor):
            return {"problem": f"a value of type {type(result).__name__}"}
        if result.shape != features.shape:
            return {"problem": f"a tensor of shape {tuple(result.shape)}"}
        reversed_.append(result.detach().clone())
        seen = result + other if given["other"] else result
        losses.append(F.binary_cross_entropy_with_logits(seen @ weights["domain"], given["domains"]))
    if given["label_head"]:
        losses.append(F.cross_entropy(features @ weights["label"], given["labels"]))
    total = torch.stack(losses).sum()
    if not total.requires_grad:
        return {"problem": "a tensor that is cut off from the features"}
    total.backward()
    gradients = {name: torch.zeros_like(w) if w.grad is None else w.grad.clone() for name, w in weights.items()}
    after = {"before": before, "after": features.detach().clone()}
    return {"problem": None, "reversed": reversed_, "features": after, "gradients": gradients}
