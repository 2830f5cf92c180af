"""The end of a mock interview: by the clock or before, the report, its ticks, what goes into the reviews, old ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.screen.interview_steps import Clock, begin, end, identity, key, metrics, open_step, say, stored
from tests.screen.screens import Open, press, texts
from ui import catalogue, interviews, services

pytestmark = pytest.mark.usefixtures("app", "desk", "clock")


def test_it_ends_when_time_is_up_and_the_report_follows(app: Open, clock: Clock) -> None:
    screen = begin(app, 10)
    for _ in range(30):
        if stored(screen).current is None:
            break
        clock.pass_by(seconds=100)
        press(screen, key(screen, open_step(screen), "unknown"))
    interview = stored(screen)
    assert interview.ended_at is not None and 4 <= len(interview.steps) <= 7
    assert screen.title[0].value == "How it went"
    assert metrics(screen)["Asked"] == str(len(interview.steps))
    assert metrics(screen)["Score"] == "0 %"
    row = services.store().interview(identity(screen))
    assert row is not None and row.finished_at == interview.ended_at


@pytest.mark.parametrize("seconds", [10, 30, 110])
def test_an_answer_counts_however_long_the_page_was_still(app: Open, clock: Clock, seconds: int) -> None:
    """The note that the page is open is saved in the same run as the answer."""
    screen = begin(app)
    clock.pass_by(seconds=seconds)
    say(screen, "Thought for a while")
    first, _ = stored(screen).steps
    assert first.answer == {"text": "Thought for a while", "ticks": []} and first.seconds == seconds
    press(screen, "interview-end")
    clock.pass_by(seconds=seconds)
    other = app("interview", interview=identity(screen))
    press(screen, "interview-really")
    assert stored(screen).ended_at == clock.now and stored(screen).steps[1].skipped
    assert screen.title[0].value == "How it went"
    other.run()
    assert other.title[0].value == "How it went"


def test_an_answer_counts_though_another_tab_saves_at_the_same_time(app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    screen, store = begin(app), services.store()
    save = store.save_interview
    raced: list[int] = []

    def after_another(interview_id: str, state: dict[str, Any], version: int, now: datetime, *, learner: str) -> int:
        row = store.interview(interview_id)
        if row is not None and not raced:
            raced.append(save(interview_id, row.state, version, now, learner=learner))
        return save(interview_id, state, version, now, learner=learner)

    monkeypatch.setattr(store, "save_interview", after_another)
    say(screen, "Said in a hurry")
    assert raced == [2]
    assert stored(screen).steps[0].answer == {"text": "Said in a hurry", "ticks": []}


def test_ending_it_early_is_asked_twice(app: Open) -> None:
    screen = begin(app)
    press(screen, "interview-end")
    press(screen, "interview-go-on")
    assert stored(screen).ended_at is None
    say(screen, "An answer")
    end(screen)
    first, second = stored(screen).steps
    assert (first.skipped, second.skipped) == (False, True)
    assert metrics(app("interview", interview=identity(screen)))["Asked"] == "2"


def test_ticks_of_the_report_are_kept_and_counted(app: Open) -> None:
    screen = begin(app)
    entry = catalogue.entry(open_step(screen).item_id)
    say(screen, "An answer in my own words")
    end(screen)
    assert screen.info[0].value.startswith("1 answer in your own words waits for your ticks")
    assert metrics(screen)["Score"] == "0 %", "the skipped question alone"
    assert "An answer in my own words" in texts(screen)
    points = entry.question.meta.key_points
    for index in range(len(points)):
        screen.checkbox(key=f"report-{identity(screen)}-1-tick-{index}").check().run()
        assert not screen.exception
    assert not screen.info
    assert metrics(screen)["Score"] == "50 %", "everything covered in one of two"
    again = app("interview", interview=identity(screen))
    assert metrics(again)["Score"] == "50 %"
    assert again.checkbox(key=f"report-{identity(screen)}-1-tick-0").value is True
    again.checkbox(key=f"report-{identity(screen)}-1-tick-0").uncheck().run()
    found = interviews.find(identity(screen))
    assert found is not None and found.ticks == {1: list(range(1, len(points)))}


def test_none_of_the_points_covered(app: Open) -> None:
    screen = begin(app)
    say(screen, "Nothing to the point")
    end(screen)
    press(screen, f"none-{identity(screen)}-1")
    assert not screen.info
    assert interviews.reported(interviews.find(identity(screen))).results[0].score == 0.0  # type: ignore[arg-type]  # is there


def test_weak_answers_go_into_the_reviews_once(app: Open) -> None:
    screen = begin(app)
    for _ in range(3):
        press(screen, key(screen, open_step(screen), "unknown"))
    end(screen)
    asked = [step.item_id for step in stored(screen).steps]
    assert services.store().cards() == []
    press(screen, "review-all")
    assert sorted(card.item_id for card in services.store().cards()) == sorted(asked)
    assert all(card.is_new and card.asked_for for card in services.store().cards())
    assert not [button for button in screen.button if button.key == "review-all"]
    assert any("All of them are in your reviews." in each.value for each in screen.caption)


def test_earlier_interviews_are_listed(app: Open) -> None:
    end(begin(app, 45, "senior"))
    labels = [link.label for link in app("interview").main.page_link]
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


def test_another_tab_with_old_boxes_does_not_undo_ticks(app: Open) -> None:
    screen = begin(app)
    say(screen, "An answer in my own words")
    end(screen)
    other = app("interview", interview=identity(screen))
    screen.checkbox(key=f"report-{identity(screen)}-1-tick-0").check().run()
    other.run()
    assert not other.exception
    found = interviews.find(identity(screen))
    assert found is not None and found.ticks == {1: [0]}
    other.checkbox(key=f"report-{identity(screen)}-1-tick-1").check().run()
    found = interviews.find(identity(screen))
    assert found is not None and 1 in found.ticks[1], "what is ticked there counts"
