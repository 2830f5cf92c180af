"""What is seen of the resolution lab: accuracy against image size, positions before and after, shapes, a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from demos import photographs, plots
from demos.base import Arm
from demos.plots import Extra, Scale
from demos.resolution.lab import (
    BICUBIC,
    BILINEAR,
    CNN,
    LAB,
    NEAREST,
    NONE,
    SIZES,
    TRAINED_AT,
    VIT_ARMS,
    Config,
    Guess,
    Shapes,
    SizeFrame,
    arms,
    results,
    shown,
    sizes,
)
from demos.style import SERIES, Series, Theme, dress
from demos.uploads import UploadError

LOOK: dict[str, Series] = {
    BICUBIC: SERIES[0], NONE: SERIES[1], BILINEAR: SERIES[2], NEAREST: SERIES[3], CNN: SERIES[6],
}  # fmt: skip

ACCURACY = Scale(title="test accuracy (%)", low=0, high=100)
SIZE = Scale(title=f"image size (px); trained at {TRAINED_AT} px", low=min(SIZES) - 1, high=max(SIZES) + 1)

COLUMNS = (*plots.BAND_COLUMNS, "stage")


def _accuracy(frame: SizeFrame) -> float:
    return frame.accuracy


def _size(frame: SizeFrame) -> float:
    return frame.size


def _tuned_steps(frame: SizeFrame) -> float:
    return frame.tuned_steps


def _as_trained(frames: Sequence[SizeFrame]) -> list[SizeFrame]:
    return [frame for frame in frames if frame.tuned_steps == 0]


def _latest_tuned(frames: Sequence[SizeFrame]) -> list[SizeFrame]:
    """The frame that each arm of each replicate has reached in fine-tuning."""
    tuned = sorted((frame for frame in frames if frame.tuned_steps > 0), key=_tuned_steps)
    return list({(frame.arm, frame.replicate): frame for frame in tuned}.values())


# --- while it runs ----------------------------------------------------------------------------------------------------


def live_rows(config: Config, frames: Sequence[SizeFrame]) -> list[dict[str, Any]]:
    """The data of the moving picture, with `COLUMNS`: a row for each arm and size, then one for each tuned arm."""
    stages = {"as trained": _as_trained(frames), "tuned": _latest_tuned(frames)}
    return [
        row | {"stage": stage}
        for stage, shown in stages.items()
        for row in plots.band_rows(arms(config), shown, _accuracy, _size)
    ]


@lru_cache(maxsize=16)
def live_spec(config: Config, theme: Theme) -> dict[str, Any]:
    """Accuracy against image size; with fine-tuning also large open marks that rise at the new size."""
    spec: dict[str, Any] = plots.band_spec(arms(config), LOOK, theme, x=SIZE, y=ACCURACY)
    for layer in spec["layer"]:
        layer["transform"] = [{"filter": "datum.stage == 'as trained'"}]
    if config.tuning_steps > 0:
        mark = {"type": "point", "filled": False, "size": 150, "strokeWidth": 2.5, "opacity": 1}
        shown = [{"filter": "datum.stage == 'tuned'"}]
        spec["layer"].append({**spec["layer"][-1], "mark": mark, "transform": shown})
    return spec


# --- the finished run -------------------------------------------------------------------------------------------------


def figure(config: Config, frames: Sequence[SizeFrame], theme: Theme) -> Figure:
    """The finished run: accuracy against size to the left, at the new size per replicate to the right."""
    drawing = Figure(figsize=(10, 4.8), layout="constrained", facecolor=theme.background)
    left, right = drawing.subplots(1, 2, width_ratios=[1.35, 1])
    shown = arms(config)
    across = Scale(title="image size (px); line: mean, band: lowest to highest replicate", low=SIZE.low, high=SIZE.high)
    plots.draw_bands(
        left, shown, LOOK, _as_trained(frames), theme, measure=_accuracy, x=across, y=ACCURACY,
        title="Accuracy at sizes that were never trained", legend="lower left", place=_size,
    )  # fmt: skip
    words = {config.new_size: "judged", TRAINED_AT: "trained"}
    if config.new_size == TRAINED_AT:
        words = {TRAINED_AT: "trained, judged"}
    for size in words:
        left.axvline(size, color=theme.muted, linewidth=1, zorder=0)
    left.set_xticks(sizes(config), [f"{size}\n{words.get(size, '')}" for size in sizes(config)])
    tuned = f" after {config.tuning_steps} steps of fine-tuning" if config.tuning_steps else ""
    plots.draw_finals(
        right, shown, LOOK, results(config, frames), theme,
        title=f"At {config.new_size} px{tuned}: dots are replicates", unit="test accuracy (%)",
    )  # fmt: skip
    right.set_xlim(0, 102)
    return drawing


def extras(config: Config, frames: Sequence[SizeFrame], theme: Theme) -> list[Extra]:
    """Fine-tuning if there was any, the position maps, and the photograph; each as soon as its frames are there."""
    found = []
    if any(frame.tuned_steps > 0 for frame in frames):
        found.append(_tuning(config, frames, theme))
    if any(frame.similarity is not None for frame in frames):
        found.append(_positions(config, frames, theme))
    guesses = next((frame.guesses for frame in frames if frame.guesses), None)
    if guesses:
        found.append(_photograph(config, guesses, theme))
    return found


def _tuning(config: Config, frames: Sequence[SizeFrame], theme: Theme) -> Extra:
    drawing = Figure(figsize=(10, 3.6), layout="constrained", facecolor=theme.background)
    here = [frame for frame in frames if frame.size == config.new_size]
    steps = Scale(title="fine-tuning steps, 16 digits each", low=0, high=config.tuning_steps * 1.02)
    plots.draw_bands(
        drawing.subplots(), arms(config), LOOK, here, theme, measure=_accuracy, x=steps, y=ACCURACY,
        title=f"Accuracy at {config.new_size} px", legend="lower right", place=_tuned_steps,
    )  # fmt: skip
    parts = []
    for arm in arms(config):
        _, mean, _, _ = plots.curve(here, arm.key, _accuracy, _tuned_steps)
        parts += [f"{arm.label} from {mean[0]:.0f} to {mean[-1]:.0f} %"] if len(mean) else []
    alt = f"Accuracy at {config.new_size} px while fine-tuning: {'; '.join(parts)}."
    return Extra(title="A short fine-tune at the new size", figure=drawing, alt=alt)


def _positions(config: Config, frames: Sequence[SizeFrame], theme: Theme) -> Extra:
    """The maps of one position's similarity with all others: as trained, then at the new size by arm."""
    last = {frame.arm: frame for frame in frames if frame.similarity is not None}
    trained = next(iter(last.values())).similarity_trained or []
    maps = [(f"trained, {TRAINED_AT} px", trained)]
    labels = {arm.key: arm.label.removeprefix("ViT, ") for arm in arms(config)}
    maps += [(f"{labels[arm]}, {config.new_size} px", last[arm].similarity or []) for arm in VIT_ARMS if arm in last]
    drawing = Figure(figsize=(10, 2.7), layout="constrained", facecolor=theme.background)
    row = drawing.subplots(1, len(maps), squeeze=False)[0]
    for axes, (title, values) in zip(row, maps, strict=True):
        dress(axes, theme, title=title, grid=None)
        image = axes.imshow(np.array(values), cmap="RdBu_r", vmin=-1, vmax=1)
        third = round((len(values) - 1) / 3)
        axes.plot(third, third, marker="x", color="white", markersize=6, markeredgewidth=1.6)
        axes.set_xticks([])
        axes.set_yticks([])
    bar = drawing.colorbar(image, ax=list(row), shrink=0.85, pad=0.01)
    bar.ax.tick_params(colors=theme.foreground, labelsize=8)
    bar.outline.set_visible(False)
    alt = (
        "Cosine similarity of one position embedding (the cross) with all others, for one pretrained start: first on "
        f"the grid of its training, {len(trained)} x {len(trained)}, then at {config.new_size} px. Interpolation fits "
        "the pattern to the new grid; without it the pattern keeps its size, and places without an embedding are 0."
    )
    return Extra(title="One position's similarity with all others (cosine)", figure=drawing, alt=alt)


def _named(config: Config) -> str:
    return "your picture" if config.photograph == "own" else f"the photograph '{config.photograph}'"


def _photograph(config: Config, guesses: Sequence[Guess], theme: Theme) -> Extra:
    """The photograph, and EfficientNet-Lite0's first choice for it at every size."""
    drawing = Figure(figsize=(10, 3.0), layout="constrained", facecolor=theme.background)
    picture, bars = drawing.subplots(1, 2, width_ratios=[1, 2.6])
    with suppress(UploadError):  # one's own picture may have been removed since
        picture.imshow(photographs.resized(shown(config), 224))
    picture.set_axis_off()
    dress(bars, theme, title="EfficientNet-Lite0, trained at 224 px: first choice and its probability", grid="x")
    places = np.arange(len(guesses))
    shares = [100 * guess.share for guess in guesses]
    bars.barh(places, shares, color=SERIES[0].colour, height=0.62)
    for place, share, guess in zip(places, shares, guesses, strict=True):
        bars.text(share + 1.5, place, f"{guess.name}, {share:.0f} %", va="center", fontsize=9, color=theme.foreground)
    bars.set_yticks(places, [f"{guess.size} px" for guess in guesses])
    bars.set_ylim(len(guesses) - 0.5, -0.5)
    bars.set_xlim(0, 130)
    bars.set_xticks(range(0, 101, 20))
    bars.set_xlabel("softmax probability (%)", fontsize=9)
    said = "; ".join(f"{g.size} px {g.name} {100 * g.share:.0f} %" for g in guesses)
    return Extra(
        title=f"ImageNet weights and {_named(config)} at {len(guesses)} sizes",
        figure=drawing,
        alt=f"First choice of EfficientNet-Lite0 and its probability: {said}.",
    )


# --- in words and numbers ---------------------------------------------------------------------------------------------


def table(config: Config, frames: Sequence[SizeFrame]) -> list[dict[str, Any]]:
    """The run in numbers, a row for each arm; None where nothing was measured."""
    finished = {result.name: result.values for result in results(config, frames)}
    return [_row(config, arm, frames, finished[arm.key]) for arm in arms(config)]


def _row(config: Config, arm: Arm, frames: Sequence[SizeFrame], final: Sequence[float]) -> dict[str, Any]:
    own = [frame for frame in _as_trained(frames) if frame.arm == arm.key]
    new = [frame for frame in own if frame.size == config.new_size]
    times = [frame.ms_per_image for frame in new if frame.ms_per_image is not None]
    return {
        "arm": arm.label,
        "replicates": len(final),
        f"accuracy at {config.new_size} px mean (%)": plots.mean(final),
        f"accuracy at {config.new_size} px sd (points)": plots.spread(final),
        f"tokens or places at {config.new_size} px": new[0].tokens if new else None,
        "ms per image (median)": round(float(np.median(times)), 3) if times else None,
        **{f"{size} px (%)": plots.mean([f.accuracy for f in own if f.size == size]) for size in SIZES},
    }


def notes(config: Config, frames: Sequence[SizeFrame]) -> list[str]:
    """Layer by layer at 224 and 512 px, and what it costs; empty until replicate 0 has got there."""
    found = next((frame.shapes for frame in frames if frame.shapes), None)
    return [] if found is None else ["\n\n".join(_layers(shapes) for shapes in found), _costs(found)]


def _layers(shapes: Shapes) -> str:
    rows = [
        f"| `{layer}` | {small} | {large} |"
        for layer, small, large in zip(shapes.layers, shapes.at_224, shapes.at_512, strict=True)
    ]
    verdict = "takes 512 px as it is." if not shapes.refuses else f"refuses 512 px: `{shapes.refuses}`"
    built = "built for 512 px" if shapes.refuses else "512 px"
    return "\n".join([f"**{shapes.network}** {verdict}", "", f"| layer | 224 px | {built} |", "|---|---|---|", *rows])


def _costs(found: Sequence[Shapes]) -> str:
    rows = [
        f"| {s.network} | {s.parameters / 1e6:.1f} M | {s.gflops_224:.1f} | {s.gflops_512:.1f} | "
        f"{s.gflops_512 / s.gflops_224:.1f} x |"
        for s in found
    ]
    head = ["| network | parameters | GFLOPs at 224 px | at 512 px | ratio |", "|---|---|---|---|---|"]
    small, large = 14**2 + 1, 32**2 + 1
    counted = "**One image, counted on the meta device** (a multiplication and an addition are two operations)"
    tokens = (
        f"ViT-B/16 goes from {small} to {large:,} tokens. Its attention matrix has {(large / small) ** 2:.0f} times as "
        "many entries; all operations together grow less, as the linear layers still dominate."
    )
    return "\n".join([counted, "", *head, *rows, "", tokens])


def alt_text(config: Config, frames: Sequence[SizeFrame]) -> str:
    """The finding in words and numbers, for those who do not see the figure."""
    finished = {result.name: result.values for result in results(config, frames)}
    count = len(finished[BICUBIC])
    if count == 0:
        return "Test accuracy against image size, one line for each arm; no replicate has finished yet."
    means = "; ".join(f"{arm.label} {np.mean(finished[arm.key]):.1f} %" for arm in arms(config))
    at_training_size = plots.mean([f.accuracy for f in frames if f.arm == BICUBIC and f.size == TRAINED_AT])
    view = "digits enlarged" if config.view == "enlarged" else "digits as large as before"
    tuned = f" after {config.tuning_steps} steps of fine-tuning" if config.tuning_steps else ""
    runs = plots.replicates_in_words(count)
    text = (
        f"Test accuracy at {config.new_size} px{tuned}, {view}, mean of {runs}: {means}. At {TRAINED_AT} px, the "
        f"size of its training, the ViT has {at_training_size} %."
    )
    return f"{text} {plots.finding(LAB, config, frames)}".rstrip()
