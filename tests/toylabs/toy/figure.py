"""One line per arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure


def figure(config: Any, frames: Sequence[Any], theme: object) -> Figure:
    drawn = Figure(figsize=(4, 3))
    axes = drawn.subplots()
    for arm in ("a", "b"):
        axes.plot([frame.value for frame in frames if frame.arm == arm], label=arm)
    axes.legend()
    return drawn
