"""What is seen of the strategies lab: a native chart while it runs, a figure at the end, and both in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos.base import Arm
from demos.strategies.lab import (
    BLOCKS,
    CLAIM,
    FINE_TUNE,
    FREEZE,
    LAB,
    PROBE,
    SCRATCH,
    Config,
    StrategyFrame,
    arms,
    results,
)
from demos.style import SERIES, Series, Theme, altair_config, dress
from demos.verdict import t_quantile, verdict_sentence

LOOK: dict[str, Series] = {PROBE: SERIES[0], FINE_TUNE: SERIES[1], FREEZE: SERIES[2], SCRATCH: SERIES[3]}

Curve = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Steps, and the mean, lowest and highest accuracy (%) of the replicates that have got there; each (points,)."""


def curve(frames: Sequence[StrategyFrame], arm: str) -> Curve:
    """The arm's accuracy against steps, over replicates."""
    values: dict[int, list[float]] = {}
    for frame in frames:
        if frame.arm == arm:
            values.setdefault(frame.step, []).append(frame.accuracy)
    steps = sorted(values)
    rows = [(np.mean(values[s]), np.min(values[s]), np.max(values[s])) for s in steps]
    mean, low, high = np.array(rows, dtype=float).reshape(-1, 3).T
    return np.array(steps), mean, low, high


COLUMNS = ("arm", "step", "mean", "low", "high")


def live_rows(config: Config, frames: Sequence[StrategyFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and evaluation point that was reached."""
    return [
        {"arm": arm.label, "step": int(step), "mean": round(mean, 1), "low": round(low, 1), "high": round(high, 1)}
        for arm in arms(config)
        for step, mean, low, high in zip(*curve(frames, arm.key), strict=True)
    ]


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: accuracy against steps, the mean and a band from the lowest
    to the highest replicate. It stays the same during a run, so that the client only has to move the marks."""
    shown = arms(config)
    labels = [arm.label for arm in shown]
    looks = [LOOK[arm.key] for arm in shown]

    def by_arm(kind: Any, values: Sequence[Any]) -> Any:
        return kind("arm:N", scale=alt.Scale(domain=labels, range=list(values)), title=None)

    x = alt.X("step:Q", title="training steps", scale=alt.Scale(domain=[0, config.steps], nice=False))
    # The axis is fixed: a scale that moves with the data would make every run look alike.
    y = alt.Y("mean:Q", title="test accuracy (%)", scale=alt.Scale(domain=[0, 100]))
    colour = by_arm(alt.Color, [look.colour for look in looks])
    dashes = by_arm(alt.StrokeDash, [look.dash or (1, 0) for look in looks])
    base = alt.Chart(alt.NamedData("frames")).encode(x=x, color=colour)
    band = base.mark_area(opacity=0.13).encode(y=alt.Y("low:Q", title="test accuracy (%)"), y2="high:Q")
    line = base.mark_line(strokeWidth=2.5).encode(y=y, strokeDash=dashes)
    points = base.mark_point(filled=True, size=45, opacity=1).encode(
        y=y,
        shape=by_arm(alt.Shape, [look.marker for look in looks]),
        tooltip=["arm:N", "step:Q", alt.Tooltip("mean:Q", title="mean accuracy (%)"), "low:Q", "high:Q"],
    )
    chart = alt.layer(band, line, points).properties(height=320).configure(**altair_config(theme))
    spec = chart.to_dict()
    spec.pop("data")
    return spec


def figure(config: Config, frames: Sequence[StrategyFrame], theme: Theme) -> Figure:
    """The finished run: curves to the left, final accuracy per replicate and drift per block to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    grid = drawing.add_gridspec(2, 2, width_ratios=[1.25, 1], height_ratios=[1.25, 1])
    _draw_curves(drawing.add_subplot(grid[:, 0]), config, frames, theme)
    _draw_final(drawing.add_subplot(grid[0, 1]), config, frames, theme)
    _draw_drift(drawing.add_subplot(grid[1, 1]), config, frames, theme)
    return drawing


def _draw_curves(axes: Axes, config: Config, frames: Sequence[StrategyFrame], theme: Theme) -> None:
    dress(axes, theme, title="Test accuracy while training")
    for arm in arms(config):
        look = LOOK[arm.key]
        steps, mean, low, high = curve(frames, arm.key)
        axes.fill_between(steps, low, high, color=look.colour, alpha=0.13, linewidth=0)
        axes.plot(
            steps, mean, color=look.colour, linestyle=look.line_style, marker=look.matplotlib_marker,
            markersize=4, markevery=max(1, len(steps) // 7), label=arm.label,
        )  # fmt: skip
    axes.set(xlim=(0, config.steps), ylim=(0, 100), ylabel="test accuracy (%)")
    axes.set_xlabel("training steps (line: mean; band: lowest to highest replicate)", fontsize=9)
    legend = axes.legend(frameon=False, fontsize=9, labelcolor=theme.foreground, handlelength=3.2, loc="lower right")
    legend.set_zorder(5)


def _draw_final(axes: Axes, config: Config, frames: Sequence[StrategyFrame], theme: Theme) -> None:
    """One dot per replicate; a thin line joins the same replicate over the arms; the bar is the 95 % interval."""
    dress(axes, theme, title="Final accuracy: dots are replicates", grid="x")
    values = np.array([result.values for result in results(config, frames)])
    shown = arms(config)
    places = np.arange(len(shown))
    for replicate in values.T:
        axes.plot(replicate, places, color=theme.muted, linewidth=0.6, alpha=0.7, zorder=1)
    for place, arm, finals in zip(places, shown, values, strict=True):
        look = LOOK[arm.key]
        axes.scatter(
            finals, np.full(len(finals), place), s=16, color=look.colour, marker=look.matplotlib_marker, alpha=0.55
        )
        if len(finals) >= 2:
            axes.errorbar(
                finals.mean(), place + 0.27, xerr=half_width(finals), color=look.colour, capsize=3,
                marker=look.matplotlib_marker, markersize=6, linewidth=2,
            )  # fmt: skip
    axes.set_yticks(places, [arm.label for arm in shown])
    axes.set_ylim(len(shown) - 0.45, -0.45)
    axes.set_xlabel("test accuracy (%), mean and 95 % interval", fontsize=9)


def _draw_drift(axes: Axes, config: Config, frames: Sequence[StrategyFrame], theme: Theme) -> None:
    """The relative change of each block as a number on its colour: exact zeros are written 0 and left blank."""
    dress(axes, theme, title="Weight change per block (0: frozen)", grid=None)
    shown = arms(config)
    drift = np.array([[mean_drift(frames, arm.key).get(block, math.nan) for block in BLOCKS] for arm in shown])
    top = np.nanmax(drift) if np.isfinite(drift).any() else 1.0
    for row, arm in enumerate(shown):
        for column, value in enumerate(drift[row]):
            share = 0.0 if not value > 0 else 0.12 + 0.38 * min(1.0, value / top)
            axes.fill_between(
                [column - 0.46, column + 0.46],
                row - 0.42,
                row + 0.42,
                color=LOOK[arm.key].colour,
                alpha=share,
                linewidth=0,
            )
            text = "–" if math.isnan(value) else "0" if value == 0 else f"{value:.2g}"
            axes.text(column, row, text, ha="center", va="center", fontsize=8.5, color=theme.foreground)
    axes.set_xticks(range(len(BLOCKS)), BLOCKS)
    axes.set_yticks(range(len(shown)), [arm.label for arm in shown])
    axes.set(xlim=(-0.5, len(BLOCKS) - 0.5), ylim=(len(shown) - 0.5, -0.5))


def half_width(values: np.ndarray) -> float:
    """Half of the 95 % t-interval of the mean."""
    return float(t_quantile(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values)))


def last_frames(frames: Sequence[StrategyFrame], arm: str) -> list[StrategyFrame]:
    """The arm's last frame of every replicate that finished it."""
    return [frame for frame in frames if frame.arm == arm and frame.step == frame.steps]


def mean_drift(frames: Sequence[StrategyFrame], arm: str) -> dict[str, float]:
    """The arm's relative weight change per block at the end, mean over replicates; empty if none has finished."""
    final = last_frames(frames, arm)
    return {block: float(np.mean([f.drift[block] for f in final])) for block in BLOCKS} if final else {}


def table(config: Config, frames: Sequence[StrategyFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where no replicate has finished."""
    return [_row(arm, last_frames(frames, arm.key), mean_drift(frames, arm.key)) for arm in arms(config)]


def _row(arm: Arm, final: Sequence[StrategyFrame], drift: dict[str, float]) -> dict[str, Any]:
    accuracy = [frame.accuracy for frame in final]
    timed = [frame.ms_per_step for frame in final if frame.ms_per_step is not None]
    return {
        "arm": arm.label,
        "replicates": len(final),
        "accuracy mean (%)": round(float(np.mean(accuracy)), 1) if accuracy else None,
        "accuracy sd (points)": round(float(np.std(accuracy, ddof=1)), 1) if len(accuracy) > 1 else None,
        "trainable parameters": final[0].trainable_parameters if final else None,
        "ms per step (median)": round(float(np.median(timed)), 2) if timed else None,
        "ms to cache frozen blocks, once": round(float(np.median([f.cache_ms for f in final])), 1) if final else None,
        **{f"change of {block}": round(drift[block], 4) if block in drift else None for block in BLOCKS},
    }


def alt_text(config: Config, frames: Sequence[StrategyFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finished = {result.name: result.values for result in results(config, frames)}
    count = len(finished[PROBE])
    if count == 0:
        return "Test accuracy against training steps, one line for each strategy; no replicate has finished yet."
    shown = arms(config)
    means = "; ".join(f"{arm.label.lower()} {np.mean(finished[arm.key]):.1f} %" for arm in shown)
    labels = "1 label" if config.labels_per_class == 1 else f"{config.labels_per_class} labels"
    runs = "1 replicate" if count == 1 else f"{count} replicates"
    text = f"Test accuracy after {config.steps} steps with {labels} per class, mean of {runs}: {means}."
    if count >= 2:
        names = {arm.key: arm.label.lower() for arm in shown}
        sentence = verdict_sentence(
            LAB.verdict(config, frames), better=names[CLAIM.better].capitalize(), worse=names[CLAIM.worse]
        )
        text += f" {CLAIM.statement}? {sentence}"
    return text
