"""Drawings that several labs share: growing curves with bands, final values per replicate, a table of coloured cells.

Plain data in, Vega-Lite specs and matplotlib axes out; no pyplot, no torch. The frames' own fields are read through a
`Measure`, so nothing here knows a lab.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos.base import Arm, ArmResult, Lab, LabConfig
from demos.style import Series, Theme, altair_config, dress
from demos.verdict import run_says, t_quantile

Measure = Callable[[Any], float | None]
"""What is read from a frame; None where the frame does not have it."""

Looks = Mapping[str, Series]
"""How each arm looks, by its key."""

Curve = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Steps, and the mean, lowest and highest value of the replicates that have got there; each (points,)."""

BAND_COLUMNS = ("arm", "step", "mean", "low", "high")


@dataclass(frozen=True, kw_only=True)
class Scale:
    """An axis: what it says (with its unit) and the range it keeps, whatever the data."""

    title: str
    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, kw_only=True)
class Extra:
    """One more picture of a finished run, shown below the main figure under its title; `alt` says what it shows."""

    title: str
    figure: Figure
    alt: str


def curve(frames: Sequence[Any], arm: str, measure: Measure, x: Measure = lambda frame: frame.step) -> Curve:
    """The arm's measure against steps (or another `x`), over replicates."""
    values: dict[float, list[float]] = {}
    for frame in frames:
        value = measure(frame) if frame.arm == arm else None
        place = x(frame)
        if value is not None and place is not None:
            values.setdefault(place, []).append(value)
    places = sorted(values)
    rows = [(np.mean(values[p]), np.min(values[p]), np.max(values[p])) for p in places]
    mean, low, high = np.array(rows, dtype=float).reshape(-1, 3).T
    return np.array(places), mean, low, high


def band_rows(
    arms: Sequence[Arm], frames: Sequence[Any], measure: Measure, x: Measure = lambda frame: frame.step, digits: int = 1
) -> list[dict[str, Any]]:
    """The data of `band_spec`, with `BAND_COLUMNS`: a row for each arm and point that was reached."""
    return [
        {
            "arm": arm.label,
            "step": float(step),
            "mean": round(mean, digits),
            "low": round(low, digits),
            "high": round(high, digits),
        }
        for arm in arms
        for step, mean, low, high in zip(*curve(frames, arm.key, measure, x), strict=True)
    ]


def band_spec(arms: Sequence[Arm], looks: Looks, theme: Theme, *, x: Scale, y: Scale, height: int = 320) -> Any:
    """Growing curves as a Vega-Lite spec without data: the mean, and a band from the lowest to the highest replicate.

    The spec stays the same during a run, so that the client only has to move the marks, and its scales are fixed: one
    that moved with the data would make every run look alike.
    """
    labels = [arm.label for arm in arms]
    series = [looks[arm.key] for arm in arms]

    def by_arm(kind: Any, values: Sequence[Any]) -> Any:
        return kind("arm:N", scale=alt.Scale(domain=labels, range=list(values)), title=None)

    across = alt.X("step:Q", title=x.title, scale=_scale(x))
    up = alt.Y("mean:Q", title=y.title, scale=_scale(y))
    colour = by_arm(alt.Color, [look.colour for look in series])
    dashes = by_arm(alt.StrokeDash, [look.dash or (1, 0) for look in series])
    base = alt.Chart(alt.NamedData("frames")).encode(x=across, color=colour)
    band = base.mark_area(opacity=0.13).encode(y=alt.Y("low:Q", title=y.title), y2="high:Q")
    line = base.mark_line(strokeWidth=2.5).encode(y=up, strokeDash=dashes)
    points = base.mark_point(filled=True, size=45, opacity=1).encode(
        y=up,
        shape=by_arm(alt.Shape, [look.marker for look in series]),
        tooltip=["arm:N", alt.Tooltip("step:Q", title=x.title), alt.Tooltip("mean:Q", title="mean"), "low:Q", "high:Q"],
    )
    return without_data(alt.layer(band, line, points).properties(height=height), theme)


def _scale(axis: Scale) -> alt.Scale:
    kind = {"type": "log"} if axis.log else {}
    return alt.Scale(domain=[axis.low, axis.high], nice=False, clamp=True, **kind)  # type: ignore[arg-type]


def without_data(chart: Any, theme: Theme) -> dict[str, Any]:
    """The chart's spec in the theme's colours; the rows are sent beside it."""
    spec: dict[str, Any] = chart.configure(**altair_config(theme)).to_dict()
    spec.pop("data", None)
    return spec


def draw_bands(
    axes: Axes, arms: Sequence[Arm], looks: Looks, frames: Sequence[Any], theme: Theme,
    *, measure: Measure, x: Scale, y: Scale, title: str, legend: str | None = "best",
    place: Measure = lambda frame: frame.step,
) -> None:  # fmt: skip
    """The same curves in matplotlib, against steps (or another `place`); `legend` is a location, or None for none."""
    dress(axes, theme, title=title)
    for arm in arms:
        look = looks[arm.key]
        steps, mean, low, high = curve(frames, arm.key, measure, place)
        axes.fill_between(steps, low, high, color=look.colour, alpha=0.13, linewidth=0)
        axes.plot(
            steps, mean, color=look.colour, linestyle=look.line_style, marker=look.matplotlib_marker,
            markersize=4, markevery=max(1, len(steps) // 7), label=arm.label,
        )  # fmt: skip
    if x.log:
        axes.set_xscale("log")
    axes.set(xlim=(x.low, x.high), ylim=(y.low, y.high), ylabel=y.title)
    axes.set_xlabel(x.title, fontsize=9)
    if legend is not None:
        box = axes.legend(frameon=False, fontsize=9, labelcolor=theme.foreground, handlelength=3.2, loc=legend)  # type: ignore[call-overload]
        box.set_zorder(5)


def side_by_side(
    arms: Sequence[Arm], looks: Looks, frames: Sequence[Any], theme: Theme,
    *, last_step: int, panels: Sequence[tuple[str, Measure, Scale]],
) -> Figure:  # fmt: skip
    """The same arms in several measures, a panel (title, measure, its axis) each; below them the legend of all."""
    drawing = Figure(figsize=(10, 4.0), layout="constrained", facecolor=theme.background)
    steps = Scale(title="training steps (line: mean; band: lowest to highest replicate)", low=0, high=last_step)
    places = drawing.subplots(1, len(panels))
    for axes, (title, measure, y) in zip(places, panels, strict=True):
        draw_bands(axes, arms, looks, frames, theme, measure=measure, x=steps, y=y, title=title, legend=None)
    drawing.legend(
        *places[-1].get_legend_handles_labels(), loc="outside lower center", ncols=len(arms), frameon=False, fontsize=9,
        labelcolor=theme.foreground, handlelength=3.2,
    )  # fmt: skip
    return drawing


def draw_finals(
    axes: Axes, arms: Sequence[Arm], looks: Looks, results: Sequence[ArmResult], theme: Theme, *, title: str, unit: str
) -> None:
    """One dot per replicate; a thin line joins the same replicate over the arms; the bar is the 95 % interval."""
    dress(axes, theme, title=title, grid="x")
    by_name = {result.name: np.array(result.values) for result in results}
    values = np.array([by_name[arm.key] for arm in arms])
    places = np.arange(len(arms))
    for replicate in values.T:
        axes.plot(replicate, places, color=theme.muted, linewidth=0.6, alpha=0.7, zorder=1)
    for place, arm, finals in zip(places, arms, values, strict=True):
        look = looks[arm.key]
        axes.scatter(
            finals, np.full(len(finals), place), s=16, color=look.colour, marker=look.matplotlib_marker, alpha=0.55
        )
        if len(finals) >= 2:
            axes.errorbar(
                finals.mean(), place + 0.27, xerr=half_width(finals), color=look.colour, capsize=3,
                marker=look.matplotlib_marker, markersize=6, linewidth=2,
            )  # fmt: skip
    axes.set_yticks(places, [arm.label for arm in arms])
    axes.set_ylim(len(arms) - 0.45, -0.45)
    axes.set_xlabel(f"{unit}, mean and 95 % interval", fontsize=9)


def draw_cells(
    axes: Axes, values: np.ndarray, rows: Sequence[tuple[str, str]], columns: Sequence[str], theme: Theme,
    *, title: str, write: Callable[[float], str] = lambda value: f"{value:.2g}",
) -> None:  # fmt: skip
    """A table (rows, columns) whose cells are tinted by size; `rows` are (label, colour). NaN is a dash, 0 is blank."""
    dress(axes, theme, title=title, grid=None)
    top = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    for row, (_, colour) in enumerate(rows):
        for column, value in enumerate(values[row]):
            share = 0.0 if not value > 0 else 0.12 + 0.38 * min(1.0, value / top)
            axes.fill_between(
                [column - 0.46, column + 0.46], row - 0.42, row + 0.42, color=colour, alpha=share, linewidth=0
            )
            text = "–" if math.isnan(value) else "0" if value == 0 else write(value)
            axes.text(column, row, text, ha="center", va="center", fontsize=8.5, color=theme.foreground)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))


def draw_drift(
    axes: Axes, arms: Sequence[Arm], looks: Looks, frames: Sequence[Any], blocks: Sequence[str], theme: Theme
) -> None:
    """The relative weight change of each block at the end; `frames` have a `drift` by block. Exact zeros say 0."""
    drift = np.array([[mean_drift(frames, arm.key, blocks).get(block, math.nan) for block in blocks] for arm in arms])
    rows = [(arm.label, looks[arm.key].colour) for arm in arms]
    draw_cells(axes, drift, rows, blocks, theme, title="Weight change per block (0: frozen)")


def half_width(values: np.ndarray) -> float:
    """Half of the 95 % t-interval of the mean; needs two values."""
    return float(t_quantile(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values)))


def last_frames(frames: Sequence[Any], arm: str) -> list[Any]:
    """The arm's last frame of every replicate that finished it."""
    return [frame for frame in frames if frame.arm == arm and frame.step == frame.steps]


def mean_drift(frames: Sequence[Any], arm: str, blocks: Sequence[str]) -> dict[str, float]:
    """The arm's relative weight change per block at the end, mean over replicates; empty if none has finished."""
    final = last_frames(frames, arm)
    return {block: float(np.mean([frame.drift[block] for frame in final])) for block in blocks} if final else {}


def drift_columns(drift: Mapping[str, float], blocks: Sequence[str]) -> dict[str, float | None]:
    """What a run's table says of a `mean_drift`, a column for each block; None if no replicate has finished."""
    return {f"change of {block}": round(drift[block], 4) if block in drift else None for block in blocks}


def replicates_in_words(count: int) -> str:
    """How many replicates, for a text alternative."""
    return "1 replicate" if count == 1 else f"{count} replicates"


def mean(values: Sequence[float | None], digits: int = 1) -> float | None:
    """The rounded mean of the values that are there; None if there are none."""
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), digits) if known else None


def spread(values: Sequence[float], digits: int = 1) -> float | None:
    """The rounded standard deviation; None for fewer than two values."""
    return round(float(np.std(values, ddof=1)), digits) if len(values) > 1 else None


def finding(lab: Lab, config: LabConfig, frames: Sequence[Any]) -> str:
    """The claim and what the run says of it, for a text alternative; empty before two replicates have finished."""
    finished = lab.results(config, frames)
    if min(len(result.values) for result in finished) < 2:
        return ""
    return f"{lab.claim.statement}? {run_says(lab, config, frames, lab.verdict(config, frames))}"


def laid_over(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A live spec with the marks of an earlier run, paler, behind those of this one.

    Rows then carry a column `run`, `"this"` or `"earlier"`. Works for a single view and for layers; anything else is
    returned as it is, and shows this run's marks only.
    """
    if "layer" in spec:
        layers = [dict(layer) for layer in spec["layer"]]
        rest = {key: value for key, value in spec.items() if key != "layer"}
    elif "mark" in spec:
        inner = ("mark", "encoding", "transform")
        layers = [{key: spec[key] for key in inner if key in spec}]
        rest = {key: value for key, value in spec.items() if key not in inner}
    else:
        return dict(spec)
    behind = [_only(layer, "earlier", opacity=0.35) for layer in layers if _mark(layer).get("type") != "area"]
    return {**rest, "layer": [*behind, *(_only(layer, "this") for layer in layers)]}


def _mark(layer: Mapping[str, Any]) -> dict[str, Any]:
    mark = layer.get("mark", {})
    return {"type": mark} if isinstance(mark, str) else dict(mark)


def _only(layer: Mapping[str, Any], run: str, opacity: float | None = None) -> dict[str, Any]:
    """The layer, restricted to the rows of one run; marks outside of the axes are cut off, not squeezed in."""
    mark = {**_mark(layer), "clip": True}
    if opacity is not None:
        mark |= {"opacity": opacity}
    transform = [{"filter": f"datum.run == '{run}'"}, *layer.get("transform", [])]
    return {**layer, "mark": mark, "transform": transform}
