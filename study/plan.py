"""What the days until the interview will hold. Pure: the clock and the time zone are arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from study.cards import Card
from study.days import as_utc, local_date, start_of
from study.records import Review
from study.scheduling import Memory, Rating, Scheduler

LONGEST_PLAN_DAYS = 366


@dataclass(frozen=True)
class PlannedDay:
    """How many cards one day will hold; each is counted once, however often its learning steps ask it.

    `due`: come due on it, or are overdue today. `pulled_forward`: asked before their time because of the interview.
    `new`: asked for the first time.
    """

    day: date
    due: int
    new: int
    pulled_forward: int

    @property
    def total(self) -> int:
        """All cards of the day."""
        return self.due + self.new + self.pulled_forward


@dataclass(frozen=True)
class DayPlan:
    """The days from today on.

    `not_introduced`: items that will not have been asked by the end of the plan at so many new cards a day, 0 if all
    will. `needed_per_day`: the fewest new cards a day that would introduce all of them before the interview; None
    without an interview ahead.
    """

    days: tuple[PlannedDay, ...]
    not_introduced: int
    needed_per_day: int | None


def days_left(scheduler: Scheduler, now: datetime, tz: tzinfo) -> int | None:
    """The learner's days before the interview, today included; None if none is set or its day has come."""
    if scheduler.deadline is None or as_utc(now) >= scheduler.deadline:
        return None
    return max(1, (local_date(scheduler.deadline, tz) - local_date(now, tz)).days)


def wants_a_look(memory: Memory, scheduler: Scheduler, now: datetime) -> bool:
    """Whether a memory must be asked before its time at some point, or it would not be seen before the interview.

    That is so if it comes due only after the last call, as when it was scheduled before the date was known. In the
    final days it is also so for what comes due at the last call, so that the last day does not hold everything.
    """
    deadline, last_call, final_days_start = scheduler.deadline, scheduler.last_call, scheduler.final_days_start
    if deadline is None or last_call is None or final_days_start is None or now >= deadline:
        return False
    if memory.state != "review" or memory.last_review is None or memory.due <= now:
        return False
    if memory.last_review >= final_days_start:
        return False
    return memory.due > last_call or (memory.due == last_call and now >= final_days_start)


def pull_forward(
    cards: Iterable[Card], scheduler: Scheduler, now: datetime, tz: tzinfo, pulled_today: int = 0
) -> list[Card]:
    """The cards to ask today although they are not due, so that everything is seen before the interview.

    What wants a look is spread evenly over the days that are left: of the cards that do at `now` and the `pulled_today`
    that did and were answered today already, today holds its share. Lowest chance of recall at the interview first,
    then by id. Suspended and buried cards are left out. Empty without an interview ahead.
    """
    left = days_left(scheduler, now, tz)
    deadline = scheduler.deadline
    if left is None or deadline is None:
        return []
    now = as_utc(now)
    waiting = [c for c in cards if not c.is_new and not c.held_back(now) and wants_a_look(c.memory, scheduler, now)]
    waiting.sort(key=lambda card: (scheduler.retrievability(card.memory, deadline), card.id))
    share = -(-(len(waiting) + pulled_today) // left)
    return waiting[: max(0, share - pulled_today)]


def pulled_since(reviews: Iterable[Review], day_start: datetime, scheduler: Scheduler) -> int:
    """How many cards that wanted a look got it at or after `day_start`, by the log; `pull_forward` counts with them."""
    return len(
        {
            review.item_id
            for review in reviews
            if review.reviewed_at >= day_start and wants_a_look(review.before, scheduler, review.reviewed_at)
        }
    )


def needed_per_day(unseen: int, own: int, days: int, introduced_today: int) -> int:
    """The fewest new cards a day that introduce `unseen` items within `days` (>= 1), today included.

    The `own` new cards all come today and use up its limit, as the `introduced_today` have.
    """
    per_day = 0
    while max(0, per_day - introduced_today - own) + per_day * (days - 1) < unseen:
        per_day += 1
    return per_day


def day_plan(
    cards: Iterable[Card],
    catalogue: Sequence[str],
    scheduler: Scheduler,
    now: datetime,
    tz: tzinfo,
    *,
    days: int,
    new_per_day: int,
    introduced_today: int = 0,
    pulled_today: int = 0,
) -> DayPlan:
    """What each day will hold: until the interview if one is ahead (at most a year), otherwise for `days` (>= 1) days.

    A simulation that asks what `study.queue.plan` would: today from `now` on, other days from noon on, each card when
    it is due. It assumes that every answer is Good, so it is a lower bound: forgotten cards come again sooner. Only
    items of the `catalogue` are planned; suspended cards are left out, buried ones come when they are asked again. (A
    card buried until the middle of a day is not pulled forward on it.)
    """
    left = days_left(scheduler, now, tz)
    state = _startable(cards, catalogue, scheduler, as_utc(now))
    fresh = [card for card in state.values() if card.is_new]
    own = sum(card.asked_for for card in fresh)
    planned = []
    for offset in range(min(left or days, LONGEST_PLAN_DAYS)):
        introduced, pulled = (introduced_today, pulled_today) if offset == 0 else (0, 0)
        day = local_date(now, tz) + timedelta(days=offset)
        noon = datetime.combine(day, time(12), tzinfo=tz).astimezone(UTC)
        moment = as_utc(now) if offset == 0 else noon
        end = start_of(day + timedelta(days=1), tz)
        due, early, new = _asked(list(state.values()), scheduler, moment, end, tz, new_per_day - introduced, pulled)
        planned.append(PlannedDay(day, len(due), len(new), len(early)))
        for card in (*due, *early, *new):
            state[card.item_id] = _studied(card, scheduler, moment, end)
    needed = None if left is None else needed_per_day(len(fresh) - own, own, left, introduced_today)
    return DayPlan(tuple(planned), sum(card.is_new for card in state.values()), needed)


def _startable(cards: Iterable[Card], catalogue: Sequence[str], scheduler: Scheduler, now: datetime) -> dict[str, Card]:
    """The cards that may be asked some day, in catalogue order; items without a card get a new one."""
    known = {card.item_id: card for card in cards}
    state = {}
    for item_id in dict.fromkeys(catalogue):
        card = known.get(item_id) or Card(0, item_id, scheduler.new_memory(now), now, 0, 0, asked_for=False)
        if not card.suspended:
            state[item_id] = card
    return state


def _asked(
    cards: Sequence[Card],
    scheduler: Scheduler,
    moment: datetime,
    end: datetime,
    tz: tzinfo,
    new_left: int,
    pulled_today: int,
) -> tuple[list[Card], list[Card], list[Card]]:
    """What is asked between `moment` and the `end` of its day: due, pulled forward, new."""
    cards = [card for card in cards if card.buried_until is None or card.buried_until < end]
    due = [card for card in cards if not card.is_new and card.memory.due < end]
    later = [card for card in cards if not card.is_new and card.memory.due >= end]
    own = [card for card in cards if card.is_new and card.asked_for]
    unseen = [card for card in cards if card.is_new and not card.asked_for]
    new = own + unseen[: max(0, new_left - len(own))]
    return due, pull_forward(later, scheduler, moment, tz, pulled_today), new


def _studied(card: Card, scheduler: Scheduler, moment: datetime, end: datetime) -> Card:
    """The card at the end of the day, answered Good from `moment` on, whenever it was due."""
    start = max(moment, card.buried_until or moment)
    if not card.is_new and card.memory.due < end:
        start = max(start, card.memory.due)
    memory = scheduler.review(card.memory, Rating.GOOD, start)
    while memory.due < end:
        memory = scheduler.review(memory, Rating.GOOD, memory.due)
    return replace(card, memory=memory, reviews=card.reviews + 1)
