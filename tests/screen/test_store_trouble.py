"""A store that fails while the app is used, as on a full disk: what it says is shown, and the screen stays usable."""

from __future__ import annotations

from collections.abc import Callable
from functools import partialmethod

import pytest
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.testing.v1 import AppTest

import app as entry_point
from study.scheduling import Rating
from study.store import StoreError
from tests.screen.interview_steps import Clock, begin, end, identity, key, open_step, say, stored
from tests.screen.screens import Open, ask, asked, entries, hand_in, press, reviews, texts
from ui import catalogue, interviews, services, trouble
from ui.markdown import escaped

pytestmark = pytest.mark.usefixtures("app", "desk")

FULL = "The study database /home/a_b_c/study.sqlite3 cannot be used: disk is full. Free some space and try again."

Fail = Callable[[str], None]


@pytest.fixture(autouse=True)
def _as_the_server_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness runs the script alone; the app's handler of errors is the server's."""
    made = partialmethod(ScriptRunner.__init__, on_script_error=entry_point.app._on_script_error)
    monkeypatch.setattr(ScriptRunner, "__init__", made)


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Lets a method of the store fail."""

    def full(*given: object, **named: object) -> None:
        raise StoreError(FULL)

    return lambda method: monkeypatch.setattr(services.store(), method, full)


@pytest.fixture
def mend(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Lets it work again."""
    return lambda method: monkeypatch.delattr(services.store(), method)


def _told(screen: AppTest) -> list[str]:
    """The messages of the store on the screen, which has no box of Streamlit's."""
    assert not screen.exception
    return [each.value for each in screen.error if each.value == escaped(FULL)]


def test_a_rating_that_cannot_be_kept_leaves_the_card_to_be_rated_again(app: Open, fail: Fail, mend: Fail) -> None:
    quiz = press(app("quiz"), "quiz-reveal")
    before = asked(quiz)
    fail("answer")
    press(quiz, "rate-good")
    assert len(_told(quiz)) == 1 and reviews() == []
    assert asked(quiz) == before and quiz.button(key="rate-good").label.startswith("Good")
    mend("answer")
    press(quiz, "rate-good")
    assert not _told(quiz)
    assert [(each.answer_id, each.rating) for each in reviews()] == [(before.answer_id, Rating.GOOD)]


def test_a_draft_that_cannot_be_kept_stays_in_its_field(app: Open, fail: Fail, mend: Fail) -> None:
    app()
    screen = ask(app, next(entries("typed")))
    fail("save_draft")
    field = f"{asked(screen).answer_id}-text"
    screen.text_area(key=field).set_value("Half an answer").run()
    assert len(_told(screen)) == 1 and screen.text_area(key=field).value == "Half an answer"
    screen.text_area(key=field).set_value("A whole answer")
    hand_in(screen)
    assert len(_told(screen)) == 1 and "A whole answer" in texts(screen), "also if she goes on with the same click"
    mend("save_draft")
    press(screen, "rate-good")
    assert not _told(screen) and reviews()[0].answered["text"] == "A whole answer"  # type: ignore[index]  # is there


def test_what_fails_while_the_screen_is_drawn_follows_what_is_there(app: Open, fail: Fail, mend: Fail) -> None:
    app()
    screen = ask(app, next(entries("typed")))
    clock = f"{asked(screen).answer_id}-clock"
    screen.button_group(key=clock).set_value("60 s").run()
    fail("card")
    screen.run()
    assert len(_told(screen)) == 1
    assert any(each.value.startswith("Quiz · ") for each in screen.markdown), "what came before stays"
    assert clock not in [each.key for each in screen.button_group]
    press(screen, "store-again")
    assert len(_told(screen)) == 1
    mend("card")
    press(screen, "store-again")
    assert not _told(screen) and screen.button_group(key=clock).value == "60 s", "what came after is as she left it"


def test_what_fails_in_a_fragment_is_told_in_its_place(app: Open, fail: Fail, mend: Fail) -> None:
    question = next(entry for entry in catalogue.entries().values() if entry.is_question)
    screen = app(question.path)
    fail("card")
    screen.run()
    assert len(_told(screen)) == 1 and screen.title[0].value == question.question.meta.title
    mend("card")
    screen.run()
    assert not _told(screen) and "Think first." in texts(screen)


def test_an_experiment_can_be_predicted_again_when_the_store_can_be_read(app: Open, fail: Fail, mend: Fail) -> None:
    screen = app("lab-strategies")
    fail("predictions")
    screen.radio[0].set_value("holds").run()
    assert len(_told(screen)) == 1 and "run:strategies" not in [each.key for each in screen.button]
    mend("predictions")
    press(screen, "store-again:_trial")
    assert not _told(screen) and not screen.button(key="run:strategies").disabled


def test_an_interview_goes_on_though_its_clock_cannot_be_noted(app: Open, clock: Clock, fail: Fail, mend: Fail) -> None:
    screen = begin(app)
    step = open_step(screen)
    clock.pass_by(seconds=30)
    fail("save_interview")
    screen.run()
    assert len(_told(screen)) == 1 and screen.text_area(key=key(screen, step, "text")).value == ""
    screen.text_area(key=key(screen, step, "text")).set_value("An answer").run()
    press(screen, key(screen, step, "check"))
    assert _told(screen) and open_step(screen) == step
    mend("save_interview")
    say(screen, "An answer")
    assert not _told(screen) and stored(screen).steps[0].answer == {"text": "An answer", "ticks": []}


def test_a_tick_of_the_report_that_cannot_be_kept_is_kept_later(app: Open, fail: Fail, mend: Fail) -> None:
    screen = begin(app)
    say(screen, "An answer in my own words")
    end(screen)
    fail("save_interview")
    screen.checkbox(key=f"report-{identity(screen)}-1-tick-0").check().run()
    assert len(_told(screen)) == 1
    mend("save_interview")
    press(screen, "store-again")
    found = interviews.find(identity(screen))
    assert not _told(screen) and found is not None and found.ticks == {1: [0]}


def test_other_errors_are_left_to_streamlit() -> None:
    assert not trouble.in_callback_or_fragment(ValueError("a mistake of ours"))


def test_the_title_of_home_does_not_wait_for_the_store(app: Open, fail: Fail) -> None:
    app()
    fail("cards")
    home = app()
    assert [title.value for title in home.title] == ["Be ready for the transfer-learning interview"]
    assert len(_told(home)) == 1
