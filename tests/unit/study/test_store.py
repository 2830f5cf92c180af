"""The store: every answer counts once, undo restores, nothing is lost."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from study.queue import Card
from study.scheduling import Rating, Scheduler
from study.store import StaleCard, Store

SCHEDULER = Scheduler()


def _answer(
    store: Store,
    item: str,
    now: datetime,
    answer_id: str,
    version: int,
    rating: Rating = Rating.GOOD,
    who: str = "local",
) -> Card:
    return store.answer(
        item,
        rating,
        now,
        answer_id=answer_id,
        expected_version=version,
        duration_seconds=2.5,
        scheduler=SCHEDULER,
        learner=who,
    )


def test_a_fresh_database_is_empty(store: Store, now: datetime) -> None:
    assert (store.cards(), store.reviews(), store.predictions(), store.lab_runs()) == ([], [], [], [])
    assert store.card("q1") is None
    assert store.undo_last(now) is None
    assert store.introduced_since(now) == 0


def test_add_is_idempotent_and_keeps_what_is_there(store: Store, now: datetime) -> None:
    added = store.add("q1", now)
    assert (added.is_new, added.version, added.added_at) == (True, 0, now)
    assert added.memory == SCHEDULER.new_memory(now)
    assert store.add("q1", now + timedelta(days=1)) == added
    answered = _answer(store, "q1", now, "a1", 0)
    assert store.add("q1", now + timedelta(days=1)) == answered
    assert store.cards() == [answered]


def test_an_answer_schedules_and_is_logged(store: Store, now: datetime) -> None:
    first = _answer(store, "q1", now, "a1", 0, Rating.EASY)
    memory = SCHEDULER.review(SCHEDULER.new_memory(now), Rating.EASY, now)
    assert (first.memory, first.reviews, first.version, first.is_new) == (memory, 1, 1, False)
    later = memory.due + timedelta(days=2)
    second = _answer(store, "q1", later, "a2", 1, Rating.HARD)
    assert second == store.card("q1")
    assert second.memory == SCHEDULER.review(memory, Rating.HARD, later)
    one, two = store.reviews()
    assert (one.answer_id, one.item_id, one.rating, one.reviewed_at) == ("a1", "q1", Rating.EASY, now)
    assert (one.before, one.after, one.retrievability) == (SCHEDULER.new_memory(now), memory, None)
    assert (two.before, two.after, two.duration_seconds) == (memory, second.memory, 2.5)
    assert two.retrievability == SCHEDULER.retrievability(memory, later)
    assert store.reviews(since=later) == [two]
    assert store.reviews(since=later + timedelta(microseconds=1)) == []


@pytest.mark.parametrize("rating", list(Rating))
def test_the_preview_is_what_the_answer_stores(store: Store, now: datetime, rating: Rating) -> None:
    card = store.add("q1", now)
    for step in range(4):
        moment = now + timedelta(days=9 * step)
        promised = SCHEDULER.preview(card.memory, moment)[rating]
        card = _answer(store, "q1", moment, f"a{step}", step, rating)
        assert card.memory.due == promised.due


def test_the_same_click_twice_counts_once(store: Store, now: datetime) -> None:
    once = _answer(store, "q1", now, "a1", 0)
    assert _answer(store, "q1", now + timedelta(seconds=1), "a1", 0, Rating.AGAIN) == once
    assert _answer(store, "q1", now + timedelta(seconds=1), "a1", 1) == once
    assert len(store.reviews()) == 1


def test_an_answer_taken_back_is_not_counted_by_a_late_second_click(store: Store, now: datetime) -> None:
    _answer(store, "q1", now, "a1", 0)
    store.undo_last(now)
    assert _answer(store, "q1", now, "a1", 0).is_new
    assert store.reviews() == []


def test_an_answer_id_belongs_to_one_item(store: Store, now: datetime) -> None:
    _answer(store, "q1", now, "a1", 0)
    store.add("q2", now)
    for item in ("q2", "q3"):
        with pytest.raises(ValueError, match="was given to 'q1'"):
            _answer(store, item, now, "a1", 0)
    assert store.card("q3") is None


@pytest.mark.parametrize("version", [0, 2])
def test_a_stale_version_changes_nothing_and_says_so(store: Store, now: datetime, version: int) -> None:
    current = _answer(store, "q1", now, "a1", 0)
    with pytest.raises(StaleCard, match="answered elsewhere") as caught:
        _answer(store, "q1", now, "a2", version)
    assert caught.value.card == store.card("q1") == current
    assert len(store.reviews()) == 1


def test_a_version_for_a_card_that_does_not_exist_is_stale(store: Store, now: datetime) -> None:
    with pytest.raises(StaleCard):
        _answer(store, "q1", now, "a1", 3)
    assert store.cards() == []


@pytest.mark.parametrize("duration", [-1, float("nan")])
def test_impossible_durations_are_refused(store: Store, now: datetime, duration: float) -> None:
    with pytest.raises(ValueError, match="duration_seconds"):
        store.answer(
            "q1", Rating.GOOD, now, answer_id="a", expected_version=0, duration_seconds=duration, scheduler=SCHEDULER
        )


def test_undo_restores_the_memory_and_makes_the_answer_stale(store: Store, now: datetime) -> None:
    first = _answer(store, "q1", now, "a1", 0)
    _answer(store, "q1", now + timedelta(minutes=10), "a2", 1, Rating.AGAIN)
    undone = store.undo_last(now + timedelta(minutes=11))
    assert undone is not None
    assert (undone.answer_id, undone.before) == ("a2", first.memory)
    card = store.card("q1")
    assert card is not None
    assert (card.memory, card.reviews, card.version) == (first.memory, 1, 3)
    assert [review.answer_id for review in store.reviews()] == ["a1"]
    with pytest.raises(StaleCard):
        _answer(store, "q1", now, "a3", 2)
    assert _answer(store, "q1", now + timedelta(minutes=12), "a4", 3).reviews == 2


def test_undo_of_a_first_answer_makes_the_card_never_answered(store: Store, now: datetime) -> None:
    _answer(store, "q1", now, "a1", 0)
    assert store.introduced_since(now) == 1
    assert store.undo_last(now) is not None
    card = store.card("q1")
    assert card is not None
    assert (card.is_new, card.memory) == (True, SCHEDULER.new_memory(now))
    assert store.introduced_since(now) == 0
    _answer(store, "q1", now, "a2", card.version)
    assert (store.introduced_since(now), store.reviews()[0].retrievability) == (1, None)


def test_undo_twice_takes_two_answers_back_newest_first(store: Store, now: datetime) -> None:
    """Also across cards; a third finds nothing."""
    _answer(store, "q1", now, "a1", 0)
    _answer(store, "q2", now + timedelta(seconds=5), "a2", 0)
    taken = [store.undo_last(now + timedelta(seconds=9)) for _ in range(3)]
    assert [review and review.item_id for review in taken] == ["q2", "q1", None]
    assert all(card.is_new for card in store.cards())


def test_undo_stops_at_since(store: Store, now: datetime) -> None:
    _answer(store, "q1", now, "a1", 0)
    assert store.undo_last(now, since=now + timedelta(microseconds=1)) is None
    assert len(store.reviews()) == 1
    assert store.undo_last(now, since=now) is not None


def test_undone_answers_stay_in_the_log(store: Store, file: Path, now: datetime) -> None:
    import sqlite3

    _answer(store, "q1", now, "a1", 0)
    store.undo_last(now)
    rows = sqlite3.connect(file).execute("SELECT answer_id, undone_at FROM reviews").fetchall()
    assert rows == [("a1", "2026-03-04 09:30:15.123456")]


@pytest.mark.parametrize("seed", range(5))
def test_cards_always_equal_the_replay_of_the_log(store: Store, now: datetime, seed: int) -> None:
    """Random answers and undos over three cards, each checked against a plain list."""
    rng = random.Random(seed)
    model: list[tuple[str, Rating, datetime]] = []
    moment = now
    for step in range(60):
        moment += rng.choice([timedelta(minutes=3), timedelta(days=2)])
        if rng.random() < 0.3:
            taken = store.undo_last(moment)
            assert (taken is None) == (not model)
            if model:
                model.pop()
        else:
            item, rating = rng.choice("abc"), rng.choice(list(Rating))
            card = store.card(item)
            _answer(store, item, moment, f"a{step}", card.version if card else 0, rating)
            model.append((item, rating, moment))
        assert [(review.item_id, review.rating, review.reviewed_at) for review in store.reviews()] == model
        for card in store.cards():
            memory = SCHEDULER.new_memory(card.added_at)
            answers = [entry for entry in model if entry[0] == card.item_id]
            for _, rating, at in answers:
                memory = SCHEDULER.review(memory, rating, at)
            assert (card.memory, card.reviews) == (memory, len(answers))


def test_introduced_counts_first_answers_of_the_day(store: Store, now: datetime) -> None:
    _answer(store, "q1", now - timedelta(days=1), "a1", 0)
    _answer(store, "q1", now, "a2", 1)
    _answer(store, "q2", now, "a3", 0)
    _answer(store, "q2", now, "a4", 1)
    store.add("q3", now)
    assert store.introduced_since(now) == 1
    assert store.introduced_since(now - timedelta(days=1)) == 2


def test_learners_do_not_see_each_other(store: Store, now: datetime) -> None:
    _answer(store, "q1", now, "a1", 0, Rating.EASY, who="ada")
    _answer(store, "q1", now, "a1", 0, Rating.AGAIN, who="bob")
    store.set_setting("pace", 3, learner="ada")
    store.log_run("lab", {}, 1.0, "holds", now, run_id="r", learner="ada")
    store.log_prediction("lab", {}, "holds", now, prediction_id="r", learner="ada")
    store.settle_prediction("r", "holds", now, learner="bob")
    assert [review.rating for review in store.reviews(learner="ada")] == [Rating.EASY]
    assert store.predictions(learner="ada")[0].outcome is None
    assert store.undo_last(now, learner="cy") is None
    assert store.undo_last(now, learner="bob") is not None
    assert store.introduced_since(now, learner="ada") == 1
    assert (store.cards(), store.reviews(), store.lab_runs(), store.predictions()) == ([], [], [], [])
    assert (store.setting("pace", 1, learner="bob"), store.setting("pace", 1, learner="ada")) == (1, 3)


def test_predictions_settle_once(store: Store, now: datetime) -> None:
    for predicted in ("holds", "changed"):
        store.log_prediction("strategies", {"steps": 300, "rate": 0.1}, predicted, now, prediction_id="p1")
    (open_one,) = store.predictions()
    assert (open_one.predicted, open_one.config, open_one.outcome) == ("holds", {"steps": 300, "rate": 0.1}, None)
    store.settle_prediction("p1", "does_not_hold", now + timedelta(seconds=9))
    store.settle_prediction("p1", "holds", now + timedelta(seconds=99))
    (settled,) = store.predictions()
    assert (settled.outcome, settled.settled_at) == ("does_not_hold", now + timedelta(seconds=9))


def test_settling_a_run_without_prediction_does_nothing(store: Store, now: datetime) -> None:
    store.settle_prediction("none", "holds", now)
    assert store.predictions() == []


def test_runs_are_logged_once(store: Store, now: datetime) -> None:
    for seconds in (4.5, 9.0):
        store.log_run("strategies", {"labels_per_class": 1}, seconds, "holds", now, run_id="r1")
    store.log_run("strategies", {}, 1.0, "cannot_tell", now, run_id="r2", measured={"lead": -1.5})
    assert [run.measured for run in store.lab_runs()] == [None, {"lead": -1.5}]
    assert [(run.run_id, run.seconds, run.finished_at) for run in store.lab_runs()] == [
        ("r1", 4.5, now),
        ("r2", 1.0, now),
    ]


@pytest.mark.parametrize("value", [None, False, 0, 0.1, "text", [1, {"a": None}], {}])
def test_settings_hold_any_json(store: Store, file: Path, value: object) -> None:
    assert store.setting("key", "default") == "default"
    store.set_setting("key", "before")
    store.set_setting("key", value)
    again = Store(f"sqlite:///{file}")
    assert again.setting("key", "default") == value
    again.close()


def test_a_setting_that_is_not_json_is_the_callers_mistake(store: Store) -> None:
    store.set_setting("key", 1)
    with pytest.raises(TypeError):
        store.set_setting("key", {1, 2})
    assert store.setting("key", None) == 1


def test_moments_come_back_in_utc_and_naive_ones_are_refused(store: Store, now: datetime) -> None:
    there = now.astimezone(ZoneInfo("Asia/Tokyo"))
    card = _answer(store, "q1", there, "a1", 0)
    assert (card.added_at, card.memory.last_review) == (now, now)
    stored = store.card("q1")
    assert stored is not None
    assert stored == card
    assert {stored.added_at.tzinfo, stored.memory.due.tzinfo, store.reviews()[0].reviewed_at.tzinfo} == {UTC}
    naive = now.replace(tzinfo=None)
    for call in (
        lambda: store.add("q2", naive),
        lambda: _answer(store, "q1", naive, "a2", 1),
        lambda: store.undo_last(naive),
        lambda: store.undo_last(now, since=naive),
        lambda: store.reviews(since=naive),
        lambda: store.introduced_since(naive),
        lambda: store.log_run("lab", {}, 1.0, "holds", naive, run_id="r"),
        lambda: store.log_prediction("lab", {}, "holds", naive, prediction_id="p"),
    ):
        with pytest.raises(ValueError, match="no time zone"):
            call()
    assert [review.answer_id for review in store.reviews()] == ["a1"]


@pytest.mark.parametrize("known", [False, True])
def test_of_eight_threads_exactly_one_answer_counts(store: Store, file: Path, now: datetime, known: bool) -> None:
    """Over two Store objects, as two processes would; the card may exist already or be made by the winner."""
    other = Store(f"sqlite:///{file}")
    version = _answer(store, "q1", now, "a0", 0).version if known else 0
    start = threading.Barrier(8)

    def answer(number: int) -> str:
        start.wait()
        try:
            _answer((store, other)[number % 2], "q1", now, f"t{number}", version, Rating(number % 4 + 1))
        except StaleCard:
            return "stale"
        return f"t{number}"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(answer, range(8)))
    assert results.count("stale") == 7
    (winner,) = set(results) - {"stale"}
    assert [review.answer_id for review in store.reviews()][version:] == [winner]
    card = other.card("q1")
    assert card is not None
    assert (card.reviews, card.version) == (version + 1, version + 1)
    other.close()


def test_the_same_click_from_eight_threads_counts_once_and_never_fails(store: Store, file: Path, now: datetime) -> None:
    other = Store(f"sqlite:///{file}")
    start = threading.Barrier(8)

    def answer(number: int) -> Card:
        start.wait()
        return _answer((store, other)[number % 2], "q1", now, "same", 0)

    with ThreadPoolExecutor(8) as pool:
        cards = set(pool.map(answer, range(8)))
    assert cards == {store.card("q1")}
    assert len(store.reviews()) == 1
    other.close()


def test_answers_to_different_cards_at_once_all_count(store: Store, file: Path, now: datetime) -> None:
    other = Store(f"sqlite:///{file}")

    def answer(number: int) -> None:
        for step in range(5):
            _answer((store, other)[number % 2], f"q{number}", now, f"{number}/{step}", step)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(answer, range(8)))
    assert sorted(review.answer_id for review in store.reviews()) == [f"{n}/{s}" for n in range(8) for s in range(5)]
    assert {card.reviews for card in store.cards()} == {5}
    other.close()


def test_undo_and_answer_at_once_leave_card_and_log_in_step(store: Store, now: datetime) -> None:
    """Two threads take back while two answer; whatever the order, the card has the version and count of the log."""

    def answer(step: int) -> None:
        card = store.card("q1")
        try:
            _answer(store, "q1", now, f"a{step}", card.version if card else 0)
        except StaleCard:
            return

    def work(step: int) -> None:
        if step % 2:
            store.undo_last(now)
        else:
            answer(step)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(60)))
    card = store.card("q1")
    assert card is not None
    memory = SCHEDULER.new_memory(card.added_at)
    for review in store.reviews():
        memory = SCHEDULER.review(memory, review.rating, review.reviewed_at)
    assert (card.reviews, card.memory) == (len(store.reviews()), memory)
    assert card.version >= card.reviews
