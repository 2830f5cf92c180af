"""What the tests of the mock interview share: its clock, setting it up, and taking steps in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from streamlit.testing.v1 import AppTest

from study.interviewing.model import Interview, Step
from tests.screen.screens import Open, press
from ui import catalogue, interviews

SEED = 7
"""Of every interview that a test begins."""


@dataclass
class Clock:
    """The time of the screens; moves when a test says so."""

    now: datetime

    def pass_by(self, **by: float) -> None:
        self.now += timedelta(**by)


def begin(app: Open, length: int = 20, level: str = "junior", topics: list[str] | None = None) -> AppTest:
    screen = app("interview")
    screen.button_group(key="interview-length").set_value(length).run()
    screen.radio(key="interview-level").set_value(level).run()
    screen.button_group(key="interview-topics").set_value(topics or []).run()
    return press(screen, "interview-begin")


def identity(screen: AppTest) -> str:
    """The interview that the address names."""
    found = screen.query_params["interview"]
    return found[0] if isinstance(found, list) else found


def stored(screen: AppTest) -> Interview:
    found = interviews.find(identity(screen))
    assert found is not None
    return found.interview


def open_step(screen: AppTest) -> Step:
    step = stored(screen).current
    assert step is not None
    return step


def key(screen: AppTest, step: Step, part: str) -> str:
    return f"interview-{identity(screen)}-{step.number}-{part}"


def until(screen: AppTest, kinds: frozenset[str]) -> Step:
    """Skip questions until one of these kinds is open."""
    while catalogue.entry(open_step(screen).item_id).kind not in kinds:
        press(screen, key(screen, open_step(screen), "unknown"))
    return open_step(screen)


def say(screen: AppTest, text: str) -> None:
    """Answer the open question in these words."""
    step = open_step(screen)
    screen.text_area(key=key(screen, step, "text")).set_value(text).run()
    press(screen, key(screen, step, "check"))


def end(screen: AppTest) -> None:
    press(screen, "interview-end")
    press(screen, "interview-really")
    assert screen.title[0].value == "How it went"


def metrics(screen: AppTest) -> dict[str, str]:
    """By the first word of their label."""
    return {metric.label.split()[0]: metric.value for metric in screen.metric}
