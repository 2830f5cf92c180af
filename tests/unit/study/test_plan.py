"""The plan until the interview: against the queue itself, followed day by day, and against counts made by hand."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from study.cards import Card
from study.days import day_start, local_date, start_of
from study.plan import (
    DayPlan,
    PlannedDay,
    day_plan,
    days_left,
    needed_per_day,
    pull_forward,
    pulled_since,
    wants_a_look,
)
from study.queue import plan
from study.records import Review
from study.scheduling import FINAL_DAYS, Memory, Rating, Scheduler

BERLIN = ZoneInfo("Europe/Berlin")


def _far(number: int, now: datetime, due_days: float, last_days: float = 20, stability: float = 50) -> Card:
    memory = Memory("review", None, stability, 5.0, now + timedelta(days=due_days), now - timedelta(days=last_days))
    return Card(number, f"q{number}", memory, now, 3, 3)


def _interview(now: datetime, days: int, tz: tzinfo = UTC) -> Scheduler:
    return Scheduler(deadline=start_of(local_date(now, tz) + timedelta(days=days), tz))


def _follow(
    cards: list[Card], catalogue: list[str], scheduler: Scheduler, now: datetime, tz: tzinfo, days: int, per_day: int
) -> tuple[list[set[str]], dict[str, Card], list[Review]]:
    """Study by the queue alone, Good for every answer: today from `now` on, later days from noon, each card as soon as
    it is due. Returns the cards of each day, where they end, and the log."""
    state, log, asked = {card.item_id: card for card in cards}, list[Review](), list[set[str]]()
    for offset in range(days):
        day = local_date(now, tz) + timedelta(days=offset)
        begin, end = start_of(day, tz), start_of(day + timedelta(days=1), tz)
        moment = now if offset == 0 else datetime(day.year, day.month, day.day, 12, tzinfo=tz).astimezone(UTC)
        today: set[str] = set()
        while True:
            given = [review for review in log if review.reviewed_at >= begin]
            introduced = sum(review.retrievability is None for review in given)
            pulled = pulled_since(log, begin, scheduler)
            queue = plan(state.values(), catalogue, moment, per_day, introduced, scheduler, tz=tz, pulled_today=pulled)
            ready = [*queue.due, *queue.new]
            if not ready:
                later = [max(c.memory.due, c.buried_until or c.memory.due) for c in state.values() if not c.suspended]
                later += [c.buried_until for c in state.values() if c.is_new and c.buried_until and not c.suspended]
                coming = [due for due in later if moment < due < end]
                if not coming:
                    break
                moment = min(coming)
                continue
            item = ready[0]
            card = state.get(item) or Card(len(state), item, scheduler.new_memory(moment), moment, 0, 0)
            after = scheduler.review(card.memory, Rating.GOOD, moment)
            predicted = None if card.is_new else scheduler.retrievability(card.memory, moment)
            log.append(Review(str(len(log)), item, Rating.GOOD, moment, 1.0, card.memory, after, predicted))
            state[item] = replace(card, memory=after, reviews=card.reviews + 1)
            today.add(item)
        asked.append(today)
    return asked, state, log


def _mixed_cards(rng: random.Random, now: datetime, tz: tzinfo) -> list[Card]:
    """What a learner has after some weeks: overdue, learning, near, far, suspended, new and noted cards, and such as
    are buried until a day begins."""
    cards = []
    for number in range(40):
        stability = rng.uniform(1, 120)
        last = now - timedelta(days=rng.uniform(1, 60))
        card = Card(number, f"q{number}", Memory("review", None, stability, 5.0, last, last), last, 3, 3)
        card = replace(card, memory=replace(card.memory, due=last + timedelta(days=round(stability) + 1)))
        kind = rng.random()
        if kind < 0.1:
            card = replace(card, memory=Memory("learning", 1, 2.0, 5.0, now + timedelta(minutes=5), now), reviews=1)
        elif kind < 0.2:
            card = replace(card, suspended=True)
        elif kind < 0.3:
            card = replace(card, buried_until=start_of(local_date(now, tz) + timedelta(days=rng.randint(0, 3)), tz))
        elif kind < 0.45:
            new = Scheduler().new_memory(now - timedelta(days=1))
            card = replace(card, memory=new, reviews=0, asked_for=rng.random() < 0.5)
        cards.append(card)
    return cards


@pytest.mark.parametrize("seed", range(48))
def test_the_plan_is_what_following_the_queue_then_asks(seed: int) -> None:
    """With and without an interview, in zones with changing clocks: the same number of cards on each day."""
    rng = random.Random(seed)
    tz = rng.choice([UTC, BERLIN, ZoneInfo("America/New_York")])
    now = datetime(2026, 3, rng.randint(5, 27), rng.randint(6, 18), 30, tzinfo=UTC)
    cards, catalogue = _mixed_cards(rng, now, tz), [f"q{number}" for number in range(60)]
    days, per_day = rng.randint(1, 14), rng.randint(0, 6)
    scheduler = _interview(now, days, tz) if seed % 3 else Scheduler()
    planned = day_plan(cards, catalogue, scheduler, now, tz, days=days, new_per_day=per_day)
    asked, state, log = _follow(cards, catalogue, scheduler, now, tz, days, per_day)
    assert [day.total for day in planned.days] == [len(today) for today in asked]
    assert [day.day for day in planned.days] == [local_date(now, tz) + timedelta(days=n) for n in range(days)]
    firsts = Counter(local_date(review.reviewed_at, tz) for review in log if review.retrievability is None)
    assert [day.new for day in planned.days] == [firsts[day.day] for day in planned.days]
    never = [item for item in catalogue if item not in state or (state[item].is_new and not state[item].suspended)]
    assert planned.not_introduced == len(never)


@pytest.mark.parametrize("seed", range(12))
def test_everything_is_seen_before_the_interview_and_in_its_final_days(seed: int) -> None:
    """Whatever was scheduled for when: each card that may be asked is, on time, and the load is even."""
    rng = random.Random(seed)
    now, days = datetime(2026, 6, 1, 8, tzinfo=UTC), rng.randint(5, 40)
    cards = [_far(number, now, rng.uniform(days, 400), 20, rng.uniform(20, 300)) for number in range(60)]
    catalogue = [card.item_id for card in cards]
    scheduler = _interview(now, days)
    asked, state, _ = _follow(cards, catalogue, scheduler, now, UTC, days, 0)
    assert set().union(*asked) == set(catalogue)
    assert set().union(*asked[-FINAL_DAYS:]) == set(catalogue)
    assert all(card.memory.last_review is not None for card in state.values())
    planned = day_plan(cards, catalogue, scheduler, now, UTC, days=1, new_per_day=0)
    pulled = [day.pulled_forward for day in planned.days]
    before = pulled[:-FINAL_DAYS]
    assert max(before) - min(before) <= 1
    assert max(day.total for day in planned.days[-FINAL_DAYS:]) <= -(-len(cards) // FINAL_DAYS) + 1


@pytest.mark.parametrize(("cards", "days"), [(7, 3), (3, 3), (2, 5), (60, 7), (10, 1), (0, 4)])
def test_far_cards_are_spread_evenly_worst_first(cards: int, days: int) -> None:
    """Followed without any other card; in the final days, where a card that was answered is done."""
    now = datetime(2026, 6, 1, 8, tzinfo=UTC)
    scheduler = _interview(now, min(days, FINAL_DAYS))
    left = min(days, FINAL_DAYS)
    far = [_far(number, now, 300 - number, stability=60 + number * 7 % 11) for number in range(cards)]
    asked, _, _ = _follow(far, [card.item_id for card in far], scheduler, now, UTC, left, 0)
    sizes = [len(today) for today in asked]
    assert sizes == [cards // left + (number < cards % left) for number in range(left)]
    assert scheduler.deadline is not None
    chance = {card.item_id: scheduler.retrievability(card.memory, scheduler.deadline) for card in far}
    for earlier, later in pairwise(asked):
        assert not later or max(chance[item] for item in earlier) <= min(chance[item] for item in later)


def test_answering_one_does_not_bring_another_into_the_day(now: datetime) -> None:
    scheduler = _interview(now, 3)
    far = [_far(number, now, 200) for number in range(9)]
    share = pull_forward(far, scheduler, now, UTC)
    assert [card.id for card in share] == [0, 1, 2]
    for answered in range(1, 4):
        assert pull_forward(far[answered:], scheduler, now, UTC, answered) == share[answered:]
    assert [card.id for card in pull_forward(far[3:], scheduler, now + timedelta(days=1), UTC)] == [3, 4, 5]
    # A day that was missed is made up for.
    assert len(pull_forward(far, scheduler, now + timedelta(days=1), UTC)) == 5


def test_what_wants_a_look(now: datetime) -> None:
    """Interview in 10 days: the last call is the beginning of the 9th, the final days begin with the 7th."""
    today = day_start(now, UTC)
    scheduler = Scheduler(deadline=today + timedelta(days=10))
    last_call = today + timedelta(days=9)

    days_ago = now - timedelta(days=5)

    def wants(due: datetime, at: datetime = now, last: datetime = days_ago, state: str = "review") -> bool:
        return wants_a_look(Memory(state, None, 9.0, 5.0, due, last), scheduler, at)  # type: ignore[arg-type]

    second = timedelta(seconds=1)
    assert wants(last_call + second)
    assert not wants(last_call)
    assert not wants(last_call - second)
    final = today + timedelta(days=7)
    assert wants(last_call, final)
    assert not wants(last_call, final - second)
    assert not wants(last_call - second, final)
    assert not wants(last_call + second, final, last=final)
    assert wants(last_call + second, final, last=final - second)
    assert not wants(last_call + second, state="relearning")
    far = today + timedelta(days=99)
    assert wants(far, today + timedelta(days=10) - second)
    assert not wants(far, today + timedelta(days=10))
    assert not wants_a_look(Memory("review", None, 9.0, 5.0, far, now), Scheduler(), now)


def test_new_suspended_and_buried_cards_are_not_pulled(now: datetime) -> None:
    scheduler = _interview(now, 1)
    card = _far(1, now, 200)
    assert pull_forward([card], scheduler, now, UTC) == [card]
    tomorrow = now + timedelta(days=1)
    for other in (replace(card, suspended=True), replace(card, buried_until=tomorrow), replace(card, reviews=0)):
        assert pull_forward([other], scheduler, now, UTC) == []
    assert pull_forward([card], Scheduler(), now, UTC) == []
    assert pull_forward([card], Scheduler(deadline=now), now, UTC) == []


def test_days_left_are_the_learners(now: datetime) -> None:
    """Clocks change on 29 March 2026 in Berlin: the days are counted by the calendar all the same."""
    scheduler = Scheduler(deadline=start_of(date(2026, 3, 31), BERLIN))
    for moment, left in (
        (datetime(2026, 3, 27, 23, 0, tzinfo=UTC), 3),  # midnight in Berlin, the 28th
        (datetime(2026, 3, 27, 22, 59, tzinfo=UTC), 4),
        (datetime(2026, 3, 30, 21, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 30, 22, 0, tzinfo=UTC), None),
    ):
        assert days_left(scheduler, moment, BERLIN) == left
    assert days_left(Scheduler(), now, UTC) is None


def test_pulled_since_counts_each_card_once_and_only_what_wanted_a_look(now: datetime) -> None:
    scheduler = _interview(now, 20)
    far, near = _far(1, now, 200).memory, _far(2, now, 5).memory
    reviews = [
        Review("a", "q1", Rating.GOOD, now, 1.0, far, scheduler.review(far, Rating.GOOD, now), 0.9),
        Review("b", "q1", Rating.GOOD, now, 1.0, far, scheduler.review(far, Rating.GOOD, now), 0.9),
        Review("c", "q2", Rating.GOOD, now, 1.0, near, scheduler.review(near, Rating.GOOD, now), 0.9),
    ]
    assert pulled_since(reviews, now, scheduler) == 1
    assert pulled_since(reviews, now + timedelta(seconds=1), scheduler) == 0
    assert pulled_since(reviews, now, Scheduler()) == 0


def test_a_plan_by_hand(now: datetime) -> None:
    """One overdue, one due in two days, a new one today, two items left at one a day; Good: 2 days after the first
    day's learning steps (FSRS-6 defaults), so the new one is back on the third day."""
    cards = [_far(0, now, -3), _far(1, now, 2), Card(2, "q2", Scheduler().new_memory(now), now, 0, 0)]
    planned = day_plan(cards, [f"q{n}" for n in range(5)], Scheduler(), now, UTC, days=3, new_per_day=1)
    first = local_date(now, UTC)
    assert planned == DayPlan(
        (
            PlannedDay(first, 1, 1, 0),
            PlannedDay(first + timedelta(days=1), 0, 1, 0),
            PlannedDay(first + timedelta(days=2), 2, 1, 0),
        ),
        0,
        None,
    )
    assert planned.days[2].total == 3
    later = day_plan(cards, [f"q{n}" for n in range(5)], Scheduler(), now, UTC, days=2, new_per_day=1)
    assert (later.not_introduced, later.days) == (1, planned.days[:2])


def test_the_plan_says_how_many_new_cards_a_day_would_do(now: datetime) -> None:
    """50 items in 7 days: 8 a day; at 5 a day 15 are left. 3 were introduced today already: then 8 leaves 3."""
    catalogue = [f"q{number}" for number in range(50)]
    scheduler = _interview(now, 7)

    def left(per_day: int, introduced: int = 0) -> tuple[int, int | None]:
        planned = day_plan(
            [], catalogue, scheduler, now, UTC, days=99, new_per_day=per_day, introduced_today=introduced
        )
        assert len(planned.days) == 7
        return planned.not_introduced, planned.needed_per_day

    assert [left(5), left(7), left(8)] == [(15, 8), (1, 8), (0, 8)]
    assert [left(7, 3), left(8, 3)] == [(4, 8), (0, 8)]
    assert [left(7, 8), left(8, 8)] == [(8, 9), (2, 9)]


@pytest.mark.parametrize("seed", range(6))
def test_needed_per_day_is_the_fewest_by_trying(seed: int, now: datetime) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        unseen, own, days, introduced = rng.randint(0, 30), rng.randint(0, 4), rng.randint(1, 8), rng.randint(0, 4)
        catalogue = [f"q{number}" for number in range(unseen + own)]
        cards = [Card(n, f"q{n}", Scheduler().new_memory(now), now, 0, 0) for n in range(own)]
        plans = [
            day_plan(
                cards, catalogue, _interview(now, days), now, UTC, days=1, new_per_day=n, introduced_today=introduced
            )
            for n in range(unseen + own + introduced + 1)
        ]
        fewest = next(number for number, planned in enumerate(plans) if planned.not_introduced == 0)
        assert plans[0].needed_per_day == needed_per_day(unseen, own, days, introduced) == fewest


def test_only_the_catalogue_is_planned_and_a_far_interview_for_a_year(now: datetime) -> None:
    planned = day_plan([_far(0, now, -3)], ["q1"], _interview(now, 1000), now, UTC, days=5, new_per_day=0)
    assert len(planned.days) == 366
    assert {day.total for day in planned.days} == {0}
    assert planned.not_introduced == 1
    assert len(day_plan([], [], Scheduler(deadline=now), now, UTC, days=5, new_per_day=0).days) == 5
    with pytest.raises(ValueError, match="no time zone"):
        day_plan([], [], Scheduler(), now.replace(tzinfo=None), UTC, days=5, new_per_day=0)
