"""What is seen of the pretraining-data lab: curves, accuracy against the amount of data, first filters, top 5."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import photographs, plots
from demos.plots import Extra, Scale
from demos.pretraining_data.lab import (
    LAB,
    RICH,
    Config,
    PretrainingFrame,
    arms,
    cells,
    compared,
    key,
    results,
)
from demos.style import SERIES, Series, Theme, dress

ACCURACY = Scale(title="probe accuracy (%)", low=0, high=100)
COLUMNS = plots.BAND_COLUMNS
CHANCE = 10.0
"""Per cent, for ten digits; where the finished picture's axis begins."""
_GREY = 6
_LEVELS = (_GREY, 1, 2, 3, 0, 5)
"""Which of `style.SERIES` a level has, the same whatever is compared; level 0, random weights, is grey."""


def looks(config: Config) -> dict[str, Series]:
    """How each arm looks, by its key."""
    places = (_GREY, 0) if config.axis == "imagenet" else _LEVELS
    return {key(config, level): SERIES[places[level]] for level in range(len(cells(config)))}


def _accuracy(frame: PretrainingFrame) -> float:
    return frame.accuracy


def live_rows(config: Config, frames: Sequence[PretrainingFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each backbone and evaluation point that was reached."""
    return plots.band_rows(arms(config), frames, _accuracy)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: probe accuracy against steps; fixed during a run."""
    steps = Scale(title="training steps of the probe", low=0, high=config.steps)
    spec: dict[str, Any] = plots.band_spec(arms(config), looks(config), theme, x=steps, y=ACCURACY)
    return spec


def figure(config: Config, frames: Sequence[PretrainingFrame], theme: Theme) -> Figure:
    """The finished run: accuracy against the amount of pretraining data, and the curves of the probes."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    left, right = drawing.subplots(1, 2, width_ratios=[1.2, 1])
    shown, finished = arms(config), results(config, frames)
    if config.axis == "imagenet":
        plots.draw_finals(
            left, shown, looks(config), finished, theme,
            title="Final accuracy on texture patches: dots are replicates", unit="probe accuracy (%)",
        )  # fmt: skip
    else:
        _draw_amounts(left, config, frames, theme)
    steps = Scale(title="training steps of the probe (band: lowest to highest)", low=0, high=config.steps)
    plots.draw_bands(
        right, shown, looks(config), frames, theme, measure=_accuracy, x=steps, y=ACCURACY,
        title="The probe while it learns", legend="center right" if config.axis == "imagenet" else "lower right",
    )  # fmt: skip
    return drawing


def _draw_amounts(axes: Axes, config: Config, frames: Sequence[PretrainingFrame], theme: Theme) -> None:
    """Final accuracy against classes or images: dots are replicates, bars 95 % intervals, the dashed line is random."""
    fixed = "8,000 images in all" if config.axis == "classes" else "52 classes"
    dress(axes, theme, title=f"Probe accuracy on digits against pretraining {config.axis}")
    values = {result.name: np.array(result.values) for result in results(config, frames)}
    amounts = [getattr(cell, config.axis) for cell in cells(config)]
    means = {}
    for level, amount in enumerate(amounts):
        arm = key(config, level)
        if not len(values[arm]):
            continue
        chosen = level in compared(config)
        if level == 0:
            _draw_reference(axes, values[arm], looks(config)[arm], chosen)
        else:
            _draw_level(axes, amount, values[arm], looks(config)[arm], chosen, theme)
            means[amount] = values[arm].mean()
    axes.plot(list(means), list(means.values()), color=theme.muted, linewidth=1.2, zorder=1)
    axes.set_xscale("log")
    axes.set_xticks(amounts[1:], [f"{amount:,}" for amount in amounts[1:]])
    axes.minorticks_off()
    axes.set(xlim=(amounts[1] / 1.5, amounts[-1] * 1.5), ylim=(CHANCE, 100), ylabel=ACCURACY.title)
    axes.set_xlabel(f"pretraining {config.axis}, log scale ({fixed}); * compared; 10 % is chance", fontsize=9)


def _draw_level(axes: Axes, amount: int, finals: np.ndarray, look: Series, chosen: bool, theme: Theme) -> None:
    """One amount of data: its replicates, their mean with its 95 % interval, and the mean as a number above."""
    width = plots.half_width(finals) if len(finals) > 1 else 0.0
    axes.scatter(np.full(len(finals), amount), finals, s=14, color=look.colour, alpha=0.5, linewidth=0)
    axes.errorbar(
        amount, finals.mean(), yerr=width, color=look.colour, marker=look.matplotlib_marker, markersize=8,
        capsize=4, linewidth=2, zorder=3,
    )  # fmt: skip
    top = max(finals.max(), finals.mean() + width)
    axes.annotate(
        f"{finals.mean():.1f}{' *' if chosen else ''}", (amount, top), (0, 5), textcoords="offset points",
        ha="center", fontsize=9, color=theme.foreground, fontweight="bold" if chosen else "normal",
    )  # fmt: skip


def _draw_reference(axes: Axes, finals: np.ndarray, look: Series, chosen: bool) -> None:
    """Random weights have no place on a log axis: a line across it, with its 95 % interval."""
    mean = float(finals.mean())
    if len(finals) > 1:
        width = plots.half_width(finals)
        axes.axhspan(mean - width, mean + width, color=look.colour, alpha=0.18, linewidth=0)
    axes.axhline(mean, color=look.colour, linestyle=look.line_style, linewidth=1.6)
    axes.annotate(
        f"random weights {mean:.1f}{' *' if chosen else ''}", (0.99, mean), (0, -16),
        xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", fontsize=9, color=look.colour,
    )  # fmt: skip


def table(config: Config, frames: Sequence[PretrainingFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each backbone; None where no replicate has finished or nothing was learned."""
    rows = []
    for arm, cell in zip(arms(config), cells(config), strict=True):
        final = plots.last_frames(frames, arm.key)
        accuracy = [frame.accuracy for frame in final]
        rows.append(
            {
                "backbone": arm.label,
                "pretraining classes": cell.classes,
                "pretraining images": cell.images,
                "replicates": len(final),
                "probe accuracy mean (%)": plots.mean(accuracy),
                "probe accuracy sd (points)": plots.spread(accuracy),
                "accuracy on its own classes, fresh images (%)": plots.mean([frame.source_accuracy for frame in final]),
            }
        )
    return rows


def alt_text(config: Config, frames: Sequence[PretrainingFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finished = {result.name: result.values for result in results(config, frames)}
    count = len(finished[RICH])
    if count == 0:
        return "Probe accuracy against the amount of pretraining data; no replicate has finished yet."
    means = "; ".join(f"{arm.label} {np.mean(finished[arm.key]):.1f} %" for arm in arms(config))
    labels = "1 label" if config.labels_per_class == 1 else f"{config.labels_per_class} labels"
    runs = plots.replicates_in_words(count)
    target = "texture patches" if config.axis == "imagenet" else "real digits"
    text = f"Accuracy of a linear probe on {target} with {labels} per class, mean of {runs}: {means}."
    return f"{text} {plots.finding(LAB, config, frames)}".rstrip()


# --- further pictures -------------------------------------------------------------------------------------------------


def extras(config: Config, frames: Sequence[PretrainingFrame], theme: Theme) -> list[Extra]:
    """The first filters of the compared backbones and of random weights; on the ImageNet axis its top five."""
    filters = {arm.label: frame.filters for arm, frame in _last_of_replicate_0(config, frames) if frame.filters}
    top5 = [frame.top5 for _, frame in _last_of_replicate_0(config, frames) if frame.top5]
    found = []
    if filters:
        found.append(_filters_extra(filters, theme))
    if top5:
        found.append(_top5_extra(top5[0], theme))
    return found


def _last_of_replicate_0(config: Config, frames: Sequence[PretrainingFrame]) -> list[tuple[Any, PretrainingFrame]]:
    shown = {arm.key: arm for arm in arms(config)}
    return [(shown[f.arm], f) for f in frames if f.replicate == 0 and f.step == f.steps]


def _filters_extra(filters: dict[str, list[list[float]]], theme: Theme) -> Extra:
    """A row of 16 filters (5 x 5) for each backbone, each scaled to its own largest weight."""
    drawing = Figure(figsize=(10, 0.72 * len(filters) + 0.5), layout="constrained", facecolor=theme.background)
    rows = drawing.subplots(len(filters), 1, squeeze=False)[:, 0]
    for axes, (label, weights) in zip(rows, filters.items(), strict=True):
        kernels = np.array(weights).reshape(-1, 5, 5)
        kernels = kernels / np.abs(kernels).max(axis=(1, 2), keepdims=True)
        strip = np.full((5, 6 * len(kernels) - 1), np.nan)
        for place, kernel in enumerate(kernels):
            strip[:, 6 * place : 6 * place + 5] = kernel
        dress(axes, theme, title=label, grid=None)
        axes.imshow(strip, cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
    names = ", ".join(filters)
    return Extra(
        title="First-layer filters (replicate 0): black is negative, white positive, each scaled to its largest weight",
        figure=drawing,
        alt=f"Sixteen 5 by 5 filters each of: {names}.",
    )


def _top5_extra(top5: dict[str, dict[str, float]], theme: Theme) -> Extra:
    """Each photograph beside the five likeliest ImageNet classes."""
    drawing = Figure(figsize=(10, 6.2), layout="constrained", facecolor=theme.background)
    grid = drawing.subplots(3, 4, width_ratios=[1, 1.5, 1, 1.5])
    for place, (name, guesses) in enumerate(top5.items()):
        row, column = divmod(place, 2)
        picture, bars = grid[row, 2 * column], grid[row, 2 * column + 1]
        dress(picture, theme, title=name, grid=None)
        picture.imshow(photographs.resized(photographs.photograph(name), 160))
        picture.set(xticks=[], yticks=[])
        dress(bars, theme, title="", grid=None)
        bars.barh(range(len(guesses)), [100 * p for p in guesses.values()], color=SERIES[0].colour, alpha=0.45)
        for line, (label, p) in enumerate(guesses.items()):
            share = "under 1 %" if p < 0.01 else f"{100 * p:.0f} %"
            bars.text(1.5, line, f"{label} {share}", va="center", fontsize=8.5, color=theme.foreground)
        bars.set(xlim=(0, 100), ylim=(len(guesses) - 0.5, -0.5), xticks=[], yticks=[])
    first = "; ".join(f"{name}: {next(iter(g))} {100 * next(iter(g.values())):.0f} %" for name, g in top5.items())
    return Extra(
        title="What the network with ImageNet weights takes the photographs for: its five likeliest of 1,000 classes",
        figure=drawing,
        alt=f"Six photographs beside the five likeliest ImageNet classes. The likeliest: {first}.",
    )


def notes(config: Config, frames: Sequence[PretrainingFrame]) -> list[str]:
    """What to make of the filters and of the source accuracies, once there are some."""
    if config.axis == "imagenet" or not any(frame.filters for _, frame in _last_of_replicate_0(config, frames)):
        return []
    return [
        "**Do the filters look different?** Hardly. The pretrained rows resemble each other because every backbone of "
        "a seed began at the same initialisation, and the first layer moved least: by 12 to 28 % of its weights' norm, "
        "stage3 by 55 to 132 % (2 classes; 5; 200 images; 52 classes; seed 0). The random row began elsewhere. What "
        "sets these backbones apart is in later layers, so looking at first filters is no test of pretraining.",
        "**Accuracy on the source is no guide between source tasks.** The table has it in its last column: 2 classes "
        "are the easiest to tell apart (100 %), and transfer worse than 140, of which it names 41 % correctly.",
    ]
