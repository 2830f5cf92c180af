"""The end of a run that is watched: its verdict is said at once, and only then is the screen drawn anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from demos import catalogue
from demos.base import Verdict
from demos.runs import Ending, Run
from ui import live_run, session, verdict_view

LAB = catalogue.lab("strategies")
VERDICT = Verdict(
    outcome="holds", claim="strategies", effect=9.0, interval=(5.0, 13.0), margin=1.0, unit="points", replicates=8
)


def _watch() -> None:
    from tests.screen import test_live_run

    test_live_run.watch_one_that_ends()


def watch_one_that_ends() -> None:
    """The script of the test: a run that still computes when its drawing begins."""
    live_run.show(LAB, LAB.config(), _begun(), "holds", active=True)


def _watch_too_late() -> None:
    from tests.screen import test_live_run

    test_live_run.watch_one_that_has_just_ended()


def watch_one_that_has_just_ended() -> None:
    """The script of the test: a run that ended while what is above it was drawn."""
    run = _begun()
    run.end(Ending(state="finished", verdict=VERDICT))
    live_run.show(LAB, LAB.config(), run, "holds", active=True)


def _begun() -> Run:
    run = Run(LAB, LAB.config(), end=lambda run, ending: None)
    run.begin()
    return run


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the end of the run led to, in order."""
    made: list[str] = []
    monkeypatch.setattr(live_run, "_await_first_frame", lambda run: run.end(Ending(state="finished", verdict=VERDICT)))
    monkeypatch.setattr(verdict_view, "say", lambda lab, config, run, predicted: made.append(f"said, {predicted}"))
    monkeypatch.setattr(session, "let_it_be_shown", lambda: made.append("shown"))
    monkeypatch.setattr(live_run.st, "rerun", lambda: made.append("drawn anew"))
    return made


@pytest.mark.parametrize("script", [_watch, _watch_too_late])
def test_the_verdict_is_shown_before_the_screen_is_drawn_anew(script: Callable[[], None], happened: list[str]) -> None:
    screen = AppTest.from_function(script).run()
    assert not screen.exception
    assert happened == ["said, holds", "shown", "drawn anew"]
