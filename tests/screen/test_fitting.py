"""Fitting the memory model from the plan's screen: one fit for all tabs, and what came of it in each of them."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from study import settings as study_settings
from study.scheduling import DEFAULT_PARAMETERS
from tests.screen.screens import Open, press, texts
from ui import fitting, services

FITTED = {
    "weights": list(DEFAULT_PARAMETERS),
    "reviews_train": 600,
    "reviews_test": 150,
    "log_loss_default": 0.4,
    "log_loss_fitted": 0.3,
    "gain": 0.1,
    "interval": [0.05, 0.15],
    "keep": True,
}
CRASH = 'Traceback (most recent call last):\n  File "fit.py", line 1\nMemoryError: **stars**'


@dataclass
class Process:
    """The process of a fit, which runs until a test ends it and can be read once."""

    ended: bool = False
    out: str = json.dumps(FITTED)
    error: str = ""
    reads: list[int] = field(default_factory=list)

    def poll(self) -> int | None:
        return 0 if self.ended else None

    def communicate(self) -> tuple[str, str]:
        self.reads.append(1)
        time.sleep(0.05)
        return self.out, self.error

    def kill(self) -> None:
        self.ended = True

    def wait(self) -> None:
        assert self.ended


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """The fits that were begun."""
    begun: list[Process] = []

    def begin(*given: object, **named: object) -> Process:
        begun.append(Process())
        return begun[-1]

    monkeypatch.setattr(fitting, "subprocess", SimpleNamespace(Popen=begin, PIPE=subprocess.PIPE))
    return begun


def _is_fitting(screen: AppTest) -> bool:
    return any("Fitting: some seconds" in each.value for each in screen.caption)


def test_every_tab_is_shown_what_came_of_the_fit(app: Open, processes: list[Process]) -> None:
    first, second = press(app("plan"), "fit"), app("plan")
    assert _is_fitting(first) and _is_fitting(second)
    press(second, "fit")
    assert len(processes) == 1, "one at a time"
    processes[0].ended = True
    for tab in (first, second, first):
        tab.run()
        assert not tab.exception and not _is_fitting(tab)
        assert "Fitted to 600 answers" in texts(tab)
    press(second, "fit-keep")
    assert study_settings.load(services.store(), services.LEARNER).weights == tuple(DEFAULT_PARAMETERS)
    first.run()
    assert "Fitted to 600 answers" not in texts(first) and "**fitted to your own answers**" in texts(first)


def test_a_crash_is_logged_and_its_remedy_shown(
    app: Open, processes: list[Process], caplog: pytest.LogCaptureFixture
) -> None:
    screen = press(app("plan"), "fit")
    processes[0].ended, processes[0].out, processes[0].error = True, "", CRASH
    with caplog.at_level(logging.ERROR, logger=fitting.__name__):
        screen.run()
    assert CRASH in caplog.text
    (info,) = screen.info
    assert "try it once more" in info.value and "Traceback" not in info.value and "MemoryError" not in info.value
    press(screen, "fit")
    assert len(processes) == 2 and _is_fitting(screen) and not screen.info


def test_tabs_that_look_at_once_read_it_once(processes: list[Process]) -> None:
    fits = fitting._Fitting()
    fits.start(640)
    processes[0].ended = True
    found: list[object] = []
    tabs = [threading.Thread(target=lambda: found.append((fits.running(), fits.last(640)))) for _ in range(8)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert found == [(False, FITTED)] * 8 and len(processes[0].reads) == 1


def test_a_fit_to_other_answers_is_offered_no_more(processes: list[Process]) -> None:
    fits = fitting._Fitting()
    fits.start(640)
    processes[0].ended = True
    assert not fits.running() and fits.last(640) == FITTED and fits.last(641) is None
