"""Every kind of card in the quiz: it is asked, explained and rated, and only a real answer counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from content.exercises import Exercise
from content.items import Case, Typed
from content.schema import FollowUp, Question
from study.grading import choices
from study.scheduling import Rating
from tests.screen.screens import (
    NAMES,
    FakeDesk,
    Open,
    ask,
    asked,
    bug,
    choice,
    entries,
    hand_in,
    is_rated,
    one_right,
    press,
    reviews,
    several_right,
    suggested,
    texts,
)
from ui import services
from ui.catalogue import KINDS, Entry, Kind

pytestmark = pytest.mark.usefixtures("app", "desk")


def _recall(screen: AppTest, entry: Entry) -> list[str]:
    press(screen, "quiz-reveal")
    assert isinstance(entry.item, Question | FollowUp)
    return [entry.item.answer]


def _choice(screen: AppTest, entry: Entry) -> list[str]:
    item = choice(entry)
    screen.radio[0].set_value(next(index for index, option in enumerate(item.options) if option.right)).run()
    hand_in(screen)
    assert screen.success[0].value == "Right."
    return [option.because for option in item.options]


def _computed(screen: AppTest, entry: Entry) -> list[str]:
    screen.text_input[0].set_value("55").run()
    hand_in(screen)
    return ["10 · 5 = 50 weights", "You wrote: 55"]


def _typed(screen: AppTest, entry: Entry) -> list[str]:
    assert isinstance(entry.item, Typed)
    screen.text_area(key=f"{asked(screen).answer_id}-text").set_value("What I think of it.").run()
    hand_in(screen)
    return ["What I think of it.", entry.item.model_answer]


def _bug(screen: AppTest, entry: Entry) -> list[str]:
    item = bug(entry)
    screen.selectbox[0].set_value(item.line).run()
    screen.radio[0].set_value(next(index for index, reason in enumerate(item.reasons) if reason.right)).run()
    hand_in(screen)
    assert screen.success[0].value == f"Right: the mistake is in line {item.line}, and for this reason."
    return [item.fix, item.explanation, *(reason.because for reason in item.reasons)]


def _case(screen: AppTest, entry: Entry) -> list[str]:
    assert isinstance(entry.item, Case)
    hand_in(screen)
    return [entry.item.check_first, entry.item.discussion]


def _exercise(screen: AppTest, entry: Entry) -> list[str]:
    assert isinstance(entry.item, Exercise)
    press(screen, f"{asked(screen).answer_id}-run")
    return [entry.item.solution, entry.item.meta.explanation, "it halves"]


ANSWER: dict[Kind, Callable[[AppTest, Entry], list[str]]] = {
    "recall": _recall,
    "choice": _choice,
    "computed": _computed,
    "typed": _typed,
    "bug": _bug,
    "case": _case,
    "exercise": _exercise,
}
"""Answers a card rightly; returns what its back must say."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_is_asked_explained_and_rated(app: Open, kind: Kind) -> None:
    app()
    entry = one_right() if kind == "choice" else next(entries(kind))
    screen = ask(app, entry)
    front = texts(screen)
    assert not is_rated(screen)
    expected = ANSWER[kind](screen, entry)
    for part in expected:
        assert part in texts(screen)
    assert not any(part in front for part in expected if len(part) > 20)
    assert reviews() == []
    press(screen, "rate-good")
    (review,) = reviews()
    assert (review.item_id, review.kind, review.rating) == (entry.item_id, kind, Rating.GOOD)
    assert review.answered is not None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("recall", "exercise")])
def test_an_honest_i_do_not_know_suggests_again(app: Open, kind: Kind) -> None:
    app()
    screen = ask(app, next(entries(kind)))
    hand_in(screen, "unknown")
    assert suggested(screen) == "again"
    press(screen, "rate-again")
    (review,) = reviews()
    assert review.answered is not None and review.answered["unknown"] is True


@pytest.mark.parametrize("kind", ["choice", "bug", "computed"])
def test_nothing_chosen_warns_and_counts_nothing(app: Open, kind: Kind) -> None:
    app()
    screen = ask(app, one_right() if kind == "choice" else next(entries(kind)))
    hand_in(screen)
    assert "first, or say that you don't know." in screen.warning[0].value
    assert not is_rated(screen)
    assert reviews() == []


@pytest.mark.parametrize("times", range(3))
def test_the_seed_keeps_the_order_of_the_options(app: Open, times: int) -> None:
    app()
    entry = one_right()
    item, screen = choice(entry), ask(app, entry)
    order = choices.order(len(item.options), asked(screen).seed)
    shown = [item.options[index].text for index in order]
    for _ in range(3):
        assert screen.radio[0].options == shown
        screen.run()
    screen.radio[0].set_value(order[times]).run()
    assert screen.radio[0].options == shown
    hand_in(screen)
    reasons = [each.value for each in screen.markdown if each.value in [option.because for option in item.options]]
    assert reasons == [item.options[index].because for index in order]
    press(screen, "rate-good")
    assert reviews()[0].answered == {
        "seed": reviews()[0].answered["seed"],  # type: ignore[index]  # it is there, or this fails
        "chosen": [order[times]],
        "right": item.options[order[times]].right,
        "score": float(item.options[order[times]].right),
    }


@pytest.mark.parametrize(
    ("rights", "wrongs", "words", "rating"),
    [
        (2, 0, "Right: exactly these.", "good"),
        (1, 0, "Not quite: 1 right one missed.", "hard"),
        (2, 1, "Not quite: 1 chosen that is wrong.", "hard"),
        (1, 1, "Not quite: 1 chosen that is wrong, 1 right one missed.", "again"),
        (0, 1, "Not quite: 1 chosen that is wrong, 2 right ones missed.", "again"),
    ],
)
def test_several_right_options(app: Open, rights: int, wrongs: int, words: str, rating: str) -> None:
    app()
    entry = several_right()
    screen = ask(app, entry)
    options = list(enumerate(choice(entry).options))
    chosen = [index for index, option in options if option.right][:rights]
    chosen += [index for index, option in options if not option.right][:wrongs]
    for index in chosen:
        screen.checkbox(key=f"{asked(screen).answer_id}-options-{index}").check().run()
    hand_in(screen)
    said = screen.success if words.startswith("Right") else screen.error
    assert said[0].value == words
    assert suggested(screen) == rating
    assert sum("your choice" in each.value for each in screen.markdown) == len(chosen)


def test_half_a_bug_is_hard(app: Open) -> None:
    app()
    entry = next(entries("bug"))
    item, screen = bug(entry), ask(app, entry)
    screen.selectbox[0].set_value(item.line).run()
    screen.radio[0].set_value(next(index for index, reason in enumerate(item.reasons) if not reason.right)).run()
    hand_in(screen)
    assert screen.error[0].value == f"The line is right ({item.line}), the reason is not."
    assert suggested(screen) == "hard"


def test_ticks_change_the_suggested_rating(app: Open) -> None:
    app()
    entry = next(entry for entry in entries("typed") if entry.item.level == "senior")  # type: ignore[union-attr]
    assert isinstance(entry.item, Typed)
    screen = ask(app, entry)
    hand_in(screen)
    found = [suggested(screen)]
    for index in range(len(entry.item.key_points)):
        screen.checkbox(key=f"{asked(screen).answer_id}-tick-{index}").check().run()
        found.append(suggested(screen))
    assert (found[0], found[-1]) == ("again", "easy")
    assert "hard" in found and found == sorted(found, key=("again", "hard", "good", "easy").index)
    press(screen, f"rate-{found[-1]}")
    answered = reviews()[0].answered
    assert answered is not None and answered["ticks"] == list(range(len(entry.item.key_points)))


def test_a_classic_reversal_is_pointed_out_and_not_marked(app: Open) -> None:
    app()
    entry = next(entries("typed"))
    assert isinstance(entry.item, Typed)
    reversal = entry.item.contradictions[0]
    screen = ask(app, entry)
    screen.text_area(key=f"{asked(screen).answer_id}-text").set_value(f"First this. {reversal.says}").run()
    hand_in(screen)
    flags = [warning.value for warning in screen.warning]
    assert any(reversal.says in flag and reversal.instead in flag for flag in flags)
    assert suggested(screen) == "again"
    assert not screen.error


def test_what_is_typed_is_kept_until_it_is_rated(app: Open) -> None:
    app()
    entry = next(entries("typed"))
    screen = ask(app, entry)
    screen.text_area(key=f"{asked(screen).answer_id}-text").set_value("Half a thought").run()
    again = ask(app, entry)
    field = again.text_area(key=f"{asked(again).answer_id}-text")
    assert field.value == "Half a thought"
    hand_in(again)
    press(again, "rate-hard")
    later = ask(app, entry)
    assert later.text_area(key=f"{asked(later).answer_id}-text").value == ""


@pytest.mark.parametrize("given", ["many", "5 5", "1/0", "nan"])
def test_an_unreadable_number_is_asked_again(app: Open, given: str) -> None:
    app()
    screen = ask(app, next(entries("computed")))
    screen.text_input[0].set_value(given).run()
    hand_in(screen)
    assert screen.warning and not is_rated(screen)
    screen.text_input[0].set_value("55 parameters").run()
    hand_in(screen)
    assert screen.success and suggested(screen) == "good"
    press(screen, "rate-good")
    assert [review.answered["given"] for review in reviews() if review.answered] == ["55 parameters"]


def test_a_known_slip_is_named(app: Open, desk: FakeDesk) -> None:
    app()
    screen = ask(app, next(entries("computed")))
    screen.text_input[0].set_value("50").run()
    hand_in(screen)
    assert "The bias was forgotten." in screen.error[0].value
    assert suggested(screen) == "again"
    assert desk.seeds == [asked(screen).seed], "drawn once for a visit"


@pytest.mark.parametrize(("ticked", "right"), [(["names-1"], True), (["names-0"], False), (["none"], False)])
def test_names_are_ticked(app: Open, desk: FakeDesk, ticked: list[str], right: bool) -> None:
    desk.drawn = NAMES
    app()
    screen = ask(app, next(entries("computed")))
    for name in ticked:
        screen.checkbox(key=f"{asked(screen).answer_id}-{name}").check().run()
    hand_in(screen)
    assert suggested(screen) == ("good" if right else "again")


def test_a_desk_that_fails_says_so_and_loses_nothing(app: Open, desk: FakeDesk) -> None:
    desk.error = "No answer within 30 s. Try again; the machine may be busy."
    app()
    screen = ask(app, next(entries("computed")))
    assert screen.error[0].value == f"The numbers cannot be worked out: {desk.error}"
    assert not is_rated(screen)
    desk.error = ""
    next(button for button in screen.button if button.label == "Try again").click().run()
    assert screen.text_input and not screen.error
    assert services.store().cards() == []
