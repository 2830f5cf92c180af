"""The first lines of a screen come before the rest: once when she arrives, and not again while she works there."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from tests.screen.screens import go
from ui import session

Open = Callable[..., AppTest]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that screens have made."""
    made: list[float] = []
    monkeypatch.setattr(session, "time", SimpleNamespace(sleep=made.append))
    return made


@pytest.mark.parametrize("path", ["cards", "lab-strategies", "feature-extraction-vs-fine-tuning"])
def test_a_screen_pauses_once_when_she_arrives(path: str, app: Open, pauses: list[float]) -> None:
    screen = app()
    assert pauses == [session.FIRST_PAINT_SECONDS], "on Home"
    go(screen, path)
    assert pauses == [session.FIRST_PAINT_SECONDS] * 2
    screen.run()
    assert not screen.exception
    assert pauses == [session.FIRST_PAINT_SECONDS] * 2


def test_what_is_revealed_has_a_head_start_too(app: Open, pauses: list[float]) -> None:
    screen = app("feature-extraction-vs-fine-tuning")
    before = len(pauses)
    screen.button(key="reveal").click().run()
    assert pauses[before:] == [session.FIRST_PAINT_SECONDS]
