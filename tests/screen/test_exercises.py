"""Exercises: the list, one at work, whether code may run here, and what the tests said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from content.exercises import Exercise
from study.sandbox import fence
from tests.screen.screens import FAILED, PASSED, FakeDesk, Open, as_read, asked, entries, go, is_rated, press, texts
from ui import catalogue, exercise_panel, services
from ui.catalogue import Entry

pytestmark = pytest.mark.usefixtures("app")

Served = Callable[[bool, str], None]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """Says how the app is served: with a working sandbox or without, and at which address."""

    def set_up(fenced: bool, address: str) -> None:
        monkeypatch.setattr(fence, "fence_available", lambda: fenced)
        real = st.get_option
        monkeypatch.setattr(st, "get_option", lambda key: address if key == "server.address" else real(key))

    set_up(True, "localhost")
    return set_up


@pytest.fixture(autouse=True)
def _usual(served: Served) -> None:
    """Behind the fence, unless a test says otherwise."""


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """What the editor holds, which is drawn in the browser only; None for what the app has put there."""
    held: dict[str, str | None] = {"code": None}
    monkeypatch.setattr("streamlit_ace.st_ace", lambda value, **_: value if held["code"] is None else held["code"])
    return held


def _first() -> tuple[Entry, Exercise]:
    entry = min(entries("exercise"), key=lambda each: each.item_id)
    return entry, cast(Exercise, entry.item)


def _open(app: Open) -> tuple[AppTest, Entry, Exercise]:
    app()
    entry, exercise = _first()
    return app("exercises", exercise=exercise.key), entry, exercise


def _run(screen: AppTest, exercise: Exercise) -> AppTest:
    return press(screen, f"exercise-{exercise.key}-run")


def test_the_list_holds_every_exercise_by_question(app: Open) -> None:
    screen = app("exercises")
    assert screen.title[0].value == "Write PyTorch"
    found = [entry for entry in catalogue.entries().values() if entry.kind == "exercise"]
    links = [link.label for link in screen.main.page_link]
    assert sorted(links) == sorted(cast(Exercise, entry.item).meta.title for entry in found)
    numbers = [int(each.value.split()[1]) for each in screen.caption if each.value.startswith("Question ")]
    assert len(numbers) == len(found) and numbers == sorted(numbers)


def test_an_unknown_exercise_leads_to_the_list(app: Open) -> None:
    screen = app("exercises", exercise="no-such-thing")
    assert as_read(screen.warning[0].value) == "There is no exercise “no-such-thing”. These are all:"
    assert screen.title[0].value == "Write PyTorch"


def test_the_real_editor_starts_with_the_starter(app: Open, desk: FakeDesk) -> None:
    """streamlit_ace itself: outside the browser a component returns what it was given."""
    screen, _, exercise = _open(app)
    assert screen.header[0].value == exercise.meta.title
    assert exercise.meta.task in texts(screen) and exercise.solution not in texts(screen)
    _run(screen, exercise)
    assert desk.handed_in == [(exercise.key, exercise.starter, False)]


def test_hints_come_one_by_one(app: Open) -> None:
    screen, _, exercise = _open(app)
    for number in range(1, len(exercise.meta.hints) + 1):
        assert len(screen.info) == number - 1
        press(screen, f"exercise-{exercise.key}-hints-next")
        assert screen.info[number - 1].value == f"**Hint {number}.** {exercise.meta.hints[number - 1]}"
    assert not [button for button in screen.button if str(button.key).endswith("-hints-next")]


def test_passed_tests_are_logged_and_marked_in_the_list(
    app: Open, desk: FakeDesk, editor: dict[str, str | None]
) -> None:
    screen, entry, exercise = _open(app)
    editor["code"] = "def anything(): ...\n"
    _run(screen, exercise)
    assert screen.success[0].value == "All 2 tests passed."
    (attempt,) = services.store().attempts()
    assert (attempt.exercise, attempt.code, attempt.passed) == (entry.item_id, "def anything(): ...\n", True)
    assert desk.handed_in == [(exercise.key, "def anything(): ...\n", False)]
    captions = [each.value for each in app("exercises").caption]
    assert sum(each.endswith(" · :green[passed]") for each in captions) == 1
    assert sum(each.endswith(" · tried") for each in captions) == 0


def test_failed_tests_say_what_failed(app: Open, desk: FakeDesk, editor: dict[str, str | None]) -> None:
    desk.graded = FAILED
    screen, _, exercise = _open(app)
    _run(screen, exercise)
    assert screen.error[0].value == "1 of 2 tests passed."
    assert as_read(screen.warning[0].value) == "It took longer than 8 s and was stopped."
    shown = [each.value for each in screen.code]
    assert "y: expected 1, got 2" in shown and "hello from the code" in shown
    assert exercise.solution not in shown
    assert [attempt.passed for attempt in services.store().attempts()] == [False]
    assert sum(each.value.endswith(" · tried") for each in app("exercises").caption) == 1


def test_a_changed_code_is_told_from_the_one_that_was_run(
    app: Open, desk: FakeDesk, editor: dict[str, str | None]
) -> None:
    screen, _, exercise = _open(app)
    _run(screen, exercise)
    assert not any("have changed the code" in each.value for each in screen.caption)
    editor["code"] = "def other(): ...\n"
    screen.run()
    assert any("have changed the code" in each.value for each in screen.caption)
    assert len(desk.handed_in) == 1


def test_the_code_is_kept_and_every_version_can_come_back(
    app: Open, desk: FakeDesk, editor: dict[str, str | None]
) -> None:
    screen, entry, exercise = _open(app)
    editor["code"] = "a = 1\n"
    screen.run()
    assert services.store().draft(f"code:{entry.item_id}") == "a = 1\n"
    editor["code"] = None
    again = app("exercises", exercise=exercise.key)
    _run(again, exercise)
    assert desk.handed_in[-1][1] == "a = 1\n"
    press(again, f"exercise-{exercise.key}-starter")
    _run(again, exercise)
    assert desk.handed_in[-1][1] == exercise.starter
    earlier = next(button for button in again.button if button.label.endswith("· 1 line"))
    press(again, str(earlier.key))
    _run(again, exercise)
    assert desk.handed_in[-1][1] == "a = 1\n"


def test_a_desk_that_fails_says_so_and_logs_nothing(app: Open, desk: FakeDesk, editor: dict[str, str | None]) -> None:
    desk.error = "No answer within 60 s. Try again; the machine may be busy."
    screen, entry, exercise = _open(app)
    editor["code"] = "mine = 1\n"
    _run(screen, exercise)
    assert screen.error[0].value == desk.error
    assert services.store().attempts() == []
    assert services.store().draft(f"code:{entry.item_id}") == "mine = 1\n"
    desk.error, desk.graded = "", PASSED
    _run(screen, exercise)
    assert screen.success[0].value == "All 2 tests passed." and not screen.error


@pytest.mark.parametrize("address", ["", "0.0.0.0", "192.168.1.5", "example.org", "::"])
def test_without_a_sandbox_a_public_server_only_shows(app: Open, desk: FakeDesk, served: Served, address: str) -> None:
    served(False, address)
    screen, _, exercise = _open(app)
    assert "Exercises can be read but not run here" in screen.info[0].value
    assert screen.button(key=f"exercise-{exercise.key}-run").disabled
    assert not [button for button in screen.button if button.key == "agree"]
    assert exercise.meta.task in texts(screen)
    assert desk.handed_in == []


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "::1"])
def test_without_a_sandbox_on_localhost_the_learner_decides(
    app: Open, desk: FakeDesk, served: Served, address: str
) -> None:
    served(False, address)
    screen, _, exercise = _open(app)
    assert "Your code would run without a sandbox" in texts(screen)
    assert screen.button(key=f"exercise-{exercise.key}-run").disabled
    press(screen, "agree")
    assert not screen.button(key=f"exercise-{exercise.key}-run").disabled
    _run(screen, exercise)
    assert desk.handed_in == [(exercise.key, exercise.starter, True)]
    assert "would run without a sandbox" not in texts(app("exercises", exercise=exercise.key)), "asked once"


def test_consent_given_on_localhost_does_not_open_a_public_server(app: Open, desk: FakeDesk, served: Served) -> None:
    app()
    services.store().set_setting("runs_code_unfenced", True)
    served(False, "0.0.0.0")
    screen, _, exercise = _open(app)
    assert screen.button(key=f"exercise-{exercise.key}-run").disabled
    assert desk.handed_in == []


def test_a_forged_click_on_the_disabled_button_runs_nothing(
    app: Open, desk: FakeDesk, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app()
    services.store().set_setting("runs_code_unfenced", True)
    served(False, "0.0.0.0")
    button = st.button
    monkeypatch.setattr(st, "button", lambda *given, **named: button(*given, **(named | {"disabled": False})))
    screen, _, exercise = _open(app)
    _run(screen, exercise)
    assert desk.handed_in == []


def test_a_press_outlives_a_run_of_the_script_that_is_broken_off(
    app: Open, desk: FakeDesk, editor: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is when the editor sends its last key a moment after the click."""
    screen, _, exercise = _open(app)
    breaks, versions = [True], exercise_panel._versions

    def breaking(*given: Any) -> None:
        if breaks:
            breaks.clear()
            st.rerun()
        versions(*given)

    monkeypatch.setattr(exercise_panel, "_versions", breaking)
    _run(screen, exercise)
    assert not breaks
    assert desk.handed_in == [(exercise.key, exercise.starter, False)]
    screen.run()
    assert len(desk.handed_in) == 1


def test_the_solution_and_the_wrong_ones_are_folded_away(app: Open, desk: FakeDesk) -> None:
    screen, entry, exercise = _open(app)
    assert exercise.solution not in texts(screen)
    press(screen, f"exercise-{exercise.key}-add")
    card = services.store().card(entry.item_id)
    assert card is not None and card.is_new and card.asked_for


def test_coming_back_shows_what_was_typed_last(app: Open, desk: FakeDesk, editor: dict[str, str | None]) -> None:
    """In the same visit: the editor is a new one then, and must not bring the text back that it once began with."""
    screen, entry, exercise = _open(app)
    editor["code"] = "typed = 1\n"
    screen.run()
    go(screen, "plan")
    editor["code"] = None
    go(screen, "exercises")
    assert services.store().draft(f"code:{entry.item_id}") == "typed = 1\n"
    _run(screen, exercise)
    assert desk.handed_in[-1][1] == "typed = 1\n"


def test_an_exercise_that_was_solved_before_does_not_answer_itself(app: Open, desk: FakeDesk) -> None:
    screen, entry, exercise = _open(app)
    _run(screen, exercise)
    assert screen.success[0].value == "All 2 tests passed."
    services.store().add(entry.item_id, services.now())
    go(screen, "quiz")
    screen.button_group(key="quiz-kinds").set_value(["exercise"]).run()
    assert asked(screen).item_id == entry.item_id and asked(screen).answered is None
    assert not is_rated(screen) and exercise.solution not in texts(screen)


def test_a_key_pressed_while_the_tests_run_loses_no_result(
    app: Open, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit breaks a script off where it draws next: at the end of the spinner."""

    @contextmanager
    def broken_off(_: str) -> Iterator[None]:
        yield
        raise StopException

    screen, entry, exercise = _open(app)
    with monkeypatch.context() as patched:
        patched.setattr("ui.exercise_panel.st.spinner", broken_off)
        screen.button(key=f"exercise-{exercise.key}-run").click().run()
    assert [attempt.exercise for attempt in services.store().attempts()] == [entry.item_id]
    screen.run()
    assert screen.success[0].value == "All 2 tests passed."
