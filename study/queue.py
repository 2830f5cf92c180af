"""What to ask next, from the cards and the catalogue. Pure: no clock, no storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from study.cards import Card
from study.days import as_utc
from study.plan import pull_forward
from study.scheduling import Scheduler

WAITING_WINDOW = timedelta(hours=1)
"""How far ahead a learning card counts as waiting: the learner may stay for it."""

EARLY_WINDOW = timedelta(minutes=20)
"""How early a waiting card may be taken when nothing else is left (Anki's "learn ahead limit")."""


@dataclass(frozen=True)
class Queue:
    """What may be asked, as item ids in the order of asking.

    `waiting`: learning cards that come due within the hour, each with its moment (UTC), soonest first. `next` is the
    first that is due, else the first new one, else a waiting one that may be taken early, else None. `pulled`: those
    of `due`, at its end, that are asked before their time because of the interview date.
    """

    due: tuple[str, ...]
    new: tuple[str, ...]
    waiting: tuple[tuple[str, datetime], ...]
    next: str | None
    pulled: tuple[str, ...] = ()


_DEFAULT_SCHEDULER = Scheduler()


def plan(
    cards: Iterable[Card],
    catalogue_item_ids: Sequence[str],
    now: datetime,
    new_per_day: int,
    introduced_today: int,
    scheduler: Scheduler = _DEFAULT_SCHEDULER,
    *,
    tz: tzinfo = UTC,
    pulled_today: int = 0,
) -> Queue:
    """What to ask at `now`.

    Due: learning steps by time, then reviews by chance of recall, lowest first, and by time where that ties, then what
    the interview date pulls forward to today (`study.plan.pull_forward`; days are those of `tz`, and `pulled_today`
    were pulled and answered already, see `study.plan.pulled_since`). New: cards the learner added herself, oldest first
    and all of them; then the other items that were never answered, in catalogue order, as many as is left of
    `new_per_day` after the `introduced_today` (see `Store.introduced_since`) and those own cards.

    The catalogue is the filter: cards of items that are not in it are left out (not deleted), and so are suspended and
    buried ones. ValueError if `now` is naive.
    """
    now = as_utc(now)
    catalogue = dict.fromkeys(catalogue_item_ids)
    known = [card for card in cards if card.item_id in catalogue]
    active = [card for card in known if not card.held_back(now)]
    answered = [card for card in active if not card.is_new]
    learning = sorted((card for card in answered if card.memory.state != "review"), key=_by_due)
    reviews = [card for card in answered if card.memory.state == "review" and card.memory.due <= now]
    reviews.sort(key=lambda card: (scheduler.retrievability(card.memory, now), *_by_due(card)))
    pulled = tuple(card.item_id for card in pull_forward(answered, scheduler, now, tz, pulled_today))

    due = [card.item_id for card in learning if card.memory.due <= now] + [card.item_id for card in reviews]
    due += pulled
    new = _new(known, active, catalogue, new_per_day - introduced_today)
    waiting = [(c.item_id, c.memory.due) for c in learning if now < c.memory.due <= now + WAITING_WINDOW]
    early = [item_id for item_id, due_at in waiting if due_at <= now + EARLY_WINDOW]
    return Queue(tuple(due), tuple(new), tuple(waiting), next(iter([*due, *new, *early]), None), pulled)


def _by_due(card: Card) -> tuple[datetime, int]:
    return card.memory.due, card.id


def _new(known: Sequence[Card], active: Sequence[Card], catalogue: Iterable[str], left_today: int) -> list[str]:
    """Own cards first; they use up the day's limit but are not held back by it, so that answering one keeps the sum."""
    fresh = [card for card in active if card.is_new]
    own = sorted((card for card in fresh if card.asked_for), key=lambda card: (card.added_at, card.id))
    # A card that exists only because of a note or a reset waits for its turn like an item without one.
    passed_over = {card.item_id for card in known} - {card.item_id for card in fresh if not card.asked_for}
    unseen = [item_id for item_id in catalogue if item_id not in passed_over]
    return [card.item_id for card in own] + unseen[: max(0, left_today - len(own))]
