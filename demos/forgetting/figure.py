"""What is seen of the forgetting lab: forgetting curves, and what each cure gains and keeps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.base import Arm
from demos.forgetting.lab import (
    ADAPTERS,
    BLOCKS,
    EWC,
    FINE_TUNE,
    FREEZE,
    FROZEN,
    L2_SP,
    LAB,
    LWF,
    REPLAY,
    WISE,
    Config,
    ForgettingFrame,
    arms,
    results,
)
from demos.plots import Scale
from demos.style import SERIES, Series, Theme, dress

LOOK: dict[str, Series] = {
    FROZEN: SERIES[0],
    FINE_TUNE: SERIES[1],
    FREEZE: SERIES[2],
    L2_SP: SERIES[3],
    EWC: SERIES[4],
    LWF: SERIES[5],
    REPLAY: SERIES[7],
    ADAPTERS: SERIES[6],
    # The ninth look of this lab: fine-tuning's marker on end, and a colour at least 3:1 on both backgrounds.
    WISE: Series("#D0475F", (3, 2, 1, 2), "diamond"),
}

LETTERS = Scale(title="accuracy on letters, old head (%)", low=0, high=100)

COLUMNS = plots.BAND_COLUMNS

NEEDS = {
    FROZEN: ("nothing", "a head per task"),
    FREEZE: ("nothing", "a head per task"),
    FINE_TUNE: ("nothing", "a head per task"),
    L2_SP: ("a copy of its weights while training", "a head per task"),
    EWC: ("a copy of its weights, and the Fisher diagonal computed before its data go", "a head per task"),
    LWF: ("the old head, and its outputs on the new images", "a head per task"),
    REPLAY: ("some of its data", "a head per task"),
    ADAPTERS: ("nothing", "a head and an adapter per task, and knowing the task of an input"),
    WISE: ("a copy of its weights, after training", "a head per task"),
}
"""By arm: what it needs of the source, and what serves both tasks later."""


def _letters(frame: ForgettingFrame) -> float:
    return frame.letters


def live_rows(config: Config, frames: Sequence[ForgettingFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and evaluation point that was reached."""
    return plots.band_rows(arms(config), frames, _letters)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: letters kept against steps on digits."""
    steps = Scale(title="training steps on digits", low=0, high=config.steps)
    spec: dict[str, Any] = plots.band_spec(arms(config), LOOK, theme, x=steps, y=LETTERS)
    return spec


def figure(config: Config, frames: Sequence[ForgettingFrame], theme: Theme) -> Figure:
    """The finished run: forgetting curves to the left, the trade-off to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    left, right = drawing.subplots(1, 2, width_ratios=[1, 1.15])
    steps = Scale(title="training steps on digits (line: mean; band: range of replicates)", low=0, high=config.steps)
    plots.draw_bands(
        left, arms(config), LOOK, frames, theme, measure=_letters, x=steps, y=LETTERS,
        title="Forgetting while training", legend=None,
    )  # fmt: skip
    draw_trade_off(right, config, frames, theme)
    handles, labels = left.get_legend_handles_labels()
    drawing.legend(
        handles, labels, loc="outside lower center", ncols=5, frameon=False, fontsize=9, labelcolor=theme.foreground,
        handlelength=3.2,
    )  # fmt: skip
    return drawing


def draw_trade_off(axes: Axes, config: Config, frames: Sequence[ForgettingFrame], theme: Theme) -> None:
    """One point per arm: digits gained across, letters kept upwards, with 95 % intervals; the best corner is marked."""
    dress(axes, theme, title="Target gained against source kept", grid="both")
    axes.set_xlabel("accuracy on digits (%), mean and 95 % interval", fontsize=9)
    axes.set_ylabel(LETTERS.title)
    points = {arm.key: _final_points(frames, arm.key) for arm in arms(config)}
    reached = {key: point for key, point in points.items() if len(point)}
    for key, point in reached.items():
        _draw_point(axes, point, LOOK[key])
    _draw_without_adapters(axes, frames, theme)
    if FROZEN in reached:
        best = max(point[:, 0].mean() for point in reached.values())
        _mark_best_corner(axes, best, reached[FROZEN][:, 1].mean(), theme)
    axes.margins(0.12)
    # An unstable arm has an interval beyond what an accuracy can be.
    axes.set_xlim(right=min(100.0, axes.get_xlim()[1]))
    axes.set_ylim(top=110.0)  # room for the words above the best corner
    axes.set_yticks([tick for tick in axes.get_yticks() if tick <= 100])


def _final_points(frames: Sequence[ForgettingFrame], arm: str) -> np.ndarray:
    """Digits and letters at the end, (replicates, 2)."""
    return np.array([(f.digits, f.letters) for f in plots.last_frames(frames, arm)], dtype=float).reshape(-1, 2)


def _draw_point(axes: Axes, point: np.ndarray, look: Series) -> None:
    digits, letters = point.mean(0)
    spread = [plots.half_width(column) for column in point.T] if len(point) > 1 else [0.0, 0.0]
    axes.errorbar(
        digits, letters, xerr=spread[0], yerr=spread[1], color=look.colour, marker=look.matplotlib_marker,
        markersize=8, linewidth=1.1, alpha=0.95,
    )  # fmt: skip


def _draw_without_adapters(axes: Axes, frames: Sequence[ForgettingFrame], theme: Theme) -> None:
    """The adapters' second letter accuracy, hollow: what is there when they are taken off for letters."""
    final = plots.last_frames(frames, ADAPTERS)
    kept = [frame.without_adapter for frame in final if frame.without_adapter is not None]
    if not kept:
        return
    look, digits = LOOK[ADAPTERS], float(np.mean([frame.digits for frame in final]))
    with_adapters = float(np.mean([frame.letters for frame in final]))
    axes.plot([digits] * 2, [with_adapters, np.mean(kept)], color=look.colour, linewidth=1.2, linestyle=":", zorder=1)
    axes.plot(
        digits, np.mean(kept), marker=look.matplotlib_marker, markersize=9, color=look.colour, linestyle="none",
        markerfacecolor=theme.background, markeredgewidth=1.5, label="Adapters, taken off for letters",
    )  # fmt: skip
    axes.legend(frameon=False, fontsize=8.5, labelcolor=theme.foreground, loc="lower left")


def _mark_best_corner(axes: Axes, digits: float, letters: float, theme: Theme) -> None:
    axes.axhline(letters, color=theme.faint, linewidth=0.9, linestyle="--", zorder=0)
    axes.axvline(digits, color=theme.faint, linewidth=0.9, linestyle="--", zorder=0)
    axes.plot(digits, letters, marker="*", markersize=15, color=theme.accent, linestyle="none", zorder=0)
    axes.annotate(
        "best corner: nothing forgotten,\nmost learned", (digits, letters), xytext=(0, 10), textcoords="offset points",
        ha="right", va="bottom", fontsize=8.5, color=theme.foreground,
    )  # fmt: skip


def table(config: Config, frames: Sequence[ForgettingFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where no replicate has finished."""
    return [_row(arm, plots.last_frames(frames, arm.key), frames) for arm in arms(config)]


def _row(arm: Arm, final: Sequence[ForgettingFrame], frames: Sequence[ForgettingFrame]) -> dict[str, Any]:
    drift = plots.mean_drift(frames, arm.key, BLOCKS)
    return {
        "arm": arm.label,
        "replicates": len(final),
        "letters kept, mean (%)": plots.mean([frame.letters for frame in final]),
        "letters sd (points)": plots.spread([frame.letters for frame in final]),
        "digits mean (%)": plots.mean([frame.digits for frame in final]),
        "digits sd (points)": plots.spread([frame.digits for frame in final]),
        "letters, head refitted (%)": plots.mean([frame.refitted for frame in final]),
        "letters, adapters off (%)": plots.mean([frame.without_adapter for frame in final]),
        "trainable parameters": final[0].trainable_parameters if final else None,
        "ms per step": plots.mean([frame.ms_per_step for frame in final], digits=2),
        **plots.drift_columns(drift, BLOCKS),
    }


def alt_text(config: Config, frames: Sequence[ForgettingFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finished = {result.name: result.values for result in results(config, frames)}
    count = len(finished[FROZEN])
    if count == 0:
        return "Accuracy on letters against training steps on digits, a line for each arm; no replicate has finished."
    digits = {arm.key: plots.mean([f.digits for f in plots.last_frames(frames, arm.key)]) for arm in arms(config)}
    means = "; ".join(
        f"{arm.label} {np.mean(finished[arm.key]):.1f} % and {digits[arm.key]:.1f} %" for arm in arms(config)
    )
    runs = plots.replicates_in_words(count)
    text = f"Accuracy on letters kept, and on digits, after {config.steps} steps on digits, mean of {runs}: {means}."
    return f"{text} {plots.finding(LAB, config, frames)}".rstrip()


def extras(config: Config, frames: Sequence[ForgettingFrame], theme: Theme) -> list[plots.Extra]:
    """Lost, or only no longer read out? The letters with their old head and with one fitted anew."""
    if not results(config, frames)[0].values:
        return []
    shown = arms(config)
    means = np.array([[_mean_of(frames, arm.key, name) for name in ("letters", "refitted")] for arm in shown])
    drawing = Figure(figsize=(10, 3.8), layout="constrained", facecolor=theme.background)
    axes = drawing.subplots()
    dress(
        axes,
        theme,
        title="Letters read by the old head (filled) and by a new linear head (hollow: compare with the dashed line)",
        grid="x",
    )
    for place, (arm, (old, new)) in enumerate(zip(shown, means, strict=True)):
        look = LOOK[arm.key]
        axes.plot([old, new], [place] * 2, color=look.colour, linewidth=1.5, zorder=1)
        axes.plot(old, place, marker=look.matplotlib_marker, markersize=9, color=look.colour)
        axes.plot(
            new, place, marker=look.matplotlib_marker, markersize=9, color=look.colour, markeredgewidth=1.6,
            markerfacecolor=theme.background,
        )  # fmt: skip
    axes.axvline(means[0, 1], color=theme.faint, linewidth=0.9, linestyle="--", zorder=0)
    axes.set_yticks(range(len(shown)), [arm.label for arm in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel("accuracy on letters (%), mean; dashed: new head on the untouched backbone", fontsize=9)
    words = "; ".join(f"{arm.label} {old:.1f} and {new:.1f} %" for arm, (old, new) in zip(shown, means, strict=True))
    return [
        plots.Extra(
            title="Lost from the features, or only from the old head's sight?",
            figure=drawing,
            alt=f"Accuracy on letters with the old head and with a new one fitted to the features: {words}.",
        )
    ]


def _mean_of(frames: Sequence[ForgettingFrame], arm: str, name: str) -> float:
    return float(np.mean([getattr(frame, name) for frame in plots.last_frames(frames, arm)]))


def notes(config: Config, frames: Sequence[ForgettingFrame]) -> list[str]:
    """What each arm asks for: the first question when one has to choose."""
    rows = "\n".join(f"| {arm.label} | {NEEDS[arm.key][0]} | {NEEDS[arm.key][1]} |" for arm in arms(config))
    return [f"| | needs of the source | to serve both tasks later |\n|---|---|---|\n{rows}"]
