"""Suspend, bury, note, reset: none is an answer, none loses one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from study.cards import Card
from study.scheduling import Rating, Scheduler
from study.store import StaleCard, Store

SCHEDULER = Scheduler()
Touch = Callable[[Store, datetime], Card]

TOUCHES: dict[str, Touch] = {
    "suspend": lambda store, now: store.suspend("q1", True, now),
    "bury": lambda store, now: store.bury("q1", now + timedelta(days=1), now),
    "note": lambda store, now: store.set_note("q1", "mind the BatchNorm", now),
    "reset": lambda store, now: store.reset("q1", now),
}


def _answer(store: Store, now: datetime, answer_id: str, version: int, rating: Rating = Rating.GOOD) -> Card:
    return store.answer(
        "q1",
        rating,
        now,
        answer_id=answer_id,
        expected_version=version,
        duration_seconds=1.0,
        scheduler=SCHEDULER,
        answered={"id": answer_id},
        kind="recall",
    )


@pytest.mark.parametrize("name", TOUCHES)
def test_each_makes_the_card_if_there_was_none_and_counts_as_no_answer(store: Store, now: datetime, name: str) -> None:
    card = TOUCHES[name](store, now)
    assert card == store.card("q1")
    assert (card.is_new, card.version, card.asked_for, card.added_at) == (True, 0, False, now)
    assert card.memory == SCHEDULER.new_memory(now)
    assert (store.reviews(), store.introduced_since(now)) == ([], 0)
    with pytest.raises(ValueError, match="no time zone"):
        TOUCHES[name](store, now.replace(tzinfo=None))


@pytest.mark.parametrize("name", ["suspend", "bury", "note"])
def test_an_answer_given_to_the_card_as_it_was_before_still_counts(store: Store, now: datetime, name: str) -> None:
    """The other tab had it on the table already."""
    first = _answer(store, now, "a1", 0)
    touched = TOUCHES[name](store, now)
    assert (touched.memory, touched.reviews, touched.version) == (first.memory, 1, 1)
    second = _answer(store, now + timedelta(minutes=10), "a2", first.version)
    assert second.memory == SCHEDULER.review(first.memory, Rating.GOOD, now + timedelta(minutes=10))
    assert (second.suspended, second.buried_until, second.note) == (
        touched.suspended,
        touched.buried_until,
        touched.note,
    )
    assert store.undo_last(now) is not None
    undone = store.card("q1")
    assert undone is not None
    assert (undone.memory, undone.note, undone.suspended) == (first.memory, touched.note, touched.suspended)


def test_each_can_be_taken_back(store: Store, now: datetime) -> None:
    plain = _answer(store, now, "a1", 0)
    store.suspend("q1", True, now)
    store.bury("q1", now + timedelta(days=1), now)
    touched = store.set_note("q1", "x" * 5000, now)
    assert (touched.suspended, touched.buried_until, touched.note) == (True, now + timedelta(days=1), "x" * 5000)
    store.suspend("q1", False, now)
    store.bury("q1", None, now)
    assert store.set_note("q1", "", now) == plain


@pytest.mark.parametrize(
    ("suspended", "buried_days", "held"),
    [(False, None, False), (True, None, True), (False, 1, True), (False, 0, False)],
)
def test_held_back(store: Store, now: datetime, suspended: bool, buried_days: int | None, held: bool) -> None:
    store.suspend("q1", suspended, now)
    card = store.bury("q1", None if buried_days is None else now + timedelta(days=buried_days), now)
    assert card.held_back(now) is held
    assert card.held_back(now + timedelta(days=1)) is suspended


def test_adding_a_card_that_has_only_a_note_asks_for_it(store: Store, now: datetime) -> None:
    noted = store.set_note("q1", "hm", now)
    added = store.add("q1", now + timedelta(days=1))
    assert (noted.asked_for, added.asked_for) == (False, True)
    assert (added.added_at, added.note, added.version) == (now, "hm", 0)


def test_reset_makes_the_memory_new_and_keeps_the_log(store: Store, now: datetime) -> None:
    store.set_note("q1", "hm", now)
    _answer(store, now, "a1", 0)
    _answer(store, now + timedelta(days=2), "a2", 1)
    later = now + timedelta(days=3)
    card = store.reset("q1", later)
    assert (card.is_new, card.reviews, card.version, card.note, card.asked_for) == (True, 0, 3, "hm", False)
    assert card.memory == SCHEDULER.new_memory(later)
    assert [review.answer_id for review in store.reviews()] == ["a1", "a2"]
    assert store.reset("q1", later + timedelta(days=1)) == card


def test_an_answer_to_the_card_before_the_reset_is_stale(store: Store, now: datetime) -> None:
    first = _answer(store, now, "a1", 0)
    reset = store.reset("q1", now)
    with pytest.raises(StaleCard) as caught:
        _answer(store, now, "a2", first.version)
    assert caught.value.card == reset
    again = _answer(store, now, "a3", reset.version)
    assert (again.reviews, again.memory) == (1, SCHEDULER.review(SCHEDULER.new_memory(now), Rating.GOOD, now))


def test_a_second_click_on_an_answer_from_before_the_reset_changes_nothing(store: Store, now: datetime) -> None:
    _answer(store, now, "a1", 0)
    reset = store.reset("q1", now)
    assert _answer(store, now, "a1", 0) == reset


def test_undo_of_an_answer_from_before_the_reset_leaves_the_memory_new(store: Store, now: datetime) -> None:
    _answer(store, now, "a1", 0)
    _answer(store, now + timedelta(days=2), "a2", 1, Rating.EASY)
    reset = store.reset("q1", now + timedelta(days=3))
    taken = store.undo_last(now + timedelta(days=3))
    assert taken is not None
    assert taken.answer_id == "a2"
    assert store.card("q1") == reset  # the version too: an answer to it is not stale
    assert [review.answer_id for review in store.reviews()] == ["a1"]
    after = _answer(store, now + timedelta(days=4), "a3", reset.version)
    assert (after.reviews, after.version) == (1, reset.version + 1)


def test_undo_goes_back_through_a_reset_without_reviving_what_it_forgot(store: Store, now: datetime) -> None:
    """Answer, reset, answer, answer, undo three times: new after the second undo, and still new after the third."""
    _answer(store, now, "a1", 0, Rating.EASY)
    reset = store.reset("q1", now + timedelta(days=1))
    first = _answer(store, now + timedelta(days=2), "a2", reset.version)
    _answer(store, now + timedelta(days=3), "a3", first.version)
    states = []
    for _ in range(4):
        taken = store.undo_last(now + timedelta(days=4))
        card = store.card("q1")
        assert card is not None
        states.append((taken and taken.answer_id, card.memory, card.reviews))
    new = SCHEDULER.new_memory(now + timedelta(days=1))
    assert states == [("a3", first.memory, 1), ("a2", new, 0), ("a1", new, 0), (None, new, 0)]


def test_a_first_answer_after_a_reset_is_introduced_again_and_predicts_nothing(store: Store, now: datetime) -> None:
    _answer(store, now - timedelta(days=5), "a1", 0)
    version = store.reset("q1", now).version
    assert store.introduced_since(now) == 0
    _answer(store, now, "a2", version)
    assert store.introduced_since(now) == 1
    assert store.reviews()[-1].retrievability is None


def test_a_reset_forgets_one_learners_card_only(store: Store, now: datetime) -> None:
    for learner in ("ada", "bob"):
        for item in ("q1", "q2"):
            store.answer(
                item,
                Rating.EASY,
                now,
                answer_id=f"{item}",
                expected_version=0,
                duration_seconds=1,
                scheduler=SCHEDULER,
                learner=learner,
            )
    store.reset("q1", now, learner="ada")
    assert [card.is_new for card in store.cards(learner="ada")] == [True, False]
    assert [card.is_new for card in store.cards(learner="bob")] == [False, False]
    store.undo_last(now, learner="ada")
    assert [card.is_new for card in store.cards(learner="ada")] == [True, True]
    store.undo_last(now, learner="bob")
    store.undo_last(now, learner="bob")
    assert [card.is_new for card in store.cards(learner="bob")] == [True, True]


def test_what_was_answered_is_in_the_log(store: Store, file: object, now: datetime) -> None:
    _answer(store, now, "a1", 0)
    store.answer("q2", Rating.AGAIN, now, answer_id="a2", expected_version=0, duration_seconds=1, scheduler=SCHEDULER)
    # A second click with another answer keeps the first one.
    store.answer(
        "q1",
        Rating.AGAIN,
        now,
        answer_id="a1",
        expected_version=0,
        duration_seconds=1,
        scheduler=SCHEDULER,
        answered={"chosen": [1]},
        kind="choice",
    )
    assert [(review.answered, review.kind) for review in store.reviews()] == [({"id": "a1"}, "recall"), (None, None)]
    assert [review.answer_id for review in store.reviews(item_id="q2")] == ["a2"]
    taken = store.undo_last(now)
    assert taken is not None
    assert (taken.answer_id, taken.answered) == ("a2", None)


def test_what_json_cannot_hold_is_refused_and_the_answer_not_counted(store: Store, now: datetime) -> None:
    with pytest.raises(TypeError):
        store.answer(
            "q1",
            Rating.GOOD,
            now,
            answer_id="a1",
            expected_version=0,
            duration_seconds=1,
            scheduler=SCHEDULER,
            answered={"chosen": {1, 2}},
        )
    assert (store.reviews(), store.card("q1")) == ([], None)
