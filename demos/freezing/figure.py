"""What is seen of the freezing lab: what moves from step to step, the module tree at the end, the code beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.base import Arm
from demos.freezing.lab import (
    FROZEN_BUFFERS,
    FROZEN_WEIGHTS,
    HAPPENED,
    HEADS,
    KINDS,
    LEARNING_WEIGHTS,
    Config,
    FreezeFrame,
    Node,
    verdict,
)
from demos.freezing.listing import code
from demos.plots import Scale
from demos.style import SERIES, Series, Theme, dress

LOOK: dict[str, Series] = {FROZEN_WEIGHTS: SERIES[0], FROZEN_BUFFERS: SERIES[3], LEARNING_WEIGHTS: SERIES[2]}
FROZEN, LEARNS, ASTRAY = SERIES[0].colour, SERIES[2].colour, SERIES[1].colour

COLUMNS = plots.BAND_COLUMNS

_LINES = tuple(
    Arm(key=kind, label=label, description="Share of these tensors that moved") for kind, label in KINDS.items()
)

# Where the columns of the tree begin, on an axis from 0 to 1.
_NAME, _CLASS, _NUMBERS, _GRAD, _MODE = 0.01, 0.14, 0.385, 0.41, 0.515
_WEIGHTS, _BUFFERS, _SAID = 0.575, 0.7, 0.82


def live_rows(config: Config, frames: Sequence[FreezeFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each kind of tensor and step."""
    happened = [frame for frame in frames if frame.arm == HAPPENED]
    return [
        {"arm": label, "step": float(frame.step), **dict.fromkeys(("mean", "low", "high"), round(frame.moved[kind], 1))}
        for kind, label in KINDS.items()
        for frame in happened
    ]


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The share of tensors that moved against steps, as a Vega-Lite spec without data; it stays the same in a run."""
    x = Scale(title="optimiser steps since the freeze", low=0, high=config.steps)
    y = Scale(title="tensors that moved (%)", low=0, high=100)
    spec: dict[str, Any] = plots.band_spec(_LINES, LOOK, theme, x=x, y=y, height=260)
    return spec


def _last(frames: Sequence[FreezeFrame]) -> FreezeFrame | None:
    """The frame with the tree, if the run has got there."""
    return next((frame for frame in frames if frame.tree), None)


def figure(config: Config, frames: Sequence[FreezeFrame], theme: Theme) -> Figure:
    """The module tree of the finished run: what is frozen, what moved, and what of that is a surprise."""
    last = _last(frames)
    rows = len(last.tree) if last else 1
    drawing = Figure(figsize=(10, 1.6 + 0.34 * rows), layout="constrained", facecolor=theme.background)
    axes = drawing.add_subplot()
    dress(axes, theme, title=_title(config, last), grid=None)
    axes.set(xlim=(0, 1), ylim=(rows + 0.2, -1.3), xticks=[], yticks=[])
    if last is not None:
        _draw_header(axes, theme)
        for place, node in enumerate(last.tree):
            _draw_node(axes, place, node, theme)
        _draw_missing(axes, config, last, rows, theme)
    return drawing


def _title(config: Config, last: FreezeFrame | None) -> str:
    if last is None:
        return f"{config.architecture}: the first {config.children} children frozen"
    trainable, numbers = (sum(getattr(node, name) for node in last.tree) for name in ("trainable", "numbers"))
    return (
        f"{config.architecture}, first {config.children} children frozen: {trainable:,} of {numbers:,} parameters "
        f"({100 * trainable / numbers:.3g} %) require gradients"
    )


def _draw_header(axes: Axes, theme: Theme) -> None:
    for x, text, side in (
        (_NAME, "part", "left"), (_CLASS, "class", "left"), (_NUMBERS, "parameters", "right"),
        (_GRAD, "requires_grad", "left"), (_MODE, "mode", "left"),
        (_WEIGHTS, "weights moved", "left"), (_BUFFERS, "buffers moved", "left"),
        (_SAID, "you think / it does", "left"),
    ):  # fmt: skip
        axes.text(x, -0.9, text, ha=side, va="center", fontsize=8.5, color=theme.faint)
    axes.axhline(-0.5, color=theme.grid, linewidth=0.8)


def _draw_node(axes: Axes, place: int, node: Node, theme: Theme) -> None:
    """A row: tinted by what you think of it, a vermilion cell and a cross where it does something else."""
    colour, surprises = (FROZEN if node.part == "frozen" else LEARNS), astray(node)
    axes.fill_between([0, 1], place - 0.44, place + 0.44, color=colour, alpha=0.13, linewidth=0)
    for x, wide, wrong in ((_WEIGHTS, 0.125, _weights_astray(node)), (_BUFFERS, 0.115, _buffers_astray(node))):
        if wrong:
            axes.fill_between([x - 0.008, x + wide], place - 0.44, place + 0.44, color=ASTRAY, alpha=0.45, linewidth=0)
    mode = "–" if node.kind == "Parameter" else "train" if node.training else "eval"
    gradient = "–" if not node.weights else str(node.trainable > 0)
    for x, text, side in (
        (_NAME, node.name, "left"), (_CLASS, node.kind, "left"), (_NUMBERS, f"{node.numbers:,}", "right"),
        (_GRAD, gradient, "left"), (_MODE, mode, "left"), (_WEIGHTS, _moved(node.weights_moved, node.weights), "left"),
        (_BUFFERS, _moved(node.buffers_moved, node.buffers), "left"),
    ):  # fmt: skip
        axes.text(x, place, text, ha=side, va="center", fontsize=9, color=theme.foreground)
    thought = "stays" if node.part == "frozen" else "learns"
    said = f"{thought}  ✗  {surprises} astray" if surprises else f"{thought}  ✓" if node.weights else "no tensors"
    bold = "bold" if surprises else "normal"
    axes.text(_SAID, place, said, va="center", fontsize=9, color=theme.foreground, fontweight=bold)


def _draw_missing(axes: Axes, config: Config, last: FreezeFrame, rows: int, theme: Theme) -> None:
    text = last.refused and f"torch refused to train: {last.refused[:90]}"
    if last.missing:
        text = f"✗  {_missing(config, last)}" + (f"; {text}" if text else "")
    axes.text(_NAME, rows - 0.1, text, va="center", fontsize=9, color=theme.foreground, fontweight="bold")


def _missing(config: Config, last: FreezeFrame) -> str:
    return f"{last.missing} of the {config.children} children do not exist in front of the head"


def _moved(moved: int, there: int) -> str:
    return f"{moved} of {there}" if there else "–"


def _weights_astray(node: Node) -> int:
    return node.weights_moved if node.part == "frozen" else node.weights - node.weights_moved


def _buffers_astray(node: Node) -> int:
    return node.buffers_moved if node.part == "frozen" else 0


def astray(node: Node) -> int:
    """Its tensors that did not do as you think."""
    return _weights_astray(node) + _buffers_astray(node)


def table(config: Config, frames: Sequence[FreezeFrame]) -> list[dict[str, Any]]:
    """The module tree in numbers, a row for each part."""
    last = _last(frames)
    return [
        {
            "part": node.name, "class": node.kind, "you think": "stays" if node.part == "frozen" else "learns",
            "mode": "train" if node.training else "eval", "parameters": node.numbers, "trainable": node.trainable,
            "weight tensors": node.weights, "moved": node.weights_moved, "buffers": node.buffers,
            "buffers moved": node.buffers_moved, "astray": astray(node),
        }
        for node in (last.tree if last else ())
    ]  # fmt: skip


def surprises(config: Config, frames: Sequence[FreezeFrame]) -> list[str]:
    """Every way in which it was not as you think, a sentence each."""
    last = _last(frames)
    if last is None:
        return []
    found = [f"{_missing(config, last)}."] if last.missing else []
    if last.refused:
        found.append(f"Nothing is left to train, and torch says: {last.refused}.")
    for node in last.tree:
        if node.part == "frozen" and node.weights_moved:
            found.append(f"{node.name}: {node.weights_moved} of {node.weights} frozen weight tensors moved.")
        if _buffers_astray(node):
            found.append(f"{node.name}: {node.buffers_moved} of {node.buffers} buffers moved, though it is frozen.")
        if node.part == "learns" and _weights_astray(node):
            who = "the new head" if node.name == HEADS[config.architecture] else node.name
            found.append(f"{who}: {_weights_astray(node)} of {node.weights} weight tensors never learned.")
    return found


def alt_text(config: Config, frames: Sequence[FreezeFrame]) -> str:
    """The finding in words and numbers."""
    last = _last(frames)
    if last is None:
        return f"The module tree of {config.architecture}; the run has not finished yet."
    wrong = last.checks - last.as_thought
    outcome = "Holds" if verdict(config, frames).outcome == "holds" else "Does not hold"
    told = " ".join(surprises(config, frames)) or "No frozen tensor moved and every other weight learned."
    return f"{_title(config, last)}. {outcome}: {wrong} of {last.checks} checks went astray. {told}"


def notes(config: Config, frames: Sequence[FreezeFrame]) -> list[str]:
    """The code that was on trial, and what it did otherwise than you think."""
    told = surprises(config, frames)
    effect = "\n".join(f"- {sentence}" for sentence in told) or "- Nothing went astray."
    shown = f"**The code on trial**\n\n```python\n{code(config)}```"
    return [shown, f"**What surprised**\n\n{effect}"] if _last(frames) else [shown]
