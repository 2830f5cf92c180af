"""Numbers for the progress page and the end of a session. Pure; days are those of the learner's time zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from statistics import fmean, median

from study.cards import Card
from study.days import local_date
from study.records import Review
from study.scheduling import Rating, Scheduler


@dataclass(frozen=True)
class DayReviews:
    """The answers of one day: how many of each rating (all four are there), and the seconds they took."""

    day: date
    per_rating: dict[Rating, int]
    seconds: float

    @property
    def answered(self) -> int:
        """All answers of the day."""
        return sum(self.per_rating.values())


@dataclass(frozen=True)
class DayDue:
    """How many cards come due on one day."""

    day: date
    due: int


@dataclass(frozen=True)
class GroupMemory:
    """How well one group of cards is remembered.

    `seen` of `cards` were answered at least once; the other two are over those, None if there are none:
    `retrievability`, the mean predicted chance of recall now (0 to 1), and `stability_days`, the median.
    """

    group: str
    cards: int
    seen: int
    retrievability: float | None
    stability_days: float | None


@dataclass(frozen=True)
class SessionSummary:
    """What was done in a session. `remembered_share`: 0 to 1, answers other than Again; None without answers."""

    answered: int
    per_rating: dict[Rating, int]
    seconds: float
    remembered_share: float | None


@dataclass(frozen=True)
class Leech:
    """A card that is forgotten again and again."""

    card: Card
    lapses: int


def reviews_per_day(reviews: Iterable[Review], days: int, now: datetime, tz: tzinfo) -> list[DayReviews]:
    """The answers of each of the last `days` (>= 1) days, today included and last; days without any are there too."""
    by_day: dict[date, list[Review]] = {day: [] for day in _days(local_date(now, tz) - timedelta(days - 1), days)}
    for review in reviews:
        by_day.get(local_date(review.reviewed_at, tz), []).append(review)
    return [DayReviews(day, _per_rating(given), _seconds(given)) for day, given in by_day.items()]


def due_forecast(cards: Iterable[Card], days: int, now: datetime, tz: tzinfo) -> list[DayDue]:
    """How many answered cards come due on each of `days` (>= 1) days from today on; overdue ones count as today.

    Suspended cards are left out, buried ones come when they are asked again. `study.plan.day_plan` looks further: at
    new cards, at the interview date, and at what comes back.
    """
    today = local_date(now, tz)
    asked = [max(c.memory.due, c.buried_until or c.memory.due) for c in cards if not (c.is_new or c.suspended)]
    due = Counter(max(today, local_date(moment, tz)) for moment in asked)
    return [DayDue(day, due[day]) for day in _days(today, days)]


def memory_per_question(
    cards: Iterable[Card], now: datetime, scheduler: Scheduler, group: Callable[[str], str | None]
) -> dict[str, GroupMemory]:
    """How well each group is remembered, by its name, in order of first card.

    `group` maps an item id to its question (any name), None leaves the card out.
    """
    groups: dict[str, list[Card]] = {}
    for card in cards:
        name = group(card.item_id)
        if name is not None:
            groups.setdefault(name, []).append(card)
    return {name: _group_memory(name, members, now, scheduler) for name, members in groups.items()}


def _group_memory(name: str, members: Sequence[Card], now: datetime, scheduler: Scheduler) -> GroupMemory:
    memories = [card.memory for card in members if not card.is_new]
    stabilities = [memory.stability_days for memory in memories if memory.stability_days is not None]
    return GroupMemory(
        group=name,
        cards=len(members),
        seen=len(memories),
        retrievability=fmean(scheduler.retrievability(memory, now) for memory in memories) if memories else None,
        stability_days=median(stabilities) if stabilities else None,
    )


def weakest(groups: Iterable[GroupMemory], count: int) -> list[GroupMemory]:
    """The `count` groups that are remembered worst, of those with an answered card; ties by stability, then by name.

    To ask how they will stand at the interview, give `memory_per_question` its moment as `now`.
    """
    seen = [(each.retrievability, each.stability_days or 0.0, each.group, each) for each in groups if each.seen]
    return [group for *_, group in sorted(seen, key=lambda entry: entry[:3])[:count]]


def session_summary(reviews: Sequence[Review]) -> SessionSummary:
    """What was done in these reviews."""
    per_rating = _per_rating(reviews)
    share = 1 - per_rating[Rating.AGAIN] / len(reviews) if reviews else None
    return SessionSummary(len(reviews), per_rating, _seconds(reviews), share)


def streak_days(reviews: Iterable[Review], now: datetime, tz: tzinfo) -> int:
    """Days in a row with an answer, up to today; today without one (yet) does not break the row."""
    studied = {local_date(review.reviewed_at, tz) for review in reviews}
    day = local_date(now, tz)
    if day not in studied:
        day -= timedelta(days=1)
    streak = 0
    while day in studied:
        streak += 1
        day -= timedelta(days=1)
    return streak


def reviews_calendar(reviews: Iterable[Review], now: datetime, tz: tzinfo) -> list[DayReviews]:
    """The answers of each day of the past year by whole weeks: from the Monday 52 weeks before this week's to today."""
    return reviews_per_day(reviews, 52 * 7 + local_date(now, tz).weekday() + 1, now, tz)


def leeches(reviews: Iterable[Review], cards: Iterable[Card], lapses: int = 5) -> list[Leech]:
    """The cards with at least `lapses` (>= 1) lapses since they were new or reset, most lapses first, then by id.

    A lapse is an Again to a card in review; failing a learning step is none. So counts Anki, whose threshold is 8 by
    default (https://docs.ankiweb.net/leeches.html); an interview leaves less time. Suspended cards are there too.
    """
    counts: Counter[str] = Counter()
    for review in reviews:
        if review.before.last_review is None:
            counts[review.item_id] = 0
        counts[review.item_id] += review.rating is Rating.AGAIN and review.before.state == "review"
    found = [Leech(card, counts[card.item_id]) for card in cards if not card.is_new]
    return sorted(
        (leech for leech in found if leech.lapses >= lapses), key=lambda leech: (-leech.lapses, leech.card.id)
    )


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=offset) for offset in range(count)]


def _per_rating(reviews: Iterable[Review]) -> dict[Rating, int]:
    counts = Counter(review.rating for review in reviews)
    return {rating: counts[rating] for rating in Rating}


def _seconds(reviews: Iterable[Review]) -> float:
    return sum(review.duration_seconds for review in reviews)
