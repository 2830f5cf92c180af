"""Pictures of finished runs: drawn once, then kept for as long as they are likely to be looked at."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar, cast

from matplotlib.figure import Figure

MOST_KEPT = 16
"""Of all visits together, two or three for a run; one takes 0.2 MB, sometimes 0.4, and is drawn anew in a second."""

DOTS_PER_INCH = 200
"""Sharp on a high-density screen at the panel's width."""

T = TypeVar("T")

_kept: OrderedDict[tuple[str, ...], object] = OrderedDict()
_lock = Lock()
_drawing = ThreadPoolExecutor(1, thread_name_prefix="drawing")


def kept(key: tuple[str, ...], make: Callable[[], T]) -> T:
    """What is known by `key` (run, theme, which picture); `make` is called if it is not there yet."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return cast(T, _kept[key])
    made = make()
    with _lock:
        _kept[key] = made
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return made


def rendered(figure: Figure, kind: str) -> bytes:
    """The figure as a file of this kind: png or svg. The figure is empty afterwards.

    One thread draws for all: matplotlib keeps its fonts for each thread that ever drew (0.3 MB each), and Streamlit has
    a new thread for every run of a script.
    """
    return _drawing.submit(_render, figure, kind).result()


def _render(figure: Figure, kind: str) -> bytes:
    """The figure and its canvas hold each other, and the canvas every pixel, some 10 MB: cleared, they go at once."""
    target = io.BytesIO()
    figure.savefig(target, format=kind, dpi=DOTS_PER_INCH)
    figure.clear()
    return target.getvalue()
