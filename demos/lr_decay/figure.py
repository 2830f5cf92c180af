"""What is seen of the schedules: rates before the run, accuracy while it runs, loss and jitter at the end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from demos import plots
from demos.base import Arm
from demos.lr_decay.lab import (
    ARMS,
    CONSTANT,
    COSINE,
    EXPONENTIAL,
    LAB,
    ONE_CYCLE,
    STEP,
    TAIL_EVALUATIONS,
    WARM_LINEAR,
    Config,
    DecayFrame,
    jitter,
    rate,
    results,
    tail,
)
from demos.plots import Scale
from demos.style import SERIES, Series, Theme, dress

LOOK: dict[str, Series] = {
    COSINE: SERIES[0], CONSTANT: SERIES[1], STEP: SERIES[2], EXPONENTIAL: SERIES[3], WARM_LINEAR: SERIES[4],
    ONE_CYCLE: SERIES[5],
}  # fmt: skip

ACCURACY = Scale(title="test accuracy (%)", low=0, high=100)

COLUMNS = plots.BAND_COLUMNS
PREVIEW_COLUMNS = ("arm", "update", "rate")
PREVIEW_ALT = (
    "The learning rate of every update under six schedules with the same peak: constant; cosine and exponential, which "
    "fall from the start; step, which falls in jumps; warm-up + linear and one-cycle, which rise first."
)


def _accuracy(frame: DecayFrame) -> float:
    return frame.accuracy


def _loss(frame: DecayFrame) -> float | None:
    return frame.training_loss


def preview_rows(config: Config) -> list[dict[str, Any]]:
    """The rate of every update, with `PREVIEW_COLUMNS`, by the closed formulas of `lab.rate`."""
    return [
        {"arm": arm.label, "update": update + 1, "rate": rate(config, arm.key, update)}
        for arm in ARMS
        for update in range(config.steps)
    ]


def preview_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The schedules as a Vega-Lite spec without data: what the optimiser is about to see."""
    labels, looks = [arm.label for arm in ARMS], [LOOK[arm.key] for arm in ARMS]
    colours = alt.Scale(domain=labels, range=[look.colour for look in looks])
    dashes = alt.Scale(domain=labels, range=[look.dash or (1, 0) for look in looks])
    chart = (
        alt.Chart(alt.NamedData("rates"))
        .mark_line(strokeWidth=2.5, interpolate="step-after")
        .encode(
            x=alt.X("update:Q", title="update", scale=alt.Scale(domain=[0, config.steps], nice=False)),
            y=alt.Y("rate:Q", title="learning rate", scale=alt.Scale(domain=[0, 1.05 * config.peak_rate], nice=False)),
            color=alt.Color("arm:N", scale=colours, title=None),
            strokeDash=alt.StrokeDash("arm:N", scale=dashes, title=None),
            tooltip=["arm:N", "update:Q", alt.Tooltip("rate:Q", format=".3g")],
        )
        .properties(height=220)
    )
    return plots.without_data(chart, theme)


def live_rows(config: Config, frames: Sequence[DecayFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and evaluation point that was reached."""
    return plots.band_rows(ARMS, frames, _accuracy)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: accuracy against steps. It stays the same during a run."""
    steps = Scale(title="training steps", low=0, high=config.steps)
    spec: dict[str, Any] = plots.band_spec(ARMS, LOOK, theme, x=steps, y=ACCURACY)
    return spec


def figure(config: Config, frames: Sequence[DecayFrame], theme: Theme) -> Figure:
    """The finished run: rate, loss and accuracy over the steps; accuracy and jitter at the end."""
    drawing = Figure(figsize=(10, 5.6), layout="constrained", facecolor=theme.background)
    grid = drawing.add_gridspec(2, 3, width_ratios=[1, 1, 1.15])
    _draw_rates(drawing.add_subplot(grid[0, 0]), config, theme)
    steps = Scale(title="training steps", low=0, high=config.steps)
    plots.draw_bands(
        drawing.add_subplot(grid[1, :2]), ARMS, LOOK, frames, theme, measure=_accuracy, x=steps,
        y=Scale(title="test accuracy (%)", low=_lowest(frames), high=100),
        title="Test accuracy (line: mean; band: lowest to highest replicate)", legend=None,
    )  # fmt: skip
    highest = max((f.training_loss for f in frames if f.training_loss is not None), default=1.0)
    plots.draw_bands(
        drawing.add_subplot(grid[0, 1]), ARMS, LOOK, frames, theme, measure=_loss, x=steps,
        y=Scale(title="cross-entropy", low=0, high=1.05 * max(highest, 0.1)), title="Training loss", legend=None,
    )  # fmt: skip
    plots.draw_finals(
        drawing.add_subplot(grid[0, 2]), ARMS, LOOK, results(config, frames), theme,
        title=f"Accuracy, last {TAIL_EVALUATIONS} evaluations", unit="test accuracy (%)",
    )  # fmt: skip
    _draw_jitter(drawing.add_subplot(grid[1, 2]), config, frames, theme)
    return drawing


def _lowest(frames: Sequence[DecayFrame]) -> float:
    """The floor of the accuracy axis: a round number below all but the untrained networks."""
    trained = [frame.accuracy for frame in frames if frame.step >= frame.steps / 4]
    return 10 * np.floor(min(trained) / 10) if trained else 0.0


def _draw_rates(axes: Axes, config: Config, theme: Theme) -> None:
    dress(axes, theme, title="Learning rate of each update")
    updates = np.arange(config.steps)
    for arm in ARMS:
        look = LOOK[arm.key]
        rates = [rate(config, arm.key, int(update)) for update in updates]
        axes.step(updates + 1, rates, where="post", color=look.colour, linestyle=look.line_style, label=arm.label)
    axes.set(xlim=(0, config.steps), ylim=(0, 1.08 * config.peak_rate), ylabel="learning rate")
    axes.set_xlabel("update", fontsize=9)


def _draw_jitter(axes: Axes, config: Config, frames: Sequence[DecayFrame], theme: Theme) -> None:
    """One dot per replicate, a bar for the mean."""
    dress(axes, theme, title="Jitter: sd over these evaluations", grid="x")
    for place, arm in enumerate(ARMS):
        look, values = LOOK[arm.key], _jitters(config, frames, arm.key)
        if values:
            axes.barh(place, np.mean(values), height=0.5, color=look.colour, alpha=0.3)
        axes.scatter(values, [place] * len(values), s=16, color=look.colour, marker=look.matplotlib_marker, alpha=0.7)
    axes.set_yticks(range(len(ARMS)), [arm.label for arm in ARMS])
    axes.set_ylim(len(ARMS) - 0.45, -0.55)
    axes.set_xlim(left=0)
    axes.set_xlabel("points", fontsize=9)


def _jitters(config: Config, frames: Sequence[DecayFrame], arm: str) -> list[float]:
    return [jitter(frames, arm, r) for r in range(config.replicates) if tail(frames, arm, r)]


def table(config: Config, frames: Sequence[DecayFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each schedule; None where no replicate has finished."""
    finals = {result.name: result.values for result in results(config, frames)}
    return [_row(config, arm, finals[arm.key], frames) for arm in ARMS]


def _row(config: Config, arm: Arm, final: Sequence[float], frames: Sequence[DecayFrame]) -> dict[str, Any]:
    last = plots.last_frames(frames, arm.key)
    return {
        "schedule": arm.label,
        "replicates": len(final),
        f"accuracy, mean of the last {TAIL_EVALUATIONS} evaluations (%)": plots.mean(final),
        "sd over replicates (points)": plots.spread(final),
        "accuracy after the last step (%)": plots.mean([frame.accuracy for frame in last]),
        "jitter (points)": plots.mean(_jitters(config, frames, arm.key), 2),
        "training loss at the end": plots.mean([frame.training_loss for frame in last], 3),
        "first rate": float(f"{rate(config, arm.key, 0):.3g}"),
        "last rate": float(f"{rate(config, arm.key, config.steps - 1):.3g}"),
    }


def alt_text(config: Config, frames: Sequence[DecayFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finals = {result.name: result.values for result in results(config, frames)}
    count = len(finals[COSINE])
    if count == 0:
        return "Learning rate, loss and test accuracy under six schedules; no replicate has finished yet."
    wander = {arm.key: np.mean(_jitters(config, frames, arm.key)) for arm in ARMS}
    told = "; ".join(
        f"{arm.label.lower()} {np.mean(finals[arm.key]):.1f} % (jitter {wander[arm.key]:.1f})" for arm in ARMS
    )
    runs = plots.replicates_in_words(count)
    text = f"Test accuracy over the last of {config.steps} steps at a peak rate of {config.peak_rate:g}, mean of {runs}"
    return f"{text}: {told}. {plots.finding(LAB, config, frames)}".rstrip()
