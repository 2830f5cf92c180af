"""Freeze a torchvision model as the dials say, take real optimiser steps, and compare hashes of all its tensors.

Claimed: "freeze the first k children" freezes what you think. You think: there are k children in front of the head,
`methods.before_the_cut` stays as it is, and every other parameter learns.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demos.freezing import methods
from demos.freezing.lab import (
    ASTRAY,
    FROZEN_BUFFERS,
    FROZEN_WEIGHTS,
    HAPPENED,
    HEADS,
    KINDS,
    LEARNING_WEIGHTS,
    Config,
    FreezeFrame,
    Node,
)


def run(config: Config, replicate: int) -> Iterator[FreezeFrame]:
    """Two frames a step: what happened, and the bar that it has to clear."""
    # Before a step nothing has moved, in any model: no need to wait for torchvision, whose import takes over a second.
    start = FreezeFrame(
        replicate=replicate, arm=HAPPENED, step=0, steps=config.steps, moved=dict.fromkeys(KINDS, 0.0)
    )  # fmt: skip
    yield from (start, _bar(start))
    seed = int(np.random.SeedSequence([config.seed, replicate]).generate_state(1)[0] >> 1)
    training = methods.prepare(config, seed)
    before = methods.hashes(training.model)
    for step in range(1, config.steps + 1):
        refused = _refusal(training)
        last = step == config.steps or refused != ""
        moved = methods.changed(before, training.model)
        now = _frame(training, moved, start, config.steps if last else step)
        if last:
            now = now.model_copy(update={"tree": tree(training, moved), "refused": refused})
        yield from (now, _bar(now))
        if last:
            return


def _refusal(training: methods.Training) -> str:
    """Take a step; what torch says if nothing is left to train, else an empty string."""
    try:
        training.step()
    except (RuntimeError, ValueError) as error:
        if any(parameter.requires_grad for parameter in training.model.parameters()):
            raise
        return str(error)
    return ""


def _bar(happened: FreezeFrame) -> FreezeFrame:
    """All checks but one."""
    update = {"arm": ASTRAY, "as_thought": max(0, happened.checks - 1), "tree": (), "refused": ""}
    return happened.model_copy(update=update)


def _frame(training: methods.Training, moved: set[str], start: FreezeFrame, step: int) -> FreezeFrame:
    """Count the checks: the k children, what should have stayed, what should have moved."""
    config, model = training.config, training.model
    kept = methods.before_the_cut(config, model)
    weights = {name for name, _ in model.named_parameters()}
    groups = {FROZEN_WEIGHTS: kept & weights, FROZEN_BUFFERS: kept - weights, LEARNING_WEIGHTS: weights - kept}
    missing = methods.missing_children(config, model)
    astray = missing + len(kept & moved) + len(weights - kept - moved)
    checks = config.children + len(kept | weights)
    shares = {kind: 100 * len(group & moved) / len(group) if group else 0.0 for kind, group in groups.items()}
    return start.model_copy(
        update={"step": step, "moved": shares, "checks": checks, "as_thought": checks - astray, "missing": missing}
    )


def tree(training: methods.Training, moved: set[str]) -> tuple[Node, ...]:
    """The model's parts from input to output: the children, what no child holds, and the new head by itself."""
    model, head = training.model, HEADS[training.config.architecture]
    first, *others = [name for name, _ in model.named_children() if name != head]
    direct = [name for name, _ in model.named_parameters(recurse=False)]
    nodes = [_node(training, name, moved) for name in (first, *direct, *others, head)]
    # A child that holds nothing but the head would be shown twice; one without tensors uses up the count, and stays.
    return tuple(node for node in nodes if node.weights or not head.startswith(f"{node.name}."))


def _node(training: methods.Training, name: str, moved: set[str]) -> Node:
    """One part, without what is the head's."""
    config, model, head = training.config, training.model, HEADS[training.config.architecture]

    def inside(path: str) -> bool:
        return (path == name or path.startswith(f"{name}.")) and (name == head or not path.startswith(f"{head}."))

    weights = {path: tensor for path, tensor in model.named_parameters() if inside(path)}
    buffers = {path for path, _ in model.named_buffers() if inside(path)}
    modules = dict(model.named_modules())
    counted = [child for child, _ in model.named_children()][: config.children]
    frozen = name != head and (name in counted or name in methods.before_the_cut(config, model))
    return Node(
        name=name,
        kind=type(modules.get(name, weights.get(name))).__name__,
        part="frozen" if frozen else "learns",
        training=modules.get(name, model).training,
        numbers=sum(tensor.numel() for tensor in weights.values()),
        trainable=sum(tensor.numel() for tensor in weights.values() if tensor.requires_grad),
        weights=len(weights),
        weights_moved=len(moved & weights.keys()),
        buffers=len(buffers),
        buffers_moved=len(moved & buffers),
    )
