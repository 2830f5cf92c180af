"""The mock interview: set up, gone through, left and found again."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from pages.practice import interview as page
from study.interviewing.model import OPEN_KINDS
from study.sandbox import fence
from tests.screen.interview_steps import Clock, begin, identity, key, open_step, say, stored, until
from tests.screen.screens import FakeDesk, Open, press, texts
from ui import catalogue, exercise_consent, interviews, services

pytestmark = pytest.mark.usefixtures("app", "desk", "clock")


def test_it_is_set_up_as_asked(app: Open) -> None:
    topic = [entry for entry in catalogue.entries().values() if entry.is_question][4].question.meta
    screen = begin(app, 10, "senior", [f"{topic.number} · {topic.short}"])
    interview = stored(screen)
    assert (interview.length_minutes, interview.level) == (10, "senior")
    assert interview.topics == (f"{topic.number} · {topic.short}",)
    step = open_step(screen)
    assert (step.number, step.reason) == (1, "opening")
    assert screen.header[0].value == topic.title == catalogue.entry(step.item_id).question.meta.title
    assert {catalogue.entry(entry.item_id).question.meta.key for entry in interview.pool} == {topic.key}


def test_nothing_is_marked_until_the_end(app: Open) -> None:
    screen = begin(app)
    for number in range(1, 9):
        step = open_step(screen)
        assert step.number == number
        assert f"Mock interview · question {number}" in texts(screen)
        assert not screen.success and not screen.error and not screen.metric
        press(screen, key(screen, step, "unknown"))
    assert [step.score for step in stored(screen).steps[:-1]] == [0.0] * 8
    assert all(step.skipped for step in stored(screen).steps[:-1])


def test_closed_questions_are_scored_and_not_judged(app: Open) -> None:
    screen = begin(app)
    step = until(screen, frozenset({"choice", "computed", "bug"}))
    press(screen, key(screen, step, "check"))
    assert "say that you don't know" in screen.warning[0].value
    assert open_step(screen) == step, "nothing chosen is no answer"


def test_an_empty_answer_is_asked_again(app: Open) -> None:
    screen = begin(app)
    step = open_step(screen)
    press(screen, key(screen, step, "check"))
    assert screen.warning[0].value == "Write a few words first, or say that you don't know."
    assert open_step(screen) == step
    say(screen, "A few words")
    first, second = stored(screen).steps
    assert first.answer == {"text": "A few words", "ticks": []} and not first.skipped
    assert second.number == 2


def test_a_reload_goes_on_where_it_was(app: Open, clock: Clock) -> None:
    screen = begin(app)
    say(screen, "My first answer")
    step = until(screen, OPEN_KINDS)
    screen.text_area(key=key(screen, step, "text")).set_value("Half an ans").run()
    clock.pass_by(seconds=40)
    again = app("interview", interview=identity(screen))
    assert open_step(again) == step
    assert again.text_area(key=key(again, step, "text")).value == "Half an ans"
    assert f"Mock interview · question {step.number}" in texts(again)


def test_the_open_interview_is_offered_again(app: Open) -> None:
    screen = begin(app)
    say(screen, "My first answer")
    other = app("interview")
    assert "**An interview of 20 minutes is open**, at question 2." in texts(other)
    press(other, "interview-resume")
    assert identity(other) == identity(screen)
    assert "Mock interview · question 2" in texts(other)


@pytest.mark.parametrize("count", [False, True])
def test_a_time_away_counts_only_if_she_says_so(app: Open, clock: Clock, count: bool) -> None:
    screen = begin(app)
    clock.pass_by(minutes=12)
    again = app("interview", interview=identity(screen))
    assert again.title[0].value == "Welcome back"
    assert "You were away for 12 minutes." in texts(again)
    press(again, "gap-yes" if count else "gap-no")
    saved = interviews.find(identity(screen))
    assert saved is not None
    assert round(interviews.left_seconds(saved, services.now())) == (8 * 60 if count else 20 * 60)
    assert [gap.counted for gap in saved.interview.gaps] == [count]
    assert "Mock interview · question 1" in texts(again)


def test_two_tabs_give_one_answer(app: Open) -> None:
    first = begin(app)
    second = app("interview", interview=identity(first))
    step = open_step(first)
    for tab, words in ((first, "From the first tab"), (second, "From the second tab")):
        tab.text_area(key=key(tab, step, "text")).set_value(words).run()
    press(first, key(first, step, "check"))
    second.run()
    assert [each.answer for each in stored(first).steps[:1]] == [{"text": "From the first tab", "ticks": []}]
    assert "Mock interview · question 2" in texts(second)


def test_a_desk_that_fails_does_not_end_it(app: Open, desk: FakeDesk) -> None:
    screen = begin(app)
    desk.error = "No answer within 30 s. Try again; the machine may be busy."
    for _ in range(40):
        step = open_step(screen)
        if catalogue.entry(step.item_id).kind == "computed":
            break
        press(screen, key(screen, step, "unknown"))
    else:
        pytest.fail("this draw asks no numbers; take another seed")
    assert screen.error[0].value == f"The numbers cannot be worked out: {desk.error}"
    desk.error = ""
    next(button for button in screen.button if button.label == "Try again").click().run()
    assert open_step(screen) == step and not screen.error


def test_a_click_on_begin_that_breaks_the_first_one_off_opens_the_same_interview(
    app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = app("interview")
    with monkeypatch.context() as broken_off:
        broken_off.setattr(page, "_open", lambda saved: None)
        press(screen, "interview-begin")
    press(screen, "interview-begin")
    assert [row.interview_id for row in services.store().interviews()] == [identity(screen)]
    assert screen.header[0].value == catalogue.entry(open_step(screen).item_id).question.meta.title


def test_a_second_click_on_begin_that_comes_late_opens_the_same_interview(
    app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = press(app("interview"), "interview-begin")
    first = identity(screen)
    button = st.button
    with monkeypatch.context() as late:
        late.setattr(st, "button", lambda label, **rest: button(label, **rest) or label == "Begin")
        screen.query_params.clear()  # as it was when she clicked
        screen.run()
    assert not screen.exception and identity(screen) == first
    screen.query_params.clear()
    screen.run()
    press(screen, "interview-begin")
    assert identity(screen) != first, "she came back and wants another"
    assert len(services.store().interviews()) == 2


@pytest.mark.parametrize(
    ("fenced", "local", "asked"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_exercises_are_asked_only_where_they_can_be_run(
    app: Open, monkeypatch: pytest.MonkeyPatch, fenced: bool, local: bool, asked: bool
) -> None:
    monkeypatch.setattr(fence, "fence_available", lambda: fenced)
    monkeypatch.setattr(exercise_consent, "_is_local", lambda: local)
    screen = app("interview")
    assert ("There will be no exercise: code cannot be run on this server." in texts(screen)) is not asked
    kinds = {entry.kind for entry in stored(press(screen, "interview-begin")).pool}
    assert ("exercise" in kinds) is asked and "case" in kinds


def test_the_clock_looks_into_the_store_now_and_then_only(
    app: Open, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, store, heartbeat = begin(app), services.store(), interviews.heartbeat
    reads: list[str] = []
    read = store.interview

    def counted(interview_id: str, **named: Any) -> Any:
        reads.append(interview_id)
        return read(interview_id, **named)

    def ticking(saved: interviews.Saved) -> None:
        monkeypatch.setattr(store, "interview", counted)
        for _ in range(45):
            clock.pass_by(seconds=1)
            heartbeat(saved)
        monkeypatch.setattr(store, "interview", read)

    monkeypatch.setattr(interviews, "heartbeat", ticking)
    screen.run()
    assert not screen.exception
    assert len(reads) == 2, "after 20 and after 40 s"
    assert (clock.now - stored(screen).seen_at).total_seconds() == 5  # type: ignore[operator]  # it has begun
