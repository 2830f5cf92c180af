"""The figures' look: one palette, two themes. Plain data and a few helpers; no pyplot, no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Theme:
    """Colours of everything but the data."""

    name: str
    background: str
    foreground: str
    grid: str
    accent: str
    muted: str
    faint: str


LIGHT = Theme("light", "#FBFAF7", "#1E1D1A", "#DDD8CC", "#4A3FB5", "#B9B2A3", "#77726A")
DARK = Theme("dark", "#15171C", "#E9E6DF", "#343842", "#A9A1FF", "#5A6070", "#9A9FAB")


@dataclass(frozen=True)
class Series:
    """How one thing looks wherever it is drawn: colour, dash and marker together, so that none has to do alone."""

    colour: str
    dash: tuple[int, ...]
    """Lengths on and off in pixels, as Vega takes them; empty is solid."""
    marker: str
    """Vega's name of the shape."""

    @property
    def line_style(self) -> Any:
        """The dash as matplotlib takes it."""
        return (0, self.dash) if self.dash else "-"

    @property
    def matplotlib_marker(self) -> str:
        """The marker as matplotlib takes it."""
        return {
            "circle": "o", "square": "s", "triangle-up": "^", "diamond": "D",
            "cross": "P", "triangle-down": "v", "triangle-left": "<", "triangle-right": ">",
        }[self.marker]  # fmt: skip


# Okabe & Ito's blue, vermilion, bluish green and reddish purple; blue and purple moved a little, so that each has at
# least 3:1 against both backgrounds and the colours need not change with the theme. The last four are for labs with
# many arms, where dash and marker do most of the telling apart.
SERIES = (
    Series("#1A7DBD", (), "circle"),
    Series("#D55E00", (6, 2), "square"),
    Series("#009E73", (2, 2), "triangle-up"),
    Series("#B8659A", (8, 2, 2, 2), "diamond"),
    Series("#9A7B0A", (12, 3), "cross"),
    Series("#7D73D6", (1, 3), "triangle-down"),
    Series("#857A6B", (4, 4), "triangle-left"),
    Series("#2F8F9D", (10, 2, 2, 2, 2, 2), "triangle-right"),
)


def dress(axes: Axes, theme: Theme, *, title: str, grid: str | None = "y") -> None:
    """Give matplotlib axes the theme's colours: title to the left, no box, a quiet grid behind the data."""
    axes.set_facecolor(theme.background)
    axes.set_title(title, loc="left", color=theme.foreground, fontsize=10, fontweight="bold")
    axes.tick_params(colors=theme.foreground, labelsize=8.5, length=0)
    axes.xaxis.label.set_color(theme.foreground)
    axes.yaxis.label.set_color(theme.foreground)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom" and grid is not None)
        spine.set_color(theme.grid)
    if grid is not None:
        axes.grid(axis=grid, color=theme.grid, linewidth=0.8)  # type: ignore[arg-type]
        axes.set_axisbelow(True)


def altair_config(theme: Theme) -> dict[str, Any]:
    """Vega-Lite's `config` for the theme: opaque background, quiet grid, legend below (it fits a phone)."""
    return {
        "background": theme.background,
        "view": {"stroke": None},
        "axis": {
            "labelColor": theme.foreground,
            "titleColor": theme.foreground,
            "titleFontWeight": "normal",
            "gridColor": theme.grid,
            "domainColor": theme.grid,
            "tickColor": theme.grid,
            "labelFontSize": 12,
            "titleFontSize": 12,
        },
        "legend": {
            "orient": "bottom",
            "columns": 2,
            "labelColor": theme.foreground,
            "labelFontSize": 12,
            "labelLimit": 220,
            "symbolStrokeWidth": 2.5,
            "symbolSize": 90,
            "symbolOpacity": 1,
            "title": None,
        },
    }
