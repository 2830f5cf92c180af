"""What is seen of the discriminative-rates lab: the source kept while it runs, then target against source."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.discriminative.lab import (
    BLOCKS,
    CLAIM,
    DISCRIMINATIVE,
    GENTLE,
    GRADUAL,
    PROBE,
    UNIFORM,
    Config,
    DiscriminativeFrame,
    arms,
    finals,
    halves,
    rates,
    verdict,
)
from demos.plots import Scale
from demos.style import SERIES, Series, Theme, dress
from demos.verdict import verdict_sentence

LOOK: dict[str, Series] = {
    UNIFORM: SERIES[1], DISCRIMINATIVE: SERIES[0], GENTLE: SERIES[2], GRADUAL: SERIES[3], PROBE: SERIES[4],
}  # fmt: skip

SOURCE = Scale(title="letters kept: accuracy (%)", low=0, high=100)
TARGET = Scale(title="target: test accuracy (%)", low=0, high=100)

COLUMNS = plots.BAND_COLUMNS


def _source(frame: DiscriminativeFrame) -> float:
    return frame.source


def _target(frame: DiscriminativeFrame) -> float:
    return frame.target


def live_rows(config: Config, frames: Sequence[DiscriminativeFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and evaluation point that was reached."""
    return plots.band_rows(arms(config), frames, _source)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: source kept against steps. It stays the same in a run."""
    steps = Scale(title="training steps", low=0, high=config.steps)
    spec: dict[str, Any] = plots.band_spec(arms(config), LOOK, theme, x=steps, y=SOURCE)
    return spec


def figure(config: Config, frames: Sequence[DiscriminativeFrame], theme: Theme) -> Figure:
    """The finished run: target against source to the left, weight change per block to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    left, right = drawing.subplots(1, 2, width_ratios=[1.15, 1])
    _draw_trade_off(left, config, frames, theme)
    plots.draw_drift(right, arms(config), LOOK, frames, BLOCKS, theme)
    return drawing


def _draw_trade_off(axes: Axes, config: Config, frames: Sequence[DiscriminativeFrame], theme: Theme) -> None:
    """A small mark per replicate, a large one for the arm's mean with 95 % intervals both ways; up and right is best.

    The axes start at a round number below the lowest value, as all that matters may lie within a few points.
    """
    dress(axes, theme, title="Target against source: up and to the right is better", grid="both")
    lowest = [100.0, 100.0]
    for arm in arms(config):
        look, done = LOOK[arm.key], finals(config, frames, arm.key)
        points = np.array([(f.source, f.target) for f in done], dtype=float).reshape(-1, 2)
        axes.scatter(
            points[:, 0], points[:, 1], s=16, color=look.colour, marker=look.matplotlib_marker, alpha=0.4, linewidth=0
        )
        if len(points) < 2:
            axes.plot([], [], color=look.colour, marker=look.matplotlib_marker, linestyle="", label=arm.label)
            continue
        (x, y), (x_half, y_half) = points.mean(axis=0), [plots.half_width(values) for values in points.T]
        axes.errorbar(
            x, y, xerr=x_half, yerr=y_half, color=look.colour, marker=look.matplotlib_marker, markersize=9,
            markeredgecolor=theme.background, linewidth=1.6, capsize=3, linestyle="", label=arm.label, zorder=3,
        )  # fmt: skip
        lowest = [min(low, value) for low, value in zip(lowest, points.min(axis=0), strict=True)]
    left, bottom = (max(0.0, 5 * np.floor((low - 1) / 5)) if low < 100 else 0.0 for low in lowest)
    axes.set(xlim=(left, 100), ylim=(bottom, 100), ylabel=TARGET.title)
    axes.set_xlabel("letters kept: accuracy (%); small: replicates, large: mean and 95 % interval", fontsize=9)
    # Below the axes: the points may lie anywhere in them.
    axes.legend(frameon=False, fontsize=9, labelcolor=theme.foreground, loc="upper center",
                bbox_to_anchor=(0.5, -0.13), ncols=3)  # fmt: skip


def extras(config: Config, frames: Sequence[DiscriminativeFrame], theme: Theme) -> list[plots.Extra]:
    """The target's accuracy while training; nothing before a replicate has finished all arms."""
    if not finals(config, frames, UNIFORM):
        return []
    panels = (
        ("Letters kept while training", _source, SOURCE),
        ("Target learned while training", _target, TARGET),
    )
    drawing = plots.side_by_side(arms(config), LOOK, frames, theme, last_step=config.steps, panels=panels)
    alt = f"Letters kept and target accuracy against training steps. At the end: {_means(config, frames)}."
    return [plots.Extra(title="While training", figure=drawing, alt=alt)]


def notes(config: Config, frames: Sequence[DiscriminativeFrame]) -> list[str]:
    """Both halves of the claim, each with its own verdict; nothing before two replicates have finished."""
    if len(finals(config, frames, UNIFORM)) < 2:
        return []
    source, target = _halves(config, frames)
    return [f"**Both halves of the claim**\n\n- Letters kept. {source}\n- Target. {target}"]


def _halves(config: Config, frames: Sequence[DiscriminativeFrame]) -> tuple[str, str]:
    """The verdict on the source and that on the target, a sentence each."""
    source, target = halves(config, frames)
    return verdict_sentence(source), verdict_sentence(target)


def _means(config: Config, frames: Sequence[DiscriminativeFrame]) -> str:
    return "; ".join(
        f"{arm.label.lower()}: target {np.mean([f.target for f in done]):.1f} %, "
        f"letters {np.mean([f.source for f in done]):.1f} %"
        for arm in arms(config)
        if (done := finals(config, frames, arm.key))
    )


def table(config: Config, frames: Sequence[DiscriminativeFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where no replicate has finished."""
    rows = []
    for arm in arms(config):
        final, drift = plots.last_frames(frames, arm.key), plots.mean_drift(frames, arm.key, BLOCKS)
        row = rates(config, arm.key)
        rows.append(
            {
                "arm": arm.label,
                "replicates": len(final),
                "rate of head": f"{row['head']:.2g}",
                "rate of stem": f"{row['stem']:.2g}",
                "target mean (%)": plots.mean([frame.target for frame in final]),
                "target sd (points)": plots.spread([frame.target for frame in final]),
                "letters kept mean (%)": plots.mean([frame.source for frame in final]),
                "letters kept sd (points)": plots.spread([frame.source for frame in final]),
                **plots.drift_columns(drift, BLOCKS),
            }
        )
    return rows


def alt_text(config: Config, frames: Sequence[DiscriminativeFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    count = len(finals(config, frames, UNIFORM))
    if count == 0:
        return "Target accuracy against letters kept, a point for each arm; no replicate has finished yet."
    runs = plots.replicates_in_words(count)
    text = f"Target accuracy against letters kept after {config.steps} steps, mean of {runs}: {_means(config, frames)}."
    if count < 2:
        return text
    outcome = verdict(config, frames).outcome.replace("_", " ")
    source, target = _halves(config, frames)
    return f"{text} {CLAIM.statement}: {outcome}. Letters kept. {source} Target. {target}"
