"""What can be done around a card in the quiz: take an answer back, narrow what is asked, note, put off, suspend."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from content.items import Typed
from study.scheduling import Rating
from tests.screen.interview_steps import Clock
from tests.screen.screens import (
    Open,
    ask,
    asked,
    choice,
    entries,
    go,
    hand_in,
    is_rated,
    one_right,
    press,
    reviews,
    suggested,
    texts,
)
from ui import asking, catalogue, services
from ui.catalogue import Kind

pytestmark = pytest.mark.usefixtures("app", "desk")


def _menu(screen: AppTest, action: str) -> AppTest:
    """Press one of the buttons behind the three dots of the card on the table."""
    return press(screen, f"{action}-{asked(screen).answer_id}")


def test_undo_lays_the_card_with_its_back_up(app: Open) -> None:
    app()
    entry = one_right()
    item, screen = choice(entry), ask(app, entry)
    wrong = next(index for index, option in enumerate(item.options) if not option.right)
    screen.radio[0].set_value(wrong).run()
    hand_in(screen)
    first, before = asked(screen), texts(screen)
    press(screen, "rate-again")
    assert len(reviews()) == 1
    press(screen, "undo")
    assert reviews() == []
    again = asked(screen)
    assert again.item_id == entry.item_id and again.answer_id != first.answer_id
    assert again.answered == first.answered
    assert screen.error[0].value == "Not this one."
    assert suggested(screen) == "again"
    assert texts(screen) == before, "the reasons stand in the same order, and the choice is marked"
    press(screen, "rate-hard")
    assert [(review.rating, review.answered) for review in reviews()] == [(Rating.HARD, first.answered)]


def test_undo_brings_the_ticks_back(app: Open) -> None:
    app()
    entry = next(entries("typed"))
    assert isinstance(entry.item, Typed)
    screen = ask(app, entry)
    screen.text_area(key=f"{asked(screen).answer_id}-text").set_value("My words").run()
    hand_in(screen)
    screen.checkbox(key=f"{asked(screen).answer_id}-tick-1").check().run()
    press(screen, "rate-good")
    press(screen, "undo")
    ticks = [
        screen.checkbox(key=f"{asked(screen).answer_id}-tick-{i}").value for i in range(len(entry.item.key_points))
    ]
    assert ticks == [index == 1 for index in range(len(ticks))]
    assert "My words" in texts(screen)


@pytest.mark.parametrize("kind", ["choice", "typed", "bug", "case", "computed"])
def test_only_the_chosen_kind_is_asked(app: Open, kind: Kind) -> None:
    quiz = app("quiz")
    quiz.button_group(key="quiz-kinds").set_value([kind]).run()
    assert not quiz.exception
    for _ in range(3):
        assert catalogue.entry(asked(quiz).item_id).kind == kind
        hand_in(quiz, "unknown")
        press(quiz, "rate-easy")


def test_only_the_chosen_question_is_asked(app: Open) -> None:
    quiz = app("quiz")
    group = [entry.item_id for entry in catalogue.entries().values() if entry.is_question][3]
    quiz.button_group(key="quiz-questions").set_value([group]).run()
    assert asked(quiz).item_id == group
    quiz.button_group(key="quiz-kinds").set_value(["typed"]).run()
    assert catalogue.group_of(asked(quiz).item_id) == group
    assert catalogue.entry(asked(quiz).item_id).kind == "typed"


def test_the_filter_survives_a_change_of_screen(app: Open) -> None:
    quiz = app("quiz")
    quiz.button_group(key="quiz-kinds").set_value(["bug"]).run()
    go(quiz, "progress")
    go(quiz, "quiz")
    assert quiz.button_group(key="quiz-kinds").value == ["bug"]
    assert catalogue.entry(asked(quiz).item_id).kind == "bug"


def test_narrowing_does_not_take_away_a_card_whose_back_is_up(app: Open) -> None:
    quiz = press(app("quiz"), "quiz-reveal")
    shown = asked(quiz).item_id
    quiz.button_group(key="quiz-kinds").set_value(["bug"]).run()
    assert asked(quiz).item_id == shown and is_rated(quiz)


def test_a_note_is_kept_and_found(app: Open) -> None:
    app()
    entry = one_right()
    screen = ask(app, entry)
    screen.text_area(key=f"note-{asked(screen).answer_id}").set_value("Ask about LP-FT").run()
    card = services.store().card(entry.item_id)
    assert card is not None and card.note == "Ask about LP-FT" and card.is_new
    cards = app("cards")
    cards.text_input(key="cards-words").set_value("lp-ft ask").run()
    assert [button.key for button in cards.button if button.label == "Ask me"] == [f"ask-{entry.item_id}"]


def test_not_today_asks_another_card_and_comes_back_tomorrow(app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    quiz = app("quiz")
    first = asked(quiz).item_id
    _menu(quiz, "bury")
    assert asked(quiz).item_id != first
    card = services.store().card(first)
    now = services.now()
    assert card is not None and card.held_back(now) and not card.suspended
    assert card.buried_until is not None and now < card.buried_until <= now + timedelta(days=1)
    assert reviews() == []
    monkeypatch.setattr(services, "now", lambda: now + timedelta(days=1, hours=1))
    assert asked(app("quiz")).item_id == first


def test_suspend_and_resume(app: Open) -> None:
    quiz = app("quiz")
    first = asked(quiz).item_id
    _menu(quiz, "suspend")
    assert asked(quiz).item_id != first
    card = services.store().card(first)
    assert card is not None and card.suspended
    assert asked(app("quiz")).item_id != first
    cards = app("cards")
    cards.button_group(key="cards-state").set_value("Suspended").run()
    press(cards, f"resume-row-{first}")
    assert asked(app("quiz")).item_id == first


def test_start_again_as_new_keeps_the_log(app: Open) -> None:
    quiz = press(press(app("quiz"), "quiz-reveal"), "rate-easy")
    item_id = reviews()[0].item_id
    cards = app("cards")
    cards.button_group(key="cards-state").set_value("In memory").run()
    press(cards, f"reset-row-{item_id}")
    card = services.store().card(item_id)
    assert card is not None and card.is_new
    assert len(reviews()) == 1
    assert quiz.title.values == []


def test_an_exercise_is_asked_only_once_it_was_added(app: Open) -> None:
    app()
    assert not any(catalogue.entry(item_id).kind == "exercise" for item_id in catalogue.introduced())
    quiz = app("quiz")
    quiz.button_group(key="quiz-kinds").set_value(["exercise"]).run()
    assert quiz.title[0].value == "Nothing to ask right now"
    entry = next(entries("exercise"))
    services.store().add(entry.item_id, services.now())
    quiz.run()
    assert asked(quiz).item_id == entry.item_id
    press(quiz, f"{asked(quiz).answer_id}-give-up")
    assert suggested(quiz) == "again"
    press(quiz, "rate-again")
    assert [(review.kind, review.answered) for review in reviews()] == [
        ("exercise", {"right": False, "score": 0.0, "tests": []})
    ]


def test_time_away_from_the_screen_is_not_time_spent(app: Open, clock: Clock) -> None:
    quiz = app("quiz")
    clock.pass_by(hours=8)
    press(press(quiz, "quiz-reveal"), "rate-good")
    assert reviews()[0].duration_seconds == asking.LONGEST.total_seconds()


def test_undo_keeps_the_time_that_the_answer_took(app: Open, clock: Clock) -> None:
    quiz = app("quiz")
    clock.pass_by(seconds=30)
    press(press(quiz, "quiz-reveal"), "rate-good")
    press(quiz, "undo")
    clock.pass_by(seconds=5)
    press(quiz, "rate-hard")
    assert [review.duration_seconds for review in reviews()] == [35]


@pytest.mark.parametrize("action", ["bury", "suspend", "reset"])
def test_what_is_done_on_the_screen_of_cards_takes_the_card_from_the_table(app: Open, action: str) -> None:
    app()
    entry = one_right()
    screen = ask(app, entry)
    hand_in(screen, "unknown")
    press(screen, "rate-easy")
    go(screen, "cards")
    screen.text_input(key="cards-words").set_value(entry.heading).run()
    screen.button(key=f"ask-{entry.item_id}").click().run()
    go(screen, "cards")
    screen.text_input(key="cards-words").set_value(entry.heading).run()
    press(screen, f"{action}-row-{entry.item_id}")
    go(screen, "quiz")
    assert asked(screen).item_id != entry.item_id


def test_a_card_that_another_tab_has_answered_is_not_asked_again(app: Open) -> None:
    first, second = app("quiz"), app("quiz")
    shown = asked(second).item_id
    assert asked(first).item_id == shown
    press(press(first, "quiz-reveal"), "rate-easy")
    second.run()
    assert asked(second).item_id != shown
    assert second.warning[0].value.startswith("The card that lay here was answered or changed elsewhere")


def test_a_note_does_not_put_an_exercise_into_the_reviews(app: Open) -> None:
    app()
    entry = next(entries("exercise"))
    services.store().set_note(entry.item_id, "look at buffers", services.now())
    quiz = app("quiz")
    quiz.button_group(key="quiz-kinds").set_value(["exercise"]).run()
    assert quiz.title[0].value == "Nothing to ask right now"
    assert "Of what you have chosen, nothing is due" in texts(quiz)
    page = app("exercises", exercise=entry.item_id.rpartition("/")[2])
    press(page, f"exercise-{entry.item_id.rpartition('/')[2]}-add")
    quiz.run()
    assert asked(quiz).item_id == entry.item_id


def test_the_next_day_is_another_session(app: Open, clock: Clock) -> None:
    quiz = app("quiz")
    press(press(quiz, "quiz-reveal"), "rate-good")
    assert [button.key for button in quiz.button if button.key == "undo"] == ["undo"]
    clock.pass_by(days=1)
    quiz.run()
    assert not [button for button in quiz.button if button.key == "undo"]
