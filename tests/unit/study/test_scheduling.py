"""Scheduling against its oracle: the `fsrs` package itself, replayed."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import fsrs
import pytest

from study.scheduling import Memory, Rating, Scheduler, interval_label

HISTORIES = 240


def _history(seed: int) -> tuple[Scheduler, fsrs.Scheduler, list[tuple[Rating, datetime]]]:
    """Settings, the package's scheduler with the same ones, and up to 25 answers, early to late."""
    rng = random.Random(seed)
    retention, longest = rng.choice([0.7, 0.85, 0.9, 0.97]), rng.choice([30, 365, 36_500])
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.uniform(0, 86_400))
    answers = []
    for _ in range(rng.randint(1, 25)):
        answers.append((rng.choice(list(Rating)), moment))
        wait = rng.choice([timedelta(minutes=1), timedelta(hours=5), timedelta(days=1), timedelta(days=40)])
        moment += wait * rng.uniform(0.1, 3)
    ours = Scheduler(desired_retention=retention, maximum_interval_days=longest)
    return ours, fsrs.Scheduler(desired_retention=retention, maximum_interval=longest, enable_fuzzing=False), answers


@pytest.mark.parametrize("seed", range(0, HISTORIES, 40))
def test_equals_the_package_over_random_histories(seed: int) -> None:
    states = set()
    for one in range(seed, seed + 40):
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
