"""The mock interview: set up, gone through, left and found again, ended, reported, reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from study.interviewing.model import OPEN_KINDS, Interview, Step
from tests.screen.screens import FakeDesk, Open, press, texts
from ui import catalogue, interviews, services

pytestmark = pytest.mark.usefixtures("app", "desk", "clock")


@dataclass
class Clock:
    """The time of the screens; moves when a test says so."""

    now: datetime

    def pass_by(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(services.now())
    monkeypatch.setattr(services, "now", lambda: made.now)
    return made


def _begin(app: Open, length: int = 20, level: str = "junior", topics: list[str] | None = None) -> AppTest:
    screen = app("interview")
    screen.button_group(key="interview-length").set_value(length).run()
    screen.radio(key="interview-level").set_value(level).run()
    screen.button_group(key="interview-topics").set_value(topics or []).run()
    return press(screen, "interview-begin")


def _id(screen: AppTest) -> str:
    """The interview that the address names."""
    found = screen.query_params["interview"]
    return found[0] if isinstance(found, list) else found


def _stored(screen: AppTest) -> Interview:
    found = interviews.find(_id(screen))
    assert found is not None
    return found.interview


def _open_step(screen: AppTest) -> Step:
    step = _stored(screen).current
    assert step is not None
    return step


def _key(screen: AppTest, step: Step, part: str) -> str:
    return f"interview-{_id(screen)}-{step.number}-{part}"


def _until(screen: AppTest, kinds: frozenset[str]) -> Step:
    """Skip questions until one of these kinds is open."""
    while catalogue.entry(_open_step(screen).item_id).kind not in kinds:
        press(screen, _key(screen, _open_step(screen), "unknown"))
    return _open_step(screen)


def _say(screen: AppTest, text: str) -> None:
    """Answer the open question in these words."""
    step = _open_step(screen)
    screen.text_area(key=_key(screen, step, "text")).set_value(text).run()
    press(screen, _key(screen, step, "check"))


def _end(screen: AppTest) -> None:
    press(screen, "interview-end")
    press(screen, "interview-really")
    assert screen.title[0].value == "How it went"


def _metrics(screen: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in screen.metric}


def test_it_is_set_up_as_asked(app: Open) -> None:
    topic = [entry for entry in catalogue.entries().values() if entry.is_question][4].question.meta
    screen = _begin(app, 10, "senior", [f"{topic.number} · {topic.short}"])
    interview = _stored(screen)
    assert (interview.length_minutes, interview.level) == (10, "senior")
    assert interview.topics == (f"{topic.number} · {topic.short}",)
    step = _open_step(screen)
    assert (step.number, step.reason) == (1, "opening")
    assert screen.header[0].value == topic.title == catalogue.entry(step.item_id).question.meta.title
    assert {catalogue.entry(entry.item_id).question.meta.key for entry in interview.pool} == {topic.key}


def test_nothing_is_marked_until_the_end(app: Open) -> None:
    screen = _begin(app)
    for number in range(1, 9):
        step = _open_step(screen)
        assert step.number == number
        assert f"Mock interview · question {number}" in texts(screen)
        assert not screen.success and not screen.error and not screen.metric
        press(screen, _key(screen, step, "unknown"))
    assert [step.score for step in _stored(screen).steps[:-1]] == [0.0] * 8
    assert all(step.skipped for step in _stored(screen).steps[:-1])


def test_closed_questions_are_scored_and_not_judged(app: Open) -> None:
    screen = _begin(app)
    step = _until(screen, frozenset({"choice", "computed", "bug"}))
    press(screen, _key(screen, step, "check"))
    assert "say that you don't know" in screen.warning[0].value
    assert _open_step(screen) == step, "nothing chosen is no answer"


def test_an_empty_answer_is_asked_again(app: Open) -> None:
    screen = _begin(app)
    step = _open_step(screen)
    press(screen, _key(screen, step, "check"))
    assert screen.warning[0].value == "Write a few words first, or say that you don't know."
    assert _open_step(screen) == step
    _say(screen, "A few words")
    first, second = _stored(screen).steps
    assert first.answer == {"text": "A few words", "ticks": []} and not first.skipped
    assert second.number == 2


def test_a_reload_goes_on_where_it_was(app: Open, clock: Clock) -> None:
    screen = _begin(app)
    _say(screen, "My first answer")
    step = _until(screen, OPEN_KINDS)
    screen.text_area(key=_key(screen, step, "text")).set_value("Half an ans").run()
    clock.pass_by(seconds=40)
    again = app("interview", interview=_id(screen))
    assert _open_step(again) == step
    assert again.text_area(key=_key(again, step, "text")).value == "Half an ans"
    assert f"Mock interview · question {step.number}" in texts(again)


def test_the_open_interview_is_offered_again(app: Open) -> None:
    screen = _begin(app)
    _say(screen, "My first answer")
    other = app("interview")
    assert "**An interview of 20 minutes is open**, at question 2." in texts(other)
    press(other, "interview-resume")
    assert _id(other) == _id(screen)
    assert "Mock interview · question 2" in texts(other)


@pytest.mark.parametrize("count", [False, True])
def test_a_time_away_counts_only_if_she_says_so(app: Open, clock: Clock, count: bool) -> None:
    screen = _begin(app)
    clock.pass_by(minutes=12)
    again = app("interview", interview=_id(screen))
    assert again.title[0].value == "Welcome back"
    assert "You were away for 12 minutes." in texts(again)
    press(again, "gap-yes" if count else "gap-no")
    saved = interviews.find(_id(screen))
    assert saved is not None
    assert round(interviews.left_seconds(saved, services.now())) == (8 * 60 if count else 20 * 60)
    assert [gap.counted for gap in saved.interview.gaps] == [count]
    assert "Mock interview · question 1" in texts(again)


def test_two_tabs_give_one_answer(app: Open) -> None:
    first = _begin(app)
    second = app("interview", interview=_id(first))
    step = _open_step(first)
    for tab, words in ((first, "From the first tab"), (second, "From the second tab")):
        tab.text_area(key=_key(tab, step, "text")).set_value(words).run()
    press(first, _key(first, step, "check"))
    second.run()
    assert [each.answer for each in _stored(first).steps[:1]] == [{"text": "From the first tab", "ticks": []}]
    assert "Mock interview · question 2" in texts(second)


def test_it_ends_when_time_is_up_and_the_report_follows(app: Open, clock: Clock) -> None:
    screen = _begin(app, 10)
    for _ in range(30):
        if _stored(screen).current is None:
            break
        clock.pass_by(seconds=100)
        press(screen, _key(screen, _open_step(screen), "unknown"))
    interview = _stored(screen)
    assert interview.ended_at is not None and 4 <= len(interview.steps) <= 7
    assert screen.title[0].value == "How it went"
    assert _metrics(screen)["Asked"] == str(len(interview.steps))
    assert _metrics(screen)["Score"] == "0%"
    row = services.store().interview(_id(screen))
    assert row is not None and row.finished_at == interview.ended_at


def test_ending_it_early_is_asked_twice(app: Open) -> None:
    screen = _begin(app)
    press(screen, "interview-end")
    press(screen, "interview-go-on")
    assert _stored(screen).ended_at is None
    _say(screen, "An answer")
    _end(screen)
    first, second = _stored(screen).steps
    assert (first.skipped, second.skipped) == (False, True)
    assert _metrics(app("interview", interview=_id(screen)))["Asked"] == "2"


def test_ticks_of_the_report_are_kept_and_counted(app: Open) -> None:
    screen = _begin(app)
    entry = catalogue.entry(_open_step(screen).item_id)
    _say(screen, "An answer in my own words")
    _end(screen)
    assert screen.info[0].value.startswith("1 answer in your own words waits for your ticks")
    assert _metrics(screen)["Score"] == "0%", "the skipped question alone"
    assert "An answer in my own words" in texts(screen)
    points = entry.question.meta.key_points
    for index in range(len(points)):
        screen.checkbox(key=f"report-{_id(screen)}-1-tick-{index}").check().run()
        assert not screen.exception
    assert not screen.info
    assert _metrics(screen)["Score"] == "50%", "everything covered in one of two"
    again = app("interview", interview=_id(screen))
    assert _metrics(again)["Score"] == "50%"
    assert again.checkbox(key=f"report-{_id(screen)}-1-tick-0").value is True
    again.checkbox(key=f"report-{_id(screen)}-1-tick-0").uncheck().run()
    found = interviews.find(_id(screen))
    assert found is not None and found.ticks == {1: list(range(1, len(points)))}


def test_none_of_the_points_covered(app: Open) -> None:
    screen = _begin(app)
    _say(screen, "Nothing to the point")
    _end(screen)
    press(screen, f"none-{_id(screen)}-1")
    assert not screen.info
    assert interviews.reported(interviews.find(_id(screen))).results[0].score == 0.0  # type: ignore[arg-type]  # is there


def test_weak_answers_go_into_the_reviews_once(app: Open) -> None:
    screen = _begin(app)
    for _ in range(3):
        press(screen, _key(screen, _open_step(screen), "unknown"))
    _end(screen)
    asked = [step.item_id for step in _stored(screen).steps]
    assert services.store().cards() == []
    press(screen, "review-all")
    assert sorted(card.item_id for card in services.store().cards()) == sorted(asked)
    assert all(card.is_new and card.asked_for for card in services.store().cards())
    assert not [button for button in screen.button if button.key == "review-all"]
    assert any("All of them are in your reviews." in each.value for each in screen.caption)


def test_earlier_interviews_are_listed(app: Open) -> None:
    _end(_begin(app, 45, "senior"))
    labels = [link.label for link in app("interview").main.get("page_link")]
    assert [label.partition(" · ")[2] for label in labels if "min" in label] == ["45 min · senior"]


@pytest.mark.parametrize(
    "state",
    [{}, {"interview": {"version": 1, "seed": "x"}}, {"interview": {"version": 99}}, {"interview": []}],
    ids=["empty", "fields", "newer", "no object"],
)
def test_a_damaged_interview_is_reported_and_kept(app: Open, state: dict[str, object]) -> None:
    app()
    services.store().start_interview("hurt", state, services.now())
    screen = app("interview", interview="hurt")
    assert screen.error[0].value.startswith("This interview cannot be opened: ")
    assert screen.error[0].value.endswith("It is kept as it is.")
    assert screen.title[0].value == "Mock interview"
    press(screen, "interview-begin")
    row = services.store().interview("hurt")
    assert row is not None and (row.state, row.version, row.finished_at) == (state, 1, None)
    assert not app("interview").exception, "the list passes over it"


def test_an_unknown_interview(app: Open) -> None:
    screen = app("interview", interview="nowhere")
    assert screen.warning[0].value == "There is no such interview. Begin one here:"
    assert services.store().interviews() == []


def test_a_desk_that_fails_does_not_end_it(app: Open, desk: FakeDesk) -> None:
    screen = _begin(app)
    desk.error = "No answer within 30 s. Try again; the machine may be busy."
    for _ in range(40):
        step = _open_step(screen)
        if catalogue.entry(step.item_id).kind == "computed":
            break
        press(screen, _key(screen, step, "unknown"))
    else:
        pytest.skip("no computed item came up in this draw")
    assert screen.error[0].value == f"The numbers cannot be worked out: {desk.error}"
    desk.error = ""
    next(button for button in screen.button if button.label == "Try again").click().run()
    assert _open_step(screen) == step and not screen.error
