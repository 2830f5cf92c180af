"""What is seen of the adaptation lab: target accuracy while it runs, the gap closed, and a map of the features."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.adaptation.lab import (
    ADABN,
    CORAL,
    DANN,
    LAB,
    ORACLE,
    SOURCE,
    TARGET_NAMES,
    AdaptationFrame,
    Config,
    FeatureMap,
    arms,
    gap_closed,
    results,
)
from demos.plots import Scale
from demos.style import SERIES, Series, Theme, dress

LOOK: dict[str, Series] = {SOURCE: SERIES[0], ADABN: SERIES[4], CORAL: SERIES[2], DANN: SERIES[1], ORACLE: SERIES[3]}

ACCURACY = Scale(title="target accuracy (%)", low=0, high=100)

COLUMNS = plots.BAND_COLUMNS

MAPPED = (SOURCE, CORAL, DANN)
"""The arms whose features are drawn: before and after."""

DOMAINS = (("rendered (source)", SERIES[0]), ("handwritten (target)", SERIES[1]))


def _accuracy(frame: AdaptationFrame) -> float:
    return frame.accuracy


def live_rows(config: Config, frames: Sequence[AdaptationFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and evaluation point that was reached."""
    return plots.band_rows(arms(config), frames, _accuracy)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: target accuracy against steps."""
    steps = Scale(title="training steps", low=0, high=config.steps)
    spec: dict[str, Any] = plots.band_spec(arms(config), LOOK, theme, x=steps, y=ACCURACY)
    return spec


def figure(config: Config, frames: Sequence[AdaptationFrame], theme: Theme) -> Figure:
    """The finished run: curves to the left, final accuracies and the gap closed to the right."""
    drawing = Figure(figsize=(10, 5.2), layout="constrained", facecolor=theme.background)
    grid = drawing.add_gridspec(2, 2, width_ratios=[1.15, 1], height_ratios=[1.35, 1])
    steps = Scale(title="training steps (line: mean; band: lowest to highest replicate)", low=0, high=config.steps)
    plots.draw_bands(
        drawing.add_subplot(grid[:, 0]), arms(config), LOOK, frames, theme, measure=_accuracy, x=steps, y=ACCURACY,
        title=f"Accuracy on {TARGET_NAMES[config.target]} while training", legend="lower right",
    )  # fmt: skip
    plots.draw_finals(
        drawing.add_subplot(grid[0, 1]), arms(config), LOOK, results(config, frames), theme,
        title="Final accuracy: dots are replicates", unit="target accuracy (%)",
    )  # fmt: skip
    _draw_gap(drawing.add_subplot(grid[1, 1]), config, frames, theme)
    return drawing


def _draw_gap(axes: Axes, config: Config, frames: Sequence[AdaptationFrame], theme: Theme) -> None:
    """A bar per method: how much of the way from source only to the oracle it went, with the 95 % interval."""
    dress(axes, theme, title="Gap closed (the oracle: 100 %)", grid="x")
    closed = gap_closed(config, frames)
    methods = [arm for arm in arms(config) if arm.key in (ADABN, CORAL, DANN)]
    for place, arm in enumerate(methods):
        shares = np.array(closed.get(arm.key, ()))
        if not len(shares):
            continue
        axes.barh(place, shares.mean(), height=0.56, color=LOOK[arm.key].colour, alpha=0.55)
        error = plots.half_width(shares) if len(shares) > 1 else 0.0
        axes.errorbar(shares.mean(), place, xerr=error, color=theme.foreground, capsize=3, linewidth=1.5)
        beyond = max(0.0, shares.mean() + error)
        axes.text(
            beyond + 2,
            place,
            f"{shares.mean():.0f} %".replace("-", "−"),
            va="center",
            fontsize=9,
            color=theme.foreground,
        )
    axes.axvline(0, color=theme.foreground, linewidth=1)
    axes.set_yticks(range(len(methods)), [arm.label for arm in methods])
    low, high = axes.get_xlim()
    axes.set(xlim=(min(-5.0, low), max(105.0, high)), ylim=(len(methods) - 0.5, -0.5))
    axes.set_xlabel("gap closed (%), mean and 95 % interval", fontsize=9)


# --- the feature map --------------------------------------------------------------------------------------------------


def extras(config: Config, frames: Sequence[AdaptationFrame], theme: Theme) -> list[plots.Extra]:
    """The features of replicate 0, before and after alignment; none until these arms have finished it."""
    last = {f.arm: f for f in frames if f.feature_map is not None}
    if not all(arm in last for arm in MAPPED):
        return []
    labels = {arm.key: arm.label for arm in arms(config)}
    drawing = Figure(figsize=(10, 7), layout="constrained", facecolor=theme.background)
    for column, key in enumerate(MAPPED):
        points = last[key].feature_map
        assert points is not None
        by_domain, by_class = (drawing.add_subplot(2, 3, column + 1 + 3 * row) for row in (0, 1))
        dress(by_domain, theme, title=f"{labels[key]}: by domain", grid=None)
        dress(by_class, theme, title=f"{labels[key]}: by digit", grid=None)
        _draw_domains(by_domain, points, theme, legend=column == 0)
        _draw_digits(by_class, points, theme)
        by_domain.set_xlabel(_said(last[key]), fontsize=9)
        for axes in (by_domain, by_class):
            axes.set(xticks=[], yticks=[])
    return [plots.Extra(title="Features before and after alignment", figure=drawing, alt=_map_alt(last, labels))]


def _said(frame: AdaptationFrame) -> str:
    return f"domains told apart: {frame.domain_accuracy:.0f} %; target accuracy: {frame.accuracy:.0f} %"


def _draw_domains(axes: Axes, points: FeatureMap, theme: Theme, *, legend: bool) -> None:
    x, y, target = np.array(points.x), np.array(points.y), np.array(points.is_target)
    for shown, (label, look) in zip((~target, target), DOMAINS, strict=True):
        axes.scatter(x[shown], y[shown], s=16, alpha=0.6, color=look.colour, marker=look.matplotlib_marker, label=label)
    if legend:
        axes.legend(frameon=False, fontsize=8.5, labelcolor=theme.foreground, loc="best", handletextpad=0.2)


def _draw_digits(axes: Axes, points: FeatureMap, theme: Theme) -> None:
    """Each image as its true digit: target digits strong and in the target's colour, source digits pale."""
    x, y, target, digit = (np.array(part) for part in (points.x, points.y, points.is_target, points.digit))
    for shown, (_, look), alpha in zip((~target, target), DOMAINS, (0.7, 1.0), strict=True):
        for value in range(10):
            one = shown & (digit == value)
            axes.scatter(x[one], y[one], s=34, color=look.colour, marker=f"${value}$", linewidths=0.3, alpha=alpha)


def _map_alt(last: dict[str, AdaptationFrame], labels: dict[str, str]) -> str:
    parts = [f"{labels[key]} {last[key].domain_accuracy:.0f} % and {last[key].accuracy:.0f} %" for key in MAPPED]
    return (
        "Features of 150 rendered and 150 handwritten digits of the first replicate, in the plane of their two "
        "principal components. Domains told apart by a linear classifier (50 % is guessing), and target accuracy: "
        f"{'; '.join(parts)}."
    )


# --- in numbers and words ---------------------------------------------------------------------------------------------


def table(config: Config, frames: Sequence[AdaptationFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where no replicate has finished."""
    closed = gap_closed(config, frames)
    rows = []
    for arm in arms(config):
        final = plots.last_frames(frames, arm.key)
        accuracy = [frame.accuracy for frame in final]
        rows.append(
            {
                "arm": arm.label,
                "replicates": len(final),
                "target accuracy mean (%)": plots.mean(accuracy),
                "target accuracy sd (points)": plots.spread(accuracy),
                "gap closed (%)": plots.mean(closed.get(arm.key, ())),
                "source accuracy mean (%)": plots.mean([frame.source_accuracy for frame in final]),
                "domains told apart (%), 50 is guessing": plots.mean([frame.domain_accuracy for frame in final]),
            }
        )
    return rows


def alt_text(config: Config, frames: Sequence[AdaptationFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finished = {result.name: result.values for result in results(config, frames)}
    count = len(finished[SOURCE])
    if count == 0:
        return "Target accuracy against training steps, one line for each method; no replicate has finished yet."
    means = "; ".join(f"{arm.label} {np.mean(finished[arm.key]):.1f} %" for arm in arms(config))
    runs = plots.replicates_in_words(count)
    text = f"Accuracy on {TARGET_NAMES[config.target]} after {config.steps} steps, mean of {runs}: {means}."
    closed = gap_closed(config, frames)
    if closed:
        shares = ", ".join(
            f"{arm.label} {np.mean(closed[arm.key]):.0f} %" for arm in arms(config) if arm.key in (ADABN, CORAL, DANN)
        )
        text += f" Gap closed: {shares}."
    return f"{text} {plots.finding(LAB, config, frames)}".rstrip()
