"""What is seen of the distant-domain lab: curves while it runs; then finals, depths, and steps to a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.base import Arm
from demos.distant_domain.lab import (
    DEPTHS,
    FINE_TUNE,
    LAB,
    LETTERS_TEXTURES,
    PIXELS,
    PROBE,
    RANDOM_PROBE,
    SCRATCH,
    TRANSFER_NAMES,
    Config,
    DistantFrame,
    arms,
    probe_block,
    results,
    verdict,
)
from demos.distant_domain.measures import LEVEL, depth_means, level, similarity, steps_to_level, typical_steps
from demos.plots import Extra, Scale
from demos.quadrants import Point
from demos.style import SERIES, Series, Theme, dress

LOOK: dict[str, Series] = {PROBE: SERIES[0], FINE_TUNE: SERIES[1], SCRATCH: SERIES[3], RANDOM_PROBE: SERIES[6]}

COLUMNS = plots.BAND_COLUMNS


def _accuracy(frame: DistantFrame) -> float:
    return frame.accuracy


def _scale(config: Config) -> Scale:
    """Textures are hard: no arm gets near 100 %."""
    return Scale(title="test accuracy (%)", low=0, high=80 if config.transfer == LETTERS_TEXTURES else 100)


def live_rows(config: Config, frames: Sequence[DistantFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and evaluation point that was reached."""
    return plots.band_rows(arms(config), frames, _accuracy)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: accuracy against steps. It stays the same during a run."""
    steps = Scale(title="training steps", low=0, high=config.steps)
    spec: dict[str, Any] = plots.band_spec(arms(config), LOOK, theme, x=steps, y=_scale(config))
    return spec


def figure(config: Config, frames: Sequence[DistantFrame], theme: Theme) -> Figure:
    """The finished run: curves and the level to the left, final accuracy and probes at every depth to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    grid = drawing.add_gridspec(2, 2, width_ratios=[1.15, 1], height_ratios=[1, 1.15])
    curves = drawing.add_subplot(grid[:, 0])
    _draw_curves(curves, config, frames, theme)
    drawing.legend(
        *curves.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=8.5,
        labelcolor=theme.foreground, handlelength=3.2, columnspacing=1.4,
        title="Steps to the level" if level(frames) is not None else None, title_fontsize=8.5,
    ).get_title().set_color(theme.foreground)  # fmt: skip
    plots.draw_finals(
        drawing.add_subplot(grid[0, 1]), arms(config), LOOK, results(config, frames), theme,
        title="Final accuracy: dots are replicates", unit="test accuracy (%)",
    )  # fmt: skip
    _draw_depths(drawing.add_subplot(grid[1, 1]), config, frames, theme)
    return drawing


def _draw_curves(axes: Axes, config: Config, frames: Sequence[DistantFrame], theme: Theme) -> None:
    goal = level(frames)
    shown = [replace(arm, label=_timed(arm, frames, goal)) for arm in arms(config)]
    steps = Scale(title="training steps (line: mean; band: lowest to highest replicate)", low=0, high=config.steps)
    plots.draw_bands(
        axes, shown, LOOK, frames, theme, measure=_accuracy, x=steps, y=_scale(config),
        title=f"From {TRANSFER_NAMES[config.transfer]}: test accuracy while training", legend=None,
    )  # fmt: skip
    if goal is not None:
        axes.axhline(goal, color=theme.faint, linewidth=1, zorder=1)
        words = f"level: {LEVEL * 100:.0f} % of fine-tuning"
        axes.annotate(words, (0, goal), (4, 3), textcoords="offset points", fontsize=8, color=theme.faint)


def _timed(arm: Arm, frames: Sequence[DistantFrame], goal: float | None) -> str:
    """The arm's label, with how long it took to the level once that is known."""
    if goal is None:
        return arm.label
    steps = typical_steps(steps_to_level(frames, arm.key, goal))
    return f"{arm.label}: {'not reached' if steps is None else f'{steps:.0f} steps'}"


def _draw_depths(axes: Axes, config: Config, frames: Sequence[DistantFrame], theme: Theme) -> None:
    """A probe's accuracy after each block, pretrained and random; fine-tuning's mean as the line to beat."""
    dress(axes, theme, title="Which depth transfers?")
    blocks = DEPTHS[config.transfer]
    for arm in (PROBE, RANDOM_PROBE):
        found = [frame.depths for frame in plots.last_frames(frames, arm)]
        if found:
            values = np.array([[depths[block] for block in blocks] for depths in found])
            _draw_depth_line(axes, values, LOOK[arm], "pretrained" if arm == PROBE else "random network")
    raw = depth_means(frames, PROBE).get(PIXELS)
    if raw is not None:
        axes.scatter([0], [raw], s=30, color=theme.faint, marker="x", label="raw pixels, no network")
    place: Literal["upper center", "lower center"] = (
        "upper center" if config.transfer == LETTERS_TEXTURES else "lower center"
    )
    tuned = [frame.accuracy for frame in plots.last_frames(frames, FINE_TUNE)]
    if tuned:
        look = LOOK[FINE_TUNE]
        axes.axhline(
            np.mean(tuned), color=look.colour, linestyle=look.line_style, linewidth=1.3, label="fine-tuning, final"
        )
        axes.legend(frameon=False, fontsize=8, labelcolor=theme.foreground, ncols=2, loc=place)
    read = 1 + blocks.index(probe_block(config))
    axes.axvspan(read - 0.3, read + 0.3, color=theme.muted, alpha=0.2, linewidth=0, zorder=0)
    many = len(blocks) > 6
    names = [block.replace("stage", "s" if many else "stage ") for block in blocks]
    axes.set_xticks(range(len(blocks) + 1), [PIXELS, *names])
    axes.set(xlim=(-0.5, len(blocks) + 0.5), ylim=(0, _scale(config).high), ylabel=_scale(config).title)
    axes.set_xlabel(f"frozen block ({'s1: stage1; ' if many else ''}shaded: the probe arms)", fontsize=9)


def _draw_depth_line(axes: Axes, values: np.ndarray, look: Series, label: str) -> None:
    """`values` (replicates, blocks): mean, and a band from the lowest to the highest replicate."""
    places = np.arange(1, values.shape[1] + 1)
    axes.fill_between(places, values.min(0), values.max(0), color=look.colour, alpha=0.13, linewidth=0)
    axes.plot(
        places, values.mean(0), color=look.colour, linestyle=look.line_style, marker=look.matplotlib_marker,
        markersize=4.5, label=label,
    )  # fmt: skip


# --- steps to a level -------------------------------------------------------------------------------------------------


def extras(config: Config, frames: Sequence[DistantFrame], theme: Theme) -> list[Extra]:
    """Steps to the level, a dot for each replicate; none before fine-tuning has finished once."""
    goal = level(frames)
    if goal is None:
        return []
    drawing = Figure(figsize=(10, 2.4), layout="constrained", facecolor=theme.background)
    axes = drawing.add_subplot()
    dress(axes, theme, title=f"Steps to {goal:.1f} %, {LEVEL * 100:.0f} % of fine-tuning's final mean", grid="x")
    never = config.steps * 1.06
    for place, arm in enumerate(arms(config)):
        look, taken = LOOK[arm.key], steps_to_level(frames, arm.key, goal)
        xs = [never if value is None else value for value in taken]
        axes.scatter(
            xs, np.full(len(xs), place) + _fan(xs), s=22, color=look.colour, marker=look.matplotlib_marker, alpha=0.7
        )
        middle = typical_steps(taken)
        if middle is not None:
            axes.plot([middle, middle], [place - 0.36, place + 0.36], color=look.colour, linewidth=2.5)
    axes.axvline(config.steps * 1.02, color=theme.grid, linewidth=1)
    ticks = np.linspace(0, config.steps, 5)
    axes.set_xticks([*ticks, never], [*(f"{tick:.0f}" for tick in ticks), "not\nreached"])
    axes.set_yticks(range(len(arms(config))), [arm.label for arm in arms(config)])
    axes.set(xlim=(0, config.steps * 1.1), ylim=(len(arms(config)) - 0.5, -0.5))
    axes.set_xlabel("training steps; dots are replicates, bars their median", fontsize=9)
    return [Extra(title="How soon?", figure=drawing, alt=_speed(config, frames))]


def _fan(values: Sequence[float]) -> np.ndarray:
    """Small vertical offsets that keep equal dots apart."""
    return np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else np.zeros(len(values))


# --- in numbers and words ---------------------------------------------------------------------------------------------


def table(config: Config, frames: Sequence[DistantFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where no replicate has finished."""
    goal = level(frames)
    return [_row(arm, frames, goal) for arm in arms(config)]


def _row(arm: Arm, frames: Sequence[DistantFrame], goal: float | None) -> dict[str, Any]:
    final = plots.last_frames(frames, arm.key)
    accuracy = [frame.accuracy for frame in final]
    steps = [] if goal is None else steps_to_level(frames, arm.key, goal)
    middle = typical_steps(steps)
    return {
        "arm": arm.label,
        "replicates": len(final),
        "accuracy mean (%)": plots.mean(accuracy),
        "accuracy sd (points)": plots.spread(accuracy),
        "median steps to the level": None if middle is None else round(middle),
        "replicates that reached it": sum(value is not None for value in steps),
        "ms per step": plots.mean([frame.ms_per_step for frame in final], digits=2),
    }


def notes(config: Config, frames: Sequence[DistantFrame]) -> list[str]:
    """How soon, and which depth, as text below the figure."""
    return [text for text in (_speed(config, frames), _depth(config, frames)) if text]


def _speed(config: Config, frames: Sequence[DistantFrame]) -> str:
    goal = level(frames)
    if goal is None:
        return ""
    tuned, scratch = (steps_to_level(frames, arm, goal) for arm in (FINE_TUNE, SCRATCH))
    pairs = [[np.inf if steps is None else steps for steps in pair] for pair in zip(tuned, scratch, strict=False)]
    sooner = sum(one < other for one, other in pairs)
    middle, late = typical_steps(tuned), typical_steps(scratch)
    text = f"**Is a pretrained start faster?** To {goal:.1f} % ({LEVEL * 100:.0f} % of fine-tuning's final mean): "
    text += f"fine-tuning {_steps(middle)}, from scratch {_steps(late)} (medians)"
    if middle and late:
        text += f", {late / middle:.1f} times as many"
    return f"{text}. Fine-tuning was first in {sooner} of {len(pairs)} replicates."


def _steps(count: float | None) -> str:
    return "has not got there" if count is None else f"{count:.0f} steps"


def _depth(config: Config, frames: Sequence[DistantFrame]) -> str:
    pretrained, random = depth_means(frames, PROBE), depth_means(frames, RANDOM_PROBE)
    gain = similarity(config, frames)
    if gain is None:
        return ""
    blocks = DEPTHS[config.transfer]
    best = max(blocks, key=lambda block: pretrained[block])
    worse = [block for block in blocks if pretrained[block] < random[block] - 1]
    text = (
        f"**Which depth transfers?** A probe does best after {best} ({pretrained[best]:.1f} %; after {blocks[-1]} "
        f"{pretrained[blocks[-1]]:.1f} %, on raw pixels {pretrained[PIXELS]:.1f} %). "
        f"After {blocks[-1]}, pretraining is worth {gain:.1f} points over a random network."
    )
    if worse:
        text += f" After {', '.join(worse)} the random network is better by more than a point: pretraining did harm."
    return text


def alt_text(config: Config, frames: Sequence[DistantFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finished = {result.name: result.values for result in results(config, frames)}
    count = len(finished[PROBE])
    if count == 0:
        return "Test accuracy against training steps, one line for each arm; no replicate has finished yet."
    means = "; ".join(f"{arm.label.lower()} {np.mean(finished[arm.key]):.1f} %" for arm in arms(config))
    runs = plots.replicates_in_words(count)
    text = (
        f"From {TRANSFER_NAMES[config.transfer]}: test accuracy after {config.steps} steps with "
        f"{config.labels_per_class} labels per class, mean of {runs}: {means}."
    )
    more = [note.replace("*", "") for note in notes(config, frames)]
    return " ".join(filter(None, [text, plots.finding(LAB, config, frames), *more]))


def quadrant_point(config: Config, frames: Sequence[DistantFrame]) -> Point | None:
    """Where this run lies on the size x similarity map; None before two replicates have finished.

    Similarity and lead are those of one probe, the one that the dial places; its block is named unless it is the last.
    """
    block = probe_block(config)
    found = similarity(config, frames, block)
    if found is None or len(results(config, frames)[0].values) < 2:
        return None
    judged = verdict(config, frames)
    assert judged.interval is not None
    place = "" if block == DEPTHS[config.transfer][-1] else f", probe after {block}"
    return Point(
        lab=LAB.name, transfer=TRANSFER_NAMES[config.transfer] + place, labels_per_class=config.labels_per_class,
        similarity=found, lead=-judged.effect, half_width=(judged.interval[1] - judged.interval[0]) / 2,
    )  # fmt: skip
