"""The numbers of the progress page, against counts made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from study.cards import Card
from study.records import Review
from study.scheduling import Memory, Rating, Scheduler
from study.statistics import (
    GroupMemory,
    due_forecast,
    leeches,
    memory_per_question,
    reviews_calendar,
    reviews_per_day,
    session_summary,
    streak_days,
    weakest,
)
from study.store import Store

SCHEDULER = Scheduler()
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def _given(at: datetime, rating: Rating = Rating.GOOD, seconds: float = 4.0) -> Review:
    memory = SCHEDULER.new_memory(at)
    return Review("a", "q", rating, at, seconds, memory, SCHEDULER.review(memory, rating, at), None)


def _card(item: str, due: datetime, stability: float = 10.0, reviews: int = 1) -> Card:
    memory = Memory("review", None, stability, 5.0, due, due - timedelta(days=10))
    return Card(1, item, memory, due, reviews, reviews)


def test_reviews_per_day_counts_by_the_learners_day() -> None:
    """23:30 UTC on the 9th is the 10th in Berlin and the 9th in New York."""
    now = datetime(2026, 3, 11, 12, tzinfo=UTC)
    late = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    reviews = [_given(late, Rating.AGAIN, 2.5), _given(late, Rating.GOOD, 1.0), _given(now, Rating.EASY)]
    berlin = reviews_per_day(reviews, 3, now, BERLIN)
    assert [(day.day, day.answered, day.seconds) for day in berlin] == [
        (date(2026, 3, 9), 0, 0),
        (date(2026, 3, 10), 2, 3.5),
        (date(2026, 3, 11), 1, 4.0),
    ]
    assert berlin[1].per_rating == {Rating.AGAIN: 1, Rating.HARD: 0, Rating.GOOD: 1, Rating.EASY: 0}
    assert [day.answered for day in reviews_per_day(reviews, 3, now, NEW_YORK)] == [2, 0, 1]


def test_reviews_before_the_window_are_left_out() -> None:
    now = datetime(2026, 3, 11, 12, tzinfo=UTC)
    reviews = [_given(now - timedelta(days=2)), _given(now - timedelta(days=1))]
    assert [day.answered for day in reviews_per_day(reviews, 2, now, UTC)] == [1, 0]


def test_days_are_complete_across_a_change_of_clocks() -> None:
    """Berlin, 29 March 2026 has 23 hours: one answer near each end of three days."""
    edges = [(27, 23, 5), (28, 22, 55), (28, 23, 5), (29, 21, 55), (29, 22, 5), (30, 21, 55)]
    reviews = [_given(datetime(2026, 3, *parts, tzinfo=UTC)) for parts in edges]
    days = reviews_per_day(reviews, 3, datetime(2026, 3, 30, 12, tzinfo=UTC), BERLIN)
    assert [(day.day.day, day.answered) for day in days] == [(28, 2), (29, 2), (30, 2)]


def test_due_forecast_counts_overdue_as_today_and_leaves_out_unanswered() -> None:
    now = datetime(2026, 3, 11, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
    cards = [
        _card("overdue", now - timedelta(days=400)),
        _card("today", now + timedelta(minutes=20)),
        _card("tomorrow by a little", now + timedelta(minutes=40)),
        _card("in two days", now + timedelta(days=2)),
        _card("beyond", now + timedelta(days=3)),
        _card("new", now, reviews=0),
    ]
    forecast = due_forecast(cards, 3, now, BERLIN)
    assert [(day.day, day.due) for day in forecast] == [
        (date(2026, 3, 11), 2),
        (date(2026, 3, 12), 1),
        (date(2026, 3, 13), 1),
    ]


def test_memory_per_question_groups_and_averages_what_was_seen(now: datetime) -> None:
    cards = [_card("b/1", now, 4), _card("b/2", now, 40), _card("a/1", now, 7, reviews=0), _card("gone/1", now)]
    cards.append(_card("b/3", now, 10))
    groups = {"a/1": "a", "b/1": "b", "b/2": "b", "b/3": "b"}
    memory = memory_per_question(cards, now, SCHEDULER, groups.get)
    assert list(memory) == ["b", "a"]
    recalls = [SCHEDULER.retrievability(_card("x", now, stability).memory, now) for stability in (4, 40, 10)]
    assert (memory["b"].cards, memory["b"].seen, memory["b"].stability_days) == (3, 3, 10)
    assert memory["b"].retrievability == pytest.approx(sum(recalls) / 3)
    assert (memory["a"].cards, memory["a"].seen) == (1, 0)
    assert (memory["a"].retrievability, memory["a"].stability_days) == (None, None)


def test_session_summary(now: datetime) -> None:
    ratings = [Rating.AGAIN, Rating.HARD, Rating.GOOD, Rating.GOOD]
    summary = session_summary([_given(now, rating, 1.5) for rating in ratings])
    assert (summary.answered, summary.seconds, summary.remembered_share) == (4, 6.0, 0.75)
    assert summary.per_rating == {Rating.AGAIN: 1, Rating.HARD: 1, Rating.GOOD: 2, Rating.EASY: 0}
    assert session_summary([]).remembered_share is None


@pytest.mark.parametrize(
    ("days_ago", "streak"), [([], 0), ([0], 1), ([1], 1), ([2], 0), ([0, 1, 2, 4], 3), ([1, 2, 2, 3], 3)]
)
def test_streak(days_ago: list[int], streak: int, now: datetime) -> None:
    assert streak_days([_given(now - timedelta(days=ago)) for ago in days_ago], now, UTC) == streak


def test_a_streak_is_one_of_local_days() -> None:
    """Every evening at 20:00 in New York, across its change of clocks, is a row of days, whatever UTC says."""
    evenings = [datetime(2026, 3, day, 20, tzinfo=NEW_YORK) for day in (6, 7, 8, 9)]
    assert streak_days([_given(evening) for evening in evenings], evenings[-1], NEW_YORK) == 4


def test_due_forecast_leaves_out_suspended_cards_and_waits_for_buried_ones(now: datetime) -> None:
    card = _card("a", now - timedelta(days=3))
    cards = [
        replace(card, suspended=True),
        replace(card, buried_until=now + timedelta(days=2)),
        replace(card, buried_until=now - timedelta(days=1)),
        replace(_card("b", now + timedelta(days=1)), buried_until=now),
    ]
    assert [day.due for day in due_forecast(cards, 3, now, UTC)] == [1, 1, 1]


def test_the_calendar_is_a_year_of_whole_weeks() -> None:
    """Wednesday 4 March 2026: from Monday 3 March 2025 to today, 52 weeks and 3 days."""
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    edges = [datetime(2025, 3, 2, 23, 59, tzinfo=UTC), datetime(2025, 3, 3, tzinfo=UTC), now]
    days = reviews_calendar([_given(edge) for edge in edges], now, UTC)
    assert (len(days), days[0].day, days[-1].day) == (367, date(2025, 3, 3), date(2026, 3, 4))
    assert days[0].day.weekday() == 0
    assert (days[0].answered, days[-1].answered, sum(day.answered for day in days)) == (1, 1, 2)
    assert len(reviews_calendar([], datetime(2026, 3, 2, 0, 30, tzinfo=UTC), NEW_YORK)) == 52 * 7 + 7  # a Sunday there
    assert len(reviews_calendar([], datetime(2026, 3, 2, 0, 30, tzinfo=UTC), UTC)) == 52 * 7 + 1


def test_weakest_groups_come_first_and_unseen_ones_not_at_all() -> None:
    groups = [
        GroupMemory("b", 2, 2, 0.9, 5.0),
        GroupMemory("unseen", 2, 0, None, None),
        GroupMemory("a", 2, 1, 0.9, 5.0),
        GroupMemory("firm", 1, 1, 0.95, 1.0),
        GroupMemory("loose", 1, 1, 0.9, 4.0),
        GroupMemory("worst", 1, 1, 0.2, 99.0),
    ]
    assert [group.group for group in weakest(groups, 9)] == ["worst", "loose", "a", "b", "firm"]
    assert [group.group for group in weakest(groups, 2)] == ["worst", "loose"]
    assert weakest([], 3) == []


def _history(store: Store, item: str, ratings: str, start: datetime) -> None:
    """Answers two days apart: A(gain), G(ood), or R for a reset."""
    for step, rating in enumerate(ratings):
        moment, card = start + timedelta(days=2 * step), store.card(item)
        if rating == "R":
            store.reset(item, moment)
            continue
        store.answer(
            item,
            {"A": Rating.AGAIN, "G": Rating.GOOD}[rating],
            moment,
            answer_id=f"{item}{step}",
            expected_version=card.version if card else 0,
            duration_seconds=1.0,
            scheduler=SCHEDULER,
        )


def test_leeches_by_lapses_in_review_alone(store: Store, now: datetime) -> None:
    """Counted by hand. Good, Good leads from the learning steps to review; Again there leads to relearning, where
    another Again is no lapse; Good leads back."""
    for item, ratings in {
        "learning": "AAAAAA",
        "two": "GGAGAG",
        "two and failed steps": "GGAAAGAAG",
        "three": "GGAGAGA",
        "forgiven": "GGAGAGAR",
        "two since the reset": "GGAGAGARGGAGA",
        "four": "GGAGAGAGA",
    }.items():
        _history(store, item, ratings, now)
    store.suspend("four", True, now)
    found = leeches(store.reviews(), store.cards(), lapses=2)
    assert [(leech.card.item_id, leech.lapses) for leech in found] == [
        ("four", 4),
        ("three", 3),
        ("two", 2),
        ("two and failed steps", 2),
        ("two since the reset", 2),
    ]
    assert [leech.card.item_id for leech in leeches(store.reviews(), store.cards(), lapses=4)] == ["four"]
    assert leeches(store.reviews(), store.cards()) == []
