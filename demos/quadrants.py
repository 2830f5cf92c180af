"""The size x similarity map of transfer learning, filled with measured points. No torch and no pyplot in here.

The textbook recommends a strategy by two words, *how many labels* and *how similar a domain*. Labs that measure both
export `quadrant_point(config, frames) -> Point | None`, None as long as the run cannot say; the map shows what won.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from demos.style import SERIES, Series, Theme, dress

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Winner = Literal["probe", "fine_tune", "open"]


@dataclass(frozen=True, kw_only=True)
class Point:
    """What one finished run says: where it lies on the map, and which strategy won there."""

    lab: str
    """Name of the lab."""
    transfer: str
    """Source and target in words, such as "ImageNet to textures"."""
    labels_per_class: int
    similarity: float
    """Probe on pretrained features minus the same probe on a random network's, in points of test accuracy."""
    lead: float
    """Probe minus fine-tuning, in points of test accuracy, mean over replicates."""
    half_width: float | None
    """Half of the lead's 95 % interval; None with fewer than two replicates."""

    @property
    def winner(self) -> Winner:
        """Who is ahead; open if the lead's interval contains 0, or if there is none."""
        if self.half_width is None or abs(self.lead) <= self.half_width:
            return "open"
        return "probe" if self.lead > 0 else "fine_tune"


FEW, MANY = 1, 1000
"""The range of labels per class on the map."""
SPLIT_LABELS, SPLIT_SIMILARITY = 20, 25
"""Where the map is cut into quadrants. The textbook gives no numbers, and neither do the measurements: a convention."""

NOT_ONE_SCALE = (
    "Runs of two experiments are on this map, and they probe differently: `small_data` reads features as they are, "
    "`distant_domain` scales each to spread 1 first. Their similarities and leads are not on one scale: compare "
    "points of one experiment."
)

WORDS: dict[Winner, str] = {"probe": "probe ahead", "fine_tune": "fine-tuning ahead", "open": "too close to call"}
_LOOK: dict[Winner, Series] = {"probe": SERIES[0], "fine_tune": SERIES[1], "open": SERIES[6]}

TEXTBOOK = {
    (False, True): "few labels, similar:\nthe probe",
    (True, True): "many labels, similar:\nfine-tune everything",
    (False, False): "few labels, far:\na probe on earlier layers",
    (True, False): "many labels, far:\nfine-tune, or from scratch",
}
"""The four recommendations, by (many labels?, similar domain?)."""


def point(lab: str, config: Any, frames: Sequence[Any]) -> Point | None:
    """The run's point, None for a lab without the hook `quadrant_point` and for a run that cannot say.

    The hook is looked for in the lab's `lab.py`, then in its `figure.py`.
    """
    for module in ("lab", "figure"):
        hook = getattr(importlib.import_module(f"demos.{lab}.{module}"), "quadrant_point", None)
        if hook is not None:
            found: Point | None = hook(config, frames)
            return found
    return None


def quadrant_map(points: Sequence[Point], theme: Theme) -> Figure:
    """The map, 7 x 4.8 inches: a marker for each point, its lead in points beside it. Stands any number, or none."""
    from matplotlib.figure import (
        Figure,
    )  # here: labs import this module for `Point`, and must not load a drawing library

    drawing = Figure(figsize=(7, 4.8), layout="constrained", facecolor=theme.background)
    axes = drawing.add_subplot()
    dress(axes, theme, title="Size and similarity: who won in your runs?", grid=None)
    low, high = _similarity_range(points)
    axes.set_xscale("log")
    axes.set(xlim=(FEW * 0.8, MANY), ylim=(low, high))
    axes.set_xlabel("labels per class (log scale); beside each marker: the winner's lead in points", fontsize=9)
    axes.set_ylabel("similarity: probe on pretrained minus random features (points)", fontsize=8.5)
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 400, 1000], ["1", "2", "5", "10", "20", "50", "100", "400", "1000"])
    axes.minorticks_off()
    _draw_textbook(axes, low, high, theme)
    for winner in _LOOK:
        _draw_points(axes, [p for p in points if p.winner == winner], winner, theme)
    if points:
        axes.legend(frameon=False, fontsize=8.5, labelcolor=theme.foreground, loc="upper center",
                    bbox_to_anchor=(0.5, -0.13), ncols=3)  # fmt: skip
    return drawing


def _similarity_range(points: Sequence[Point]) -> tuple[float, float]:
    """From a little below 0 to 80, further where a point asks for it, in steps of 10."""
    values = [p.similarity for p in points]
    return min(-10.0, 10 * math.floor((min(values, default=0) - 5) / 10)), max(
        80.0, 10 * math.ceil((max(values, default=0) + 5) / 10)
    )


def _draw_textbook(axes: Axes, low: float, high: float, theme: Theme) -> None:
    axes.axvline(SPLIT_LABELS, color=theme.grid, linewidth=1.2, zorder=1)
    axes.axhline(SPLIT_SIMILARITY, color=theme.grid, linewidth=1.2, zorder=1)
    for (many, similar), words in TEXTBOOK.items():
        axes.annotate(
            words, (1 if many else 0, 1 if similar else 0), (-6 if many else 6, -6 if similar else 6),
            xycoords="axes fraction", textcoords="offset points", ha="right" if many else "left",
            va="top" if similar else "bottom", fontsize=8.5, style="italic", color=theme.faint, zorder=1,
        )  # fmt: skip


def _draw_points(axes: Axes, points: Sequence[Point], winner: Winner, theme: Theme) -> None:
    if not points:
        return
    look = _LOOK[winner]
    axes.scatter(
        [p.labels_per_class for p in points], [p.similarity for p in points], s=80, color=look.colour,
        marker=look.matplotlib_marker, edgecolor=theme.background, linewidth=0.8, label=WORDS[winner], zorder=3,
    )  # fmt: skip
    for p in points:
        axes.annotate(
            f"{abs(p.lead):.1f}", (p.labels_per_class, p.similarity), (8, 0), textcoords="offset points", va="center",
            fontsize=8, color=theme.foreground, zorder=4,
        )  # fmt: skip


def caption(points: Sequence[Point]) -> str:
    """What has to be said below the map: nothing, unless points of two labs lie on it."""
    return NOT_ONE_SCALE if len({p.lab for p in points}) > 1 else ""


def quadrant_alt(points: Sequence[Point]) -> str:
    """The map in words: every point and who won there."""
    if not points:
        return "The map of data size and domain similarity, with the textbook's four recommendations; no run on it yet."
    ordered = sorted(points, key=lambda p: (p.transfer, p.labels_per_class))
    told = "; ".join(
        f"{p.transfer}, {_labels(p.labels_per_class)}, similarity {p.similarity:.0f} points: {_result(p)}"
        for p in ordered
    )
    measured = "1 measured point" if len(points) == 1 else f"{len(points)} measured points"
    return f"Map of data size and domain similarity with {measured}. {told}."


def _result(p: Point) -> str:
    width = "" if p.half_width is None else f" ± {p.half_width:.1f}"
    return f"{WORDS[p.winner]} ({abs(p.lead):.1f}{width} points)"


def _labels(count: int) -> str:
    return f"{count} {'label' if count == 1 else 'labels'} per class"
