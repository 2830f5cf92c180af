"""The figures' look: one palette, two themes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    name: str
    background: str
    foreground: str
    grid: str
    accent: str
    muted: str
    faint: str


LIGHT = Theme("light", "#FBFAF7", "#1E1D1A", "#DDD8CC", "#4A3FB5", "#B9B2A3", "#77726A")
DARK = Theme("dark", "#15171C", "#E9E6DF", "#343842", "#A9A1FF", "#5A6070", "#9A9FAB")
