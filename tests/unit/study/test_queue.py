"""What is asked next: order, limits, waiting cards."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from study.days import day_start
from study.queue import Card, Queue, plan
from study.scheduling import Memory, Rating, Scheduler

SCHEDULER = Scheduler()
CATALOGUE = [f"q{number}" for number in range(10)]


def _fresh(item: str, at: datetime, card_id: int = 1) -> Card:
    return Card(card_id, item, SCHEDULER.new_memory(at), at, 0, 0)


def _learning(item: str, due: datetime, card_id: int = 1) -> Card:
    return Card(card_id, item, Memory("learning", 1, 2.0, 5.0, due, due - timedelta(minutes=10)), due, 1, 1)


def _review(item: str, due: datetime, days: float, card_id: int = 1) -> Card:
    return Card(card_id, item, Memory("review", None, days, 5.0, due, due - timedelta(days=days)), due, 3, 3)


def _plan(cards: list[Card], now: datetime, per_day: int = 0, introduced: int = 0) -> Queue:
    return plan(cards, CATALOGUE, now, per_day, introduced)


def test_learning_steps_come_before_reviews_and_new_ones_last(now: datetime) -> None:
    past = now - timedelta(minutes=1)
    cards = [_review("q0", past, 30), _learning("q1", past), _fresh("q2", past)]
    queue = _plan(cards, now, per_day=2)
    assert queue.due == ("q1", "q0")
    assert queue.new == ("q2", "q3")
    assert queue.next == "q1"


def test_learning_steps_by_time_and_relearning_is_one(now: datetime) -> None:
    relearning = Card(3, "q3", Memory("relearning", 0, 2.0, 5.0, now - timedelta(minutes=3), now), now, 4, 4)
    cards = [_learning("q1", now), _learning("q2", now - timedelta(minutes=5)), relearning]
    assert _plan(cards, now).due == ("q2", "q3", "q1")


def test_reviews_by_chance_of_recall_then_by_time(now: datetime) -> None:
    """A young card two days late has lost more than an old one five days late."""
    old = _review("q1", now - timedelta(days=5), 300)
    young = _review("q2", now - timedelta(days=2), 1)
    tie_later, tie_sooner = _review("q3", now, 10), _review("q4", now - timedelta(hours=1), 10)
    queue = _plan([old, young, tie_later, tie_sooner], now)
    recall = {card.item_id: SCHEDULER.retrievability(card.memory, now) for card in (old, young, tie_later, tie_sooner)}
    assert recall["q2"] < recall["q1"]
    assert recall["q3"] == recall["q4"]
    assert [recall[item] for item in queue.due] == sorted(recall.values())
    assert queue.due.index("q4") == queue.due.index("q3") - 1
    assert _plan([tie_sooner, young, tie_later, old], now).due == queue.due


def test_a_review_is_due_from_its_moment_on_not_before(now: datetime) -> None:
    card = _review("q0", now, 4)
    assert _plan([card], now - timedelta(microseconds=1)).due == ()
    assert _plan([card], now).due == ("q0",)


@pytest.mark.parametrize(("per_day", "introduced", "new"), [(3, 0, 3), (3, 2, 1), (3, 3, 0), (3, 9, 0), (0, 0, 0)])
def test_new_items_are_limited_by_what_is_left_today(now: datetime, per_day: int, introduced: int, new: int) -> None:
    assert _plan([], now, per_day, introduced).new == tuple(CATALOGUE[:new])


def test_own_cards_come_first_oldest_first_and_pass_the_limit(now: datetime) -> None:
    cards = [_fresh("q7", now), _fresh("q9", now - timedelta(days=2)), _fresh("q5", now - timedelta(days=1))]
    assert _plan(cards, now, per_day=0).new == ("q9", "q5", "q7")
    assert _plan(cards, now, per_day=2).new == ("q9", "q5", "q7")
    assert _plan(cards, now, per_day=4).new == ("q9", "q5", "q7", "q0")


def test_answering_a_new_card_takes_exactly_one_from_the_queue(now: datetime) -> None:
    """Own cards use up the limit, so that the number on the screen counts down by one."""
    own = _fresh("q7", now)
    before = _plan([own], now, per_day=3, introduced=0)
    after = _plan([_learning("q7", now + timedelta(minutes=10))], now, per_day=3, introduced=1)
    assert after.new == before.new[1:]


def test_items_that_left_the_catalogue_are_left_out(now: datetime) -> None:
    past = now - timedelta(days=1)
    cards = [_learning("gone", past), _review("gone2", past, 3), _fresh("gone3", past), _learning("gone4", now)]
    assert _plan(cards, now) == Queue((), (), (), None)


def test_a_catalogue_that_names_an_item_twice_asks_it_once(now: datetime) -> None:
    assert plan([], ["a", "b", "a"], now, 5, 0).new == ("a", "b")


def test_waiting_cards_are_those_due_within_the_hour(now: datetime) -> None:
    soon, late = now + timedelta(minutes=60), now + timedelta(minutes=60, seconds=1)
    sooner = now + timedelta(seconds=1)
    cards = [_learning("q1", soon), _learning("q2", late), _learning("q3", sooner), _review("q4", soon, 3)]
    assert _plan(cards, now).waiting == (("q3", sooner), ("q1", soon))


def test_a_waiting_card_is_taken_early_only_if_nothing_else_is_left(now: datetime) -> None:
    waiting = _learning("q1", now + timedelta(minutes=20))
    assert _plan([waiting], now).next == "q1"
    assert _plan([waiting], now, per_day=1).next == "q0"
    assert _plan([waiting, _review("q2", now, 3)], now).next == "q2"
    assert _plan([_learning("q1", now + timedelta(minutes=20, seconds=1))], now).next is None


def test_next_is_none_when_there_is_nothing(now: datetime) -> None:
    assert _plan([], now).next is None


def test_a_naive_moment_is_refused(now: datetime) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        _plan([], now.replace(tzinfo=None))


def test_following_the_queue_asks_everything_and_never_more_new_ones_than_allowed(now: datetime) -> None:
    """A month of study by the queue alone: at most 2 new a day, all ten introduced, nothing asked before its time."""
    rng = random.Random(5)
    cards: dict[str, Card] = {}
    for day in range(30):
        moment, introduced = now + timedelta(days=day), 0
        while (item := _plan(list(cards.values()), moment, per_day=2, introduced=introduced).next) is not None:
            card = cards.get(item) or Card(len(cards), item, SCHEDULER.new_memory(moment), moment, 0, 0)
            introduced += card.is_new
            assert card.is_new or card.memory.due <= moment + timedelta(minutes=20)
            memory = SCHEDULER.review(card.memory, rng.choice([Rating.AGAIN, Rating.GOOD, Rating.EASY]), moment)
            cards[item] = Card(card.id, item, memory, card.added_at, card.reviews + 1, card.version + 1)
            moment += timedelta(minutes=1)
        assert introduced <= 2
    assert list(cards) == CATALOGUE


def test_suspended_and_buried_cards_are_not_asked_in_any_way(now: datetime) -> None:
    """Due, waiting and new ones; a buried one is from its moment on. None takes a place among the new ones."""
    past = now - timedelta(days=1)
    cards = [
        _review("q0", past, 3),
        _learning("q1", past),
        _learning("q2", now + timedelta(minutes=5)),
        _fresh("q3", past),
    ]
    assert _plan(cards, now, per_day=1).due == ("q1", "q0")
    suspended = [replace(card, suspended=True) for card in cards]
    assert _plan(suspended, now, per_day=2) == Queue((), ("q4", "q5"), (), "q4")
    until = now + timedelta(minutes=3)
    buried = [replace(card, buried_until=until) for card in cards]
    assert _plan(buried, now, per_day=2) == Queue((), ("q4", "q5"), (), "q4")
    assert _plan(buried, until, per_day=2) == _plan(cards, until, per_day=2)


def test_a_card_with_only_a_note_waits_in_its_place_in_the_catalogue(now: datetime) -> None:
    noted = replace(_fresh("q1", now), note="hm", asked_for=False)
    own = _fresh("q9", now)
    assert _plan([noted, own], now, per_day=3).new == ("q9", "q0", "q1")
    assert _plan([noted, own], now, per_day=2).new == ("q9", "q0")
    assert _plan([replace(noted, suspended=True), own], now, per_day=3).new == ("q9", "q0", "q2")


def test_the_catalogue_is_the_filter(now: datetime) -> None:
    cards = [_review("q0", now, 3), _learning("q1", now), _fresh("q2", now)]
    assert plan(cards, ["q0", "q5"], now, 9, 0) == Queue(("q0",), ("q5",), (), "q0")


def test_what_the_interview_pulls_forward_is_asked_after_what_is_due(now: datetime) -> None:
    """One of four far cards a day with four days left; the one that is remembered worst at the interview first."""
    scheduler = Scheduler(deadline=day_start(now, UTC) + timedelta(days=4))
    far = [_review(f"q{number}", now + timedelta(days=100 + number), 90.0 - number, number) for number in range(4)]
    far = [replace(card, memory=replace(card.memory, last_review=now - timedelta(days=9))) for card in far]
    cards = [*far, _review("q8", now, 5)]
    queue = plan(cards, CATALOGUE, now, 1, 0, scheduler)
    assert (queue.due, queue.pulled, queue.new, queue.next) == (("q8", "q3"), ("q3",), ("q4",), "q8")
    assert plan(cards, CATALOGUE, now, 0, 0, scheduler, pulled_today=1).due == ("q8", "q3")
    assert plan(far[:3], CATALOGUE, now, 0, 0, scheduler, pulled_today=1).due == ()
    assert plan(cards, CATALOGUE, now, 0, 0).due == ("q8",)
