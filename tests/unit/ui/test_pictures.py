"""Pictures: kept while they are likely to be looked at, and drawn without leaving their pixels in memory."""

from __future__ import annotations

import gc

import psutil
import pytest
from matplotlib.figure import Figure

from ui import pictures

INCHES = (20, 10)
CANVAS_MEGABYTES = INCHES[0] * INCHES[1] * pictures.DOTS_PER_INCH**2 * 4 / 2**20


def _drawn() -> bytes:
    figure = Figure(figsize=INCHES)
    figure.subplots().plot([1, 3, 2])
    return pictures.rendered(figure, "png")


def _private_megabytes() -> float:
    return float(psutil.Process().memory_full_info().uss) / 2**20


def test_a_rendered_figure_leaves_no_pixels_to_the_garbage_collector() -> None:
    _drawn()
    gc.collect()
    gc.disable()
    try:
        before = _private_megabytes()
        for _ in range(6):
            _drawn()
        assert _private_megabytes() - before < 2 * CANVAS_MEGABYTES
    finally:
        gc.enable()


@pytest.mark.parametrize(("kind", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_files_are_of_the_kind_that_was_asked_for(kind: str, begins: bytes) -> None:
    figure = Figure()
    figure.subplots().plot([1, 2])
    assert pictures.rendered(figure, kind).startswith(begins)


def test_a_picture_is_made_once_until_others_have_pushed_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    monkeypatch.setattr(pictures, "MOST_KEPT", 2)
    first = pictures.kept(("test", "first"), make)
    assert pictures.kept(("test", "first"), make) == first
    assert len(made) == 1
    for other in ("second", "third"):
        pictures.kept(("test", other), make)
    assert pictures.kept(("test", "first"), make) != first
