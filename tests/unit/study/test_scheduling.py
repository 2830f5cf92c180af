"""Scheduling against its oracle: the `fsrs` package itself, replayed."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import fsrs
import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS

from study.scheduling import FINAL_DAYS, Memory, Rating, Scheduler, interval_label
from study.store import Store

HISTORIES = 1000
GAPS = [timedelta(seconds=9), timedelta(minutes=1), timedelta(hours=5), timedelta(days=1), timedelta(days=40)]


def _weights(rng: random.Random) -> tuple[float, ...] | None:
    """The defaults half of the time, else up to 10 % away from them and within the package's bounds."""
    if rng.random() < 0.5:
        return None
    bounds = zip(DEFAULT_PARAMETERS, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS, strict=True)
    return tuple(min(max(value * rng.uniform(0.9, 1.1), low), high) for value, low, high in bounds)


def _history(seed: int) -> tuple[Scheduler, fsrs.Scheduler, list[tuple[Rating, datetime]]]:
    """Settings, the package's scheduler with the same ones, and up to 25 answers, early to late."""
    rng = random.Random(seed)
    retention, longest, weights = rng.uniform(0.7, 0.99), rng.choice([30, 365, 36_500]), _weights(rng)
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.uniform(0, 86_400))
    answers = []
    for _ in range(rng.randint(1, 25)):
        answers.append((rng.choice(list(Rating)), moment))
        moment += rng.choice([*GAPS, timedelta(days=900)]) * rng.uniform(0.1, 3)
    ours = Scheduler(desired_retention=retention, maximum_interval_days=longest, weights=weights)
    package = fsrs.Scheduler(
        weights or DEFAULT_PARAMETERS, desired_retention=retention, maximum_interval=longest, enable_fuzzing=False
    )
    return ours, package, answers


@pytest.mark.parametrize("seed", range(0, HISTORIES, 100))
def test_equals_the_package_over_random_histories(seed: int) -> None:
    """Every field, exactly, and the predicted recall before each answer."""
    states = set()
    for one in range(seed, seed + 100):
        ours, package, answers = _history(one)
        card = fsrs.Card(card_id=7, due=answers[0][1])
        memory = ours.new_memory(answers[0][1])
        for rating, moment in answers:
            assert ours.retrievability(memory, moment) == package.get_card_retrievability(card, moment)
            card, _ = package.review_card(card, fsrs.Rating(int(rating)), moment)
            memory = ours.review(memory, rating, moment)
            assert (memory.stability_days, memory.difficulty) == (card.stability, card.difficulty)
            assert (memory.state, memory.step) == (card.state.name.lower(), card.step)
            assert (memory.due, memory.last_review) == (card.due, card.last_review)
            states.add(memory.state)
    assert states == {"learning", "review", "relearning"}


@pytest.mark.parametrize("seed", range(0, HISTORIES, 20))
def test_the_store_equals_the_package_over_random_histories(store: Store, seed: int) -> None:
    """Through the database and back at every answer, each history with a card and settings of its own."""
    ours, package, answers = _history(seed)
    card = fsrs.Card(card_id=0, due=answers[0][1])
    for number, (rating, moment) in enumerate(answers):
        predicted = package.get_card_retrievability(card, moment)
        card, _ = package.review_card(card, fsrs.Rating(int(rating)), moment)
        store.answer(
            "q",
            rating,
            moment,
            answer_id=str(number),
            expected_version=number,
            duration_seconds=1.0,
            scheduler=ours,
            answered={"number": number},
        )
        stored = store.card("q")
        assert stored is not None
        assert stored.memory.to_fsrs() == card
        logged = store.reviews()[-1]
        assert (logged.after, logged.answered) == (stored.memory, {"number": number})
        assert logged.retrievability == (predicted if number else None)
    assert len(store.reviews()) == len(answers)


@pytest.mark.parametrize("seed", range(20))
def test_preview_is_what_is_then_scheduled(seed: int) -> None:
    """For every rating, and also in long intervals, where the package's fuzzing would differ each time."""
    ours, _, answers = _history(seed)
    memory = ours.new_memory(answers[0][1])
    for rating, moment in answers:
        preview = ours.preview(memory, moment)
        assert list(preview) == list(Rating)
        for choice in Rating:
            later = ours.review(memory, choice, moment)
            assert preview[choice].due == later.due
            assert preview[choice].interval == later.due - moment
            assert preview[choice].label == interval_label(later.due - moment)
        memory = ours.review(memory, rating, moment)


def test_the_first_answer_previews_the_learning_steps_of_the_package(now: datetime) -> None:
    scheduler = Scheduler()
    labels = [outcome.label for outcome in scheduler.preview(scheduler.new_memory(now), now).values()]
    assert labels == ["1 min", "6 min", "10 min", "8 d"]


def test_nothing_random_and_no_clock_is_used(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> float:
        raise AssertionError("the global random generator or the clock was used")

    monkeypatch.setattr("fsrs.scheduler.random", refuse)
    monkeypatch.setattr("fsrs.card.time.sleep", refuse)
    scheduler = Scheduler()
    memory = scheduler.new_memory(now)
    for days in range(0, 100, 20):
        memory = scheduler.review(memory, Rating.EASY, now + timedelta(days=days))
    assert memory.due > now + timedelta(days=100)


def test_a_memory_is_not_changed_by_a_review(now: datetime) -> None:
    scheduler = Scheduler()
    memory = scheduler.new_memory(now)
    scheduler.review(memory, Rating.EASY, now)
    assert memory == scheduler.new_memory(now)


@pytest.mark.parametrize("seed", range(10))
def test_json_restores_a_memory_exactly(seed: int) -> None:
    ours, _, answers = _history(seed)
    memory = ours.new_memory(answers[0][1])
    for rating, moment in answers:
        assert Memory.from_json(json.loads(json.dumps(memory.to_json()))) == memory
        memory = ours.review(memory, rating, moment)


def test_other_zones_are_read_as_the_same_moment_and_naive_ones_refused(now: datetime) -> None:
    scheduler = Scheduler()
    memory = scheduler.new_memory(now)
    there = now.astimezone(ZoneInfo("Asia/Kolkata"))
    reviewed = scheduler.review(memory, Rating.EASY, there)
    assert reviewed == scheduler.review(memory, Rating.EASY, now)
    assert reviewed.due.tzinfo is UTC
    naive = now.replace(tzinfo=None)
    for call in (
        lambda: scheduler.new_memory(naive),
        lambda: scheduler.review(memory, Rating.EASY, naive),
        lambda: scheduler.preview(memory, naive),
        lambda: scheduler.retrievability(memory, naive),
    ):
        with pytest.raises(ValueError, match="no time zone"):
            call()


def test_retrievability_falls_to_the_desired_retention_when_due(now: datetime) -> None:
    """By the definition of the interval; half a day of rounding allows a small difference."""
    scheduler = Scheduler(desired_retention=0.8)
    memory = scheduler.review(scheduler.new_memory(now), Rating.EASY, now)
    assert scheduler.retrievability(scheduler.new_memory(now), now) == 0
    assert scheduler.retrievability(memory, now) == 1
    assert scheduler.retrievability(memory, memory.due) == pytest.approx(0.8, abs=0.01)


def test_the_longest_interval_is_kept(now: datetime) -> None:
    scheduler = Scheduler(maximum_interval_days=5)
    memory = scheduler.review(scheduler.new_memory(now), Rating.EASY, now)
    assert memory.due == now + timedelta(days=5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("desired_retention", 0.69),
        ("desired_retention", 1.0),
        ("desired_retention", float("nan")),
        ("maximum_interval_days", 0),
        ("maximum_interval_days", 36_501),
    ],
)
def test_settings_out_of_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{field} is .* between"):
        Scheduler(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ((), "Expected 21 parameters, got 0"),
        (DEFAULT_PARAMETERS[:19], "got 19"),
        ((*DEFAULT_PARAMETERS[:20], 0.9), r"parameters\[20\] = 0.9 is out of bounds"),
        ((float("nan"), *DEFAULT_PARAMETERS[1:]), r"parameters\[0\] = nan"),
        (("a", *DEFAULT_PARAMETERS[1:]), "could not convert"),
        (7, "not iterable"),
    ],
)
def test_weights_that_the_package_refuses_are_refused(weights: tuple[float, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=f"no FSRS-6 parameters: .*(?s:.*){reason}"):
        Scheduler(weights=weights)


def test_equal_settings_make_equal_schedulers(now: datetime) -> None:
    """Whatever they came as: a list from JSON, a deadline in another zone."""
    there = now.astimezone(ZoneInfo("Asia/Kolkata"))
    assert Scheduler(weights=list(DEFAULT_PARAMETERS), deadline=there) == Scheduler(  # type: ignore[arg-type]
        weights=DEFAULT_PARAMETERS, deadline=now
    )
    with pytest.raises(ValueError, match="no time zone"):
        Scheduler(deadline=now.replace(tzinfo=None))


@pytest.mark.parametrize("seed", range(0, HISTORIES, 10))
def test_before_an_interview_only_the_due_moment_differs_and_is_never_after_the_last_call(seed: int) -> None:
    """For every rating at every answer of 100 histories, with interviews from a minute to a year after it."""
    free, package, answers = _history(seed)
    rng = random.Random(seed)
    card = fsrs.Card(card_id=0, due=answers[0][1])
    for rating, moment in answers:
        deadline = moment + rng.choice([*GAPS, timedelta(days=3), timedelta(days=365)]) * rng.uniform(0.5, 2)
        ours = replace(free, deadline=deadline)
        days_before = deadline - moment
        memory = Memory.from_fsrs(card)
        preview = ours.preview(memory, moment)
        for choice in Rating:
            plain, _ = package.review_card(card, fsrs.Rating(int(choice)), moment)
            capped = ours.review(memory, choice, moment)
            held = days_before > timedelta(days=FINAL_DAYS if memory.state == "review" else 1)
            assert capped.due == (min(plain.due, deadline - timedelta(days=1)) if held else plain.due)
            assert replace(capped, due=plain.due) == Memory.from_fsrs(plain)
            assert preview[choice].due == capped.due
            assert capped.due > moment
        card, _ = package.review_card(card, fsrs.Rating(int(rating)), moment)


def test_an_easy_first_answer_comes_back_on_the_last_day_even_two_days_before_the_interview(now: datetime) -> None:
    for days, expected in ((20, 8), (9, 8), (8, 7), (4, 3), (2, 1), (1, 8), (0, 8), (-3, 8)):
        scheduler = Scheduler(deadline=now + timedelta(days=days))
        due = scheduler.review(scheduler.new_memory(now), Rating.EASY, now).due
        assert due - now == timedelta(days=expected), days


@pytest.mark.parametrize("seed", range(20))
def test_whoever_follows_the_schedule_sees_every_card_in_the_final_days(seed: int, now: datetime) -> None:
    rng = random.Random(seed)
    deadline = now + timedelta(days=rng.randint(4, 200))
    scheduler = Scheduler(deadline=deadline)
    memory = scheduler.new_memory(now)
    seen = []
    while memory.due < deadline:
        seen.append(memory.due)
        memory = scheduler.review(memory, rng.choice([Rating.GOOD, Rating.EASY, Rating.EASY, Rating.HARD]), memory.due)
    assert deadline - timedelta(days=FINAL_DAYS) <= seen[-1] < deadline


@pytest.mark.parametrize(
    ("interval", "label"),
    [
        (timedelta(seconds=-5), "<1 min"),
        (timedelta(seconds=59), "<1 min"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=10), "10 min"),
        (timedelta(minutes=59.4), "59 min"),
        (timedelta(minutes=59.6), "1 h"),
        (timedelta(hours=5, minutes=10), "5 h"),
        (timedelta(hours=23.6), "1 d"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=30), "30 d"),
        (timedelta(days=31), "1 mo"),
        (timedelta(days=45), "1.5 mo"),
        (timedelta(days=364), "1 y"),
        (timedelta(days=550), "1.5 y"),
        (timedelta(days=36_500), "99.9 y"),
    ],
)
def test_interval_labels(interval: timedelta, label: str) -> None:
    assert interval_label(interval) == label
