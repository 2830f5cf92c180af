"""What is seen of the own-images lab: three probes' curves, and which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.own_images.lab import ARMS, IMAGENET, LAB, OWN, PIXELS, RANDOM, STEPS, Config, PictureFrame, results
from demos.plots import Scale
from demos.style import SERIES, Series, Theme, dress
from demos.verdict import in_sentence

LOOK: dict[str, Series] = {IMAGENET: SERIES[0], PIXELS: SERIES[1], RANDOM: SERIES[3]}

X = Scale(title="training steps of the head", low=0, high=STEPS)
Y = Scale(title="test accuracy (%)", low=0, high=100)

COLUMNS = plots.BAND_COLUMNS


def _accuracy(frame: PictureFrame) -> float:
    return frame.accuracy


def live_rows(config: Config, frames: Sequence[PictureFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`."""
    return plots.band_rows(ARMS, frames, _accuracy)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """Accuracy against steps as a Vega-Lite spec without data; it stays the same during a run."""
    spec: dict[str, Any] = plots.band_spec(ARMS, LOOK, theme, x=X, y=Y)
    return spec


def figure(config: Config, frames: Sequence[PictureFrame], theme: Theme) -> Figure:
    """The finished run: final accuracy per replicate to the left, the confusion table to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    finals, confusions = drawing.subplots(1, 2, width_ratios=[1, 1.15])
    plots.draw_finals(
        finals, ARMS, LOOK, results(config, frames), theme, title="Final accuracy: dots are replicates",
        unit="test accuracy (%)",
    )  # fmt: skip
    finals.set_xlim(0, 100)
    _draw_confusion(confusions, *confusion(frames), theme)
    return drawing


def confusion(frames: Sequence[PictureFrame]) -> tuple[np.ndarray, tuple[str, ...]]:
    """How often each class (row) was taken for each (column) by the ImageNet probe, over replicates; class names."""
    last = [frame for frame in plots.last_frames(frames, IMAGENET) if frame.classes]
    classes = last[0].classes if last else ()
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for frame in last:
        for _, label, predicted in frame.tested:
            counts[label, predicted] += 1
    return counts, classes


def in_cell(frames: Sequence[PictureFrame], label: int, predicted: int) -> list[int]:
    """The pictures of class `label` that were taken for `predicted` at least once, in their order."""
    last = plots.last_frames(frames, IMAGENET)
    return sorted({row[0] for frame in last for row in frame.tested if row[1:] == (label, predicted)})


def _draw_confusion(axes: Axes, counts: np.ndarray, classes: Sequence[str], theme: Theme) -> None:
    dress(axes, theme, title="ImageNet probe: which class is taken for which (%)", grid=None)
    if not len(classes):
        axes.set(xticks=[], yticks=[])
        return
    shares = 100 * counts / np.maximum(counts.sum(1, keepdims=True), 1)
    for row, column in np.ndindex(*shares.shape):
        share = shares[row, column]
        right = row == column
        if share > 0:
            colour = LOOK[IMAGENET].colour if right else LOOK[PIXELS].colour
            axes.fill_between(
                [column - 0.47, column + 0.47], row - 0.47, row + 0.47, color=colour, alpha=0.1 + 0.45 * share / 100,
                linewidth=0,
            )  # fmt: skip
            axes.text(
                column, row, f"{share:.0f}", ha="center", va="center", fontsize=8, color=theme.foreground,
                fontweight="bold" if right else "normal",
            )  # fmt: skip
    names = [name if len(name) <= 12 else f"{name[:11]}…" for name in classes]
    turned: dict[str, Any] = (
        {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, names)) > 3 else {}
    )
    axes.set_xticks(range(len(names)), names, **turned)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
    axes.set_xlabel("taken for", fontsize=9)
    axes.set_ylabel("is", fontsize=9)


def table(config: Config, frames: Sequence[PictureFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each probe."""
    finals = {result.name: list(result.values) for result in results(config, frames)}
    return [
        {
            "features": arm.label,
            "replicates": len(finals[arm.key]),
            "accuracy mean (%)": plots.mean(finals[arm.key]),
            "accuracy sd (points)": plots.spread(finals[arm.key]),
        }
        for arm in ARMS
    ]


def alt_text(config: Config, frames: Sequence[PictureFrame]) -> str:
    """The finding in words and numbers."""
    finals = {result.name: result.values for result in results(config, frames)}
    if not finals[IMAGENET]:
        return "Test accuracy of three linear probes against training steps; no replicate has finished yet."
    means = "; ".join(f"{in_sentence(arm.label)} {np.mean(finals[arm.key]):.1f} %" for arm in ARMS)
    count = config.labels_per_class
    halved = f" (half of a class that has fewer than {2 * count} pictures)" if config.pictures == OWN else ""
    text = f"Test accuracy with {count} labels per class{halved}: {means}."
    counts, classes = confusion(frames)
    wrong = counts * (1 - np.eye(len(classes), dtype=np.int64))
    if wrong.any():
        row, column = (int(index) for index in np.unravel_index(wrong.argmax(), wrong.shape))
        share = 100 * wrong[row, column] / counts[row].sum()
        text += f" Most often mistaken: {classes[row]} for {classes[column]} ({share:.0f} %)."
    return f"{text} {plots.finding(LAB, config, frames)}".rstrip()
