"""Pictures of finished runs: drawn once, then kept for as long as they are likely to be looked at."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TypeVar, cast

from matplotlib.figure import Figure

MOST_KEPT = 40
DOTS_PER_INCH = 200
"""Sharp on a high-density screen at the panel's width."""

T = TypeVar("T")

_kept: OrderedDict[tuple[str, ...], object] = OrderedDict()
_lock = Lock()


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

    It and its canvas hold each other, and the canvas holds every pixel, some 10 MB: left as they are, they would stay
    until the garbage collector comes by.
    """
    target = io.BytesIO()
    figure.savefig(target, format=kind, dpi=DOTS_PER_INCH)
    figure.clear()
    return target.getvalue()
