"""What is seen of the learning-rate lab: the source while it runs, then both accuracies against the rate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.learning_rate.lab import (
    BLOCKS,
    HIGH,
    HUNDREDTH,
    LAB,
    TENTH,
    THIRD,
    THOUSANDTH,
    Config,
    RateFrame,
    arms,
    rate,
    results,
)
from demos.plots import Scale
from demos.style import SERIES, Series, Theme, dress

LOOK: dict[str, Series] = {
    THOUSANDTH: SERIES[4], HUNDREDTH: SERIES[2], TENTH: SERIES[0], THIRD: SERIES[3], HIGH: SERIES[1],
}  # fmt: skip

SOURCE_LOOK, TARGET_LOOK = SERIES[0], SERIES[1]

SOURCE = Scale(title="letters kept: accuracy (%)", low=0, high=100)
TARGET = Scale(title="digits: test accuracy (%)", low=0, high=100)

COLUMNS = plots.BAND_COLUMNS


def _source(frame: RateFrame) -> float:
    return frame.source


def _target(frame: RateFrame) -> float:
    return frame.target


def live_rows(config: Config, frames: Sequence[RateFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and evaluation point that was reached."""
    return plots.band_rows(arms(config), frames, _source)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: source kept against steps. It stays the same in a run."""
    steps = Scale(title="training steps", low=0, high=config.steps)
    spec: dict[str, Any] = plots.band_spec(arms(config), LOOK, theme, x=steps, y=SOURCE)
    return spec


def figure(config: Config, frames: Sequence[RateFrame], theme: Theme) -> Figure:
    """The finished run: both accuracies against the rate to the left, weight change per block to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    left, right = drawing.subplots(1, 2, width_ratios=[1.15, 1])
    _draw_against_rate(left, config, frames, theme)
    plots.draw_drift(right, arms(config), LOOK, frames, BLOCKS, theme)
    right.set_title("Weight change per block, ||w - w0|| / ||w0||", loc="left", fontsize=10, fontweight="bold",
                    color=theme.foreground)  # fmt: skip
    return drawing


def _draw_against_rate(axes: Axes, config: Config, frames: Sequence[RateFrame], theme: Theme) -> None:
    """Mean and range of the finished replicates at each rate; the source's level before training for comparison."""
    dress(axes, theme, title="After training: digits learned, letters kept")
    rates = [rate(config, arm.key) for arm in arms(config)]
    for measure, look, label in (
        (_source, SOURCE_LOOK, "letters (source) kept"),
        (_target, TARGET_LOOK, "digits (target)"),
    ):
        finals = [[measure(frame) for frame in plots.last_frames(frames, arm.key)] for arm in arms(config)]
        done = [(r, np.mean(f), np.min(f), np.max(f)) for r, f in zip(rates, finals, strict=True) if f]
        across, mean, low, high = np.array(done, dtype=float).reshape(-1, 4).T
        axes.fill_between(across, low, high, color=look.colour, alpha=0.13, linewidth=0)
        axes.plot(
            across, mean, color=look.colour, linestyle=look.line_style, marker=look.matplotlib_marker, label=label
        )
    before = [frame.source for frame in frames if frame.step == 0]
    if before:
        axes.axhline(float(np.mean(before)), color=theme.faint, linewidth=1, linestyle=(0, (1, 2)),
                     label="letters before training")  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(rates, [f"{r:g}" for r in rates])
    axes.minorticks_off()
    axes.set(xlim=(rates[0] * 0.7, rates[-1] * 1.4), ylim=(0, 100), ylabel="accuracy (%)")
    axes.set_xlabel("learning rate (log scale; line: mean; band: lowest to highest replicate)", fontsize=9)
    axes.legend(frameon=False, fontsize=9, labelcolor=theme.foreground, handlelength=3.2, loc="lower center")


def extras(config: Config, frames: Sequence[RateFrame], theme: Theme) -> list[plots.Extra]:
    """Both accuracies while training, side by side; nothing before a replicate has finished."""
    if not any(plots.last_frames(frames, arm.key) for arm in arms(config)):
        return []
    panels = (
        ("Letters kept while training", _source, SOURCE),
        ("Digits learned while training", _target, TARGET),
    )
    drawing = plots.side_by_side(arms(config), LOOK, frames, theme, last_step=config.steps, panels=panels)
    ends = "; ".join(
        f"{arm.label.lower()}: letters {_mean(frames, arm.key, _source):.1f} %, "
        f"digits {_mean(frames, arm.key, _target):.1f} %"
        for arm in arms(config)
        if plots.last_frames(frames, arm.key)
    )
    alt = f"Letters kept and digits learned against training steps, one line for each rate. At the end: {ends}."
    return [plots.Extra(title="While training", figure=drawing, alt=alt)]


def _mean(frames: Sequence[RateFrame], arm: str, measure: plots.Measure) -> float:
    return float(np.mean([measure(frame) for frame in plots.last_frames(frames, arm)]))


def table(config: Config, frames: Sequence[RateFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where no replicate has finished."""
    rows = []
    for arm in arms(config):
        final, drift = plots.last_frames(frames, arm.key), plots.mean_drift(frames, arm.key, BLOCKS)
        rows.append(
            {
                "arm": arm.label,
                "replicates": len(final),
                "letters kept mean (%)": plots.mean([frame.source for frame in final]),
                "letters kept sd (points)": plots.spread([frame.source for frame in final]),
                "digits mean (%)": plots.mean([frame.target for frame in final]),
                "digits sd (points)": plots.spread([frame.target for frame in final]),
                **plots.drift_columns(drift, BLOCKS),
            }
        )
    return rows


def alt_text(config: Config, frames: Sequence[RateFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    count = len(results(config, frames)[0].values)
    if count == 0:
        return "Letters kept and digits learned against the learning rate; no replicate has finished yet."
    means = "; ".join(
        f"at {rate(config, arm.key):g} letters {_mean(frames, arm.key, _source):.1f} %, "
        f"digits {_mean(frames, arm.key, _target):.1f} %, stem moved by "
        f"{100 * plots.mean_drift(frames, arm.key, BLOCKS)['stem']:.1f} %"
        for arm in arms(config)
    )
    runs = plots.replicates_in_words(count)
    text = f"Accuracy against the learning rate after {config.steps} steps, mean of {runs}: {means}."
    return f"{text} {plots.finding(LAB, config, frames)}".rstrip()
