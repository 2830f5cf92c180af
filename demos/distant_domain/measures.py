"""What a run measures besides the claim: steps to a level, and what each depth is worth. Plain Python and numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from demos.distant_domain.lab import DEPTHS, FINE_TUNE, PROBE, RANDOM_PROBE, Config, DistantFrame

LEVEL = 0.9
"""The level that arms race to, as a share of fine-tuning's final accuracy."""


def level(frames: Sequence[DistantFrame]) -> float | None:
    """The accuracy that arms race to: `LEVEL` of fine-tuning's final mean; None before one replicate has that."""
    final = [f.accuracy for f in frames if f.arm == FINE_TUNE and f.step == f.steps]
    return LEVEL * float(np.mean(final)) if final else None


def steps_to_level(frames: Sequence[DistantFrame], arm: str, goal: float) -> list[float | None]:
    """Steps until each finished replicate of the arm first has the accuracy `goal`, between evaluation points by
    straight line; None where it never has."""
    curves: dict[int, list[tuple[int, float]]] = {}
    for frame in frames:
        if frame.arm == arm:
            curves.setdefault(frame.replicate, []).append((frame.step, frame.accuracy))
    ended = {f.replicate for f in frames if f.arm == arm and f.step == f.steps}
    return [_first_crossing(sorted(curves[replicate]), goal) for replicate in sorted(ended)]


def _first_crossing(points: Sequence[tuple[int, float]], goal: float) -> float | None:
    if points[0][1] >= goal:
        return float(points[0][0])
    for (step, value), (later, reached) in pairwise(points):
        if reached >= goal:
            return step + (later - step) * (goal - value) / (reached - value)
    return None


def typical_steps(steps: Sequence[float | None]) -> float | None:
    """The median, where a replicate that never got there counts as late; None if that is so for half of them."""
    if not steps:
        return None
    middle = float(np.median([math.inf if value is None else value for value in steps]))
    return middle if math.isfinite(middle) else None


def depth_means(frames: Sequence[DistantFrame], arm: str) -> dict[str, float]:
    """Mean probe accuracy (%) after each block over the replicates that finished; empty if none has."""
    found = [frame.depths for frame in frames if frame.arm == arm and frame.depths]
    return {block: float(np.mean([depths[block] for depths in found])) for block in found[0]} if found else {}


def similarity(config: Config, frames: Sequence[DistantFrame], block: str | None = None) -> float | None:
    """How many points a probe gains from pretraining over the same probe on a random network, after `block` (the last,
    unless another is named)."""
    place = block or DEPTHS[config.transfer][-1]
    pretrained, random = depth_means(frames, PROBE), depth_means(frames, RANDOM_PROBE)
    return pretrained[place] - random[place] if place in pretrained and place in random else None
