"""What is seen of the strategies lab: a native chart while it runs, a figure at the end, and both in words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from demos import plots
from demos.base import Arm
from demos.plots import Scale
from demos.strategies.lab import (
    BLOCKS,
    CURVE_DIGITS,
    FINE_TUNE,
    FREEZE,
    LAB,
    PROBE,
    SCRATCH,
    TEST_DIGITS,
    Config,
    StrategyFrame,
    arms,
    final_accuracy,
    results,
)
from demos.style import SERIES, Series, Theme

LOOK: dict[str, Series] = {PROBE: SERIES[0], FINE_TUNE: SERIES[1], FREEZE: SERIES[2], SCRATCH: SERIES[3]}

ACCURACY = Scale(title=f"accuracy on {CURVE_DIGITS} test digits (%)", low=0, high=100)

COLUMNS = plots.BAND_COLUMNS


def _along(frame: StrategyFrame) -> float:
    return frame.curve_accuracy


def live_rows(config: Config, frames: Sequence[StrategyFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and evaluation point that was reached."""
    return plots.band_rows(arms(config), frames, _along)


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """The moving picture as a Vega-Lite spec without data: accuracy against steps. It stays the same during a run."""
    steps = Scale(title="training steps", low=0, high=config.steps)
    spec: dict[str, Any] = plots.band_spec(arms(config), LOOK, theme, x=steps, y=ACCURACY)
    return spec


def figure(config: Config, frames: Sequence[StrategyFrame], theme: Theme) -> Figure:
    """The finished run: curves to the left, final accuracy per replicate and drift per block to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    grid = drawing.add_gridspec(2, 2, width_ratios=[1.25, 1], height_ratios=[1.25, 1])
    shown = arms(config)
    steps = Scale(title="training steps (line: mean; band: lowest to highest replicate)", low=0, high=config.steps)
    plots.draw_bands(
        drawing.add_subplot(grid[:, 0]), shown, LOOK, frames, theme, measure=_along, x=steps, y=ACCURACY,
        title="Accuracy while training", legend="lower right",
    )  # fmt: skip
    plots.draw_finals(
        drawing.add_subplot(grid[0, 1]), shown, LOOK, results(config, frames), theme,
        title=f"Final, on all {TEST_DIGITS}: dots are replicates", unit="test accuracy (%)",
    )  # fmt: skip
    plots.draw_drift(drawing.add_subplot(grid[1, 1]), shown, LOOK, frames, BLOCKS, theme)
    return drawing


def table(config: Config, frames: Sequence[StrategyFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where no replicate has finished."""
    return [
        _row(arm, plots.last_frames(frames, arm.key), plots.mean_drift(frames, arm.key, BLOCKS)) for arm in arms(config)
    ]


def _row(arm: Arm, final: Sequence[StrategyFrame], drift: dict[str, float]) -> dict[str, Any]:
    accuracy = [final_accuracy(frame) for frame in final]
    timed = [frame.ms_per_step for frame in final if frame.ms_per_step is not None]
    return {
        "arm": arm.label,
        "replicates": len(final),
        "accuracy mean (%)": plots.mean(accuracy),
        "accuracy sd (points)": plots.spread(accuracy),
        "trainable parameters": final[0].trainable_parameters if final else None,
        "ms per step (median)": round(float(np.median(timed)), 2) if timed else None,
        "kB per step (activations, gradients, optimiser)": round(final[0].kilobytes_per_step) if final else None,
        "ms to cache frozen blocks, once": round(float(np.median([f.cache_ms for f in final])), 1) if final else None,
        **plots.drift_columns(drift, BLOCKS),
    }


def alt_text(config: Config, frames: Sequence[StrategyFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finished = {result.name: result.values for result in results(config, frames)}
    count = len(finished[PROBE])
    if count == 0:
        return "Test accuracy against training steps, one line for each strategy; no replicate has finished yet."
    means = "; ".join(f"{arm.label.lower()} {np.mean(finished[arm.key]):.1f} %" for arm in arms(config))
    labels = "1 label" if config.labels_per_class == 1 else f"{config.labels_per_class} labels"
    runs = plots.replicates_in_words(count)
    text = f"Test accuracy after {config.steps} steps with {labels} per class, mean of {runs}: {means}."
    return f"{text} {plots.finding(LAB, config, frames)}".rstrip()
