"""What is seen of the learning curves: a native chart while they grow, a figure with the crossing, and words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.base import Arm
from demos.plots import Scale
from demos.small_data.crossing import Crossing, crossing, in_words
from demos.small_data.lab import (
    DIGITS,
    FINE_TUNE,
    LAB,
    PROBE,
    SCRATCH,
    TRANSFERS,
    Config,
    CurveFrame,
    arms,
    counts,
    judged_at,
    leads,
    results,
    similarities,
)
from demos.style import SERIES, Series, Theme, dress

LOOK: dict[str, Series] = {PROBE: SERIES[0], FINE_TUNE: SERIES[1], SCRATCH: SERIES[3]}

ACCURACY = Scale(title="test accuracy (%)", low=0, high=100)

COLUMNS = plots.BAND_COLUMNS


def _accuracy(frame: CurveFrame) -> float:
    return frame.accuracy


def _labels(frame: CurveFrame) -> float:
    return frame.labels_per_class


def _counts_scale(config: Config) -> Scale:
    shown = counts(config)
    return Scale(title="labels per class (log scale)", low=shown[0] * 0.85, high=shown[-1] * 1.18, log=True)


def live_rows(config: Config, frames: Sequence[CurveFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and label count; `step` is the count."""
    return plots.band_rows(arms(config), frames, _accuracy, _labels)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: accuracy against labels per class."""
    spec: dict[str, Any] = plots.band_spec(arms(config), LOOK, theme, x=_counts_scale(config), y=ACCURACY)
    return spec


def measured_leads(config: Config, frames: Sequence[CurveFrame]) -> tuple[list[int], np.ndarray]:
    """Counts and leads (replicates, counts) in points, of the replicates that have measured the whole curve."""
    shown = list(counts(config))
    by_count = [leads(frames, count) for count in shown]
    complete = sorted(set.intersection(*(set(found) for found in by_count)))
    return shown, np.array([[found[r] for found in by_count] for r in complete]).reshape(len(complete), len(shown))


def found_crossing(config: Config, frames: Sequence[CurveFrame]) -> Crossing | None:
    """Where fine-tuning overtakes; None before two replicates have measured the whole curve."""
    shown, values = measured_leads(config, frames)
    return crossing(shown, values) if len(values) >= 2 else None


def figure(config: Config, frames: Sequence[CurveFrame], theme: Theme) -> Figure:
    """The finished run: curves to the left; the lead with its crossing, and the judged count, to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    grid = drawing.add_gridspec(2, 2, width_ratios=[1.2, 1], height_ratios=[1.35, 1])
    _draw_curves(drawing.add_subplot(grid[:, 0]), config, frames, theme)
    _draw_lead(drawing.add_subplot(grid[0, 1]), config, frames, theme)
    plots.draw_finals(
        drawing.add_subplot(grid[1, 1]), arms(config), LOOK, results(config, frames), theme,
        title=f"At {_per_class(judged_at(config))}: dots are replicates", unit="test accuracy (%)",
    )  # fmt: skip
    return drawing


def _draw_curves(axes: Axes, config: Config, frames: Sequence[CurveFrame], theme: Theme) -> None:
    plots.draw_bands(
        axes, arms(config), LOOK, frames, theme, measure=_accuracy, x=_counts_scale(config), y=ACCURACY,
        title=f"Learning curves, {TRANSFERS[config.transfer]}", place=_labels,
        legend="lower right" if config.transfer == DIGITS else "center right",
    )  # fmt: skip
    _dress_counts(axes, config, theme, clear_of_legend=0.23)
    axes.set_xlabel("labels per class, log scale (line: mean; band: lowest to highest replicate)", fontsize=9)


def _dress_counts(axes: Axes, config: Config, theme: Theme, clear_of_legend: float = 0.0) -> None:
    """Label the measured counts themselves, and mark the judged one; its words move up where a legend may stand."""
    shown, at = counts(config), judged_at(config)
    to_the_right = at * at < shown[0] * shown[-1]
    scale = _counts_scale(config)
    axes.set_xscale("log")
    axes.set_xticks(shown, [str(count) for count in shown], minor=False)
    axes.minorticks_off()
    axes.set_xlim(scale.low, scale.high)
    axes.axvline(at, color=theme.accent, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    axes.annotate(
        "judged here", (at, 0 if to_the_right else clear_of_legend), (3 if to_the_right else -3, 3),
        xycoords=("data", "axes fraction"), textcoords="offset points", ha="left" if to_the_right else "right",
        fontsize=8, color=theme.accent,
    )  # fmt: skip


def _draw_lead(axes: Axes, config: Config, frames: Sequence[CurveFrame], theme: Theme) -> None:
    """Probe minus fine-tuning: a thin line for each replicate, the mean with its 95 % interval, the crossing on 0."""
    dress(axes, theme, title="Lead of the probe over fine-tuning")
    shown, values = measured_leads(config, frames)
    for replicate in values:
        axes.plot(shown, replicate, color=theme.muted, linewidth=0.6, alpha=0.7, zorder=1)
    if len(values) >= 2:
        means = values.mean(axis=0)
        widths = [plots.half_width(column) for column in values.T]
        axes.errorbar(shown, means, yerr=widths, color=theme.foreground, capsize=3, linewidth=1.5, zorder=3)
        for winner in (PROBE, FINE_TUNE):
            ahead = means > 0 if winner == PROBE else means <= 0
            look = LOOK[winner]
            axes.scatter(
                np.array(shown)[ahead], means[ahead], s=36, color=look.colour, marker=look.matplotlib_marker, zorder=4
            )
    limit = 1.15 * float(np.abs(values).max()) if values.size else 20.0
    axes.set(ylim=(-max(limit, 5.0), max(limit, 5.0)), ylabel="points")
    axes.axhline(0, color=theme.faint, linewidth=1, zorder=2)
    _dress_counts(axes, config, theme)
    for words, height, side in (("probe ahead", 0.97, "top"), ("fine-tuning ahead", 0.14, "bottom")):
        axes.text(0.985, height, words, transform=axes.transAxes, ha="right", va=side, fontsize=8, color=theme.faint)
    where = found_crossing(config, frames)
    if where is not None:
        _draw_crossing(axes, where, _counts_scale(config), theme)
    axes.set_xlabel(f"labels per class; {_crossing_in_short(where)}", fontsize=9)


def _draw_crossing(axes: Axes, where: Crossing, scale: Scale, theme: Theme) -> None:
    low, high = (min(max(bound, scale.low), scale.high) for bound in (where.low, where.high))
    axes.axvspan(low, high, color=theme.accent, alpha=0.13, linewidth=0, zorder=0)
    if 0 < where.at < math.inf:
        axes.scatter([where.at], [0], s=55, color=theme.accent, marker="X", zorder=5)


def _crossing_in_short(where: Crossing | None) -> str:
    if where is None:
        return "crossing not yet measured"
    return "shaded: where the crossing lies (95 %)"


def table(config: Config, frames: Sequence[CurveFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where nothing has been measured."""
    return [_row(arm, config, frames) for arm in arms(config)]


def _row(arm: Arm, config: Config, frames: Sequence[CurveFrame]) -> dict[str, Any]:
    at = judged_at(config)
    judged = [f for f in frames if f.arm == arm.key and f.labels_per_class == at]
    steps, means, _, _ = plots.curve(frames, arm.key, _accuracy, _labels)
    curve = dict(zip(steps.astype(int).tolist(), means.tolist(), strict=True))
    return {
        "arm": arm.label,
        "replicates": len(judged),
        f"accuracy sd at {at} (points)": plots.spread([f.accuracy for f in judged]),
        f"fit to what it learned from at {at} (%)": plots.mean([f.fitted for f in judged]),
        "similarity (points over random features)": plots.mean([f.similarity for f in judged]),
        **{f"accuracy at {count} (%)": round(curve[count], 1) if count in curve else None for count in counts(config)},
    }


def notes(config: Config, frames: Sequence[CurveFrame]) -> list[str]:
    """What the figure cannot say: the crossing, and how similar the domain was measured to be."""
    blocks = []
    where = found_crossing(config, frames)
    if where is not None:
        blocks.append(f"**Crossing.** {in_words(where, counts(config))}")
    similar = similarities(frames, judged_at(config))
    if similar:
        blocks.append(f"**Similarity, measured.** {_similarity_in_words(config, similar)}")
    return blocks


def _similarity_in_words(config: Config, similar: Sequence[float]) -> str:
    return (
        f"At {_per_class(judged_at(config))}, a probe on the pretrained features is {np.mean(similar):.0f} points "
        "above the same probe on the features of a random network. Near 0 the source would be of no use here."
    )


def _per_class(count: int) -> str:
    return f"{count} {'label' if count == 1 else 'labels'} per class"


def alt_text(config: Config, frames: Sequence[CurveFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finished = {result.name: result.values for result in results(config, frames)}
    replicates = len(finished[PROBE])
    if replicates == 0:
        return "Test accuracy against labels per class, a line for each strategy; no replicate is finished yet."
    means = "; ".join(f"{arm.label.lower()} {np.mean(finished[arm.key]):.1f} %" for arm in arms(config))
    runs = plots.replicates_in_words(replicates)
    where = found_crossing(config, frames)
    parts = [
        f"Learning curves, {TRANSFERS[config.transfer]}.",
        f"Test accuracy at {_per_class(judged_at(config))}, mean of {runs}: {means}.",
        "" if where is None else in_words(where, counts(config)),
        plots.finding(LAB, config, frames),
    ]
    return " ".join(part for part in parts if part)
