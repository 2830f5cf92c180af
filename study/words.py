"""Numbers in a sentence, worded alike on all screens, in files and on the command line."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: "1 card", "2 cards". `plural`: where it takes more than an s."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def percent(share: float) -> str:
    """A share, 0 to 1, in whole percent: 0.674 -> "67 %"."""
    return f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    """A time in the unit that fits: "20 s", from 90 s on "2 min", from 90 min on "1.5 h"."""
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
