"""What to ask next, from the cards and the catalogue. Pure: no clock, no storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from study.days import as_utc
from study.scheduling import Memory, Scheduler

WAITING_WINDOW = timedelta(hours=1)
"""How far ahead a learning card counts as waiting: the learner may stay for it."""

EARLY_WINDOW = timedelta(minutes=20)
"""How early a waiting card may be taken when nothing else is left (Anki's "learn ahead limit")."""


@dataclass(frozen=True)
class Card:
    """One item in the learner's memory.

    `reviews`: answers that count, undone ones excluded. `version`: grows with every answer and every undo; an answer
    names the version it was given to, so that two tabs cannot both answer. 0 for a card that was only added.
    """

    id: int
    item_id: str
    memory: Memory
    added_at: datetime
    reviews: int
    version: int

    @property
    def is_new(self) -> bool:
        """Never answered (or every answer taken back)."""
        return self.reviews == 0


@dataclass(frozen=True)
class Queue:
    """What may be asked, as item ids in the order of asking.

    `waiting`: learning cards that come due within the hour, each with its moment (UTC), soonest first. `next` is the
    first that is due, else the first new one, else a waiting one that may be taken early, else None.
    """

    due: tuple[str, ...]
    new: tuple[str, ...]
    waiting: tuple[tuple[str, datetime], ...]
    next: str | None


_DEFAULT_SCHEDULER = Scheduler()


def plan(
    cards: Iterable[Card],
    catalogue_item_ids: Sequence[str],
    now: datetime,
    new_per_day: int,
    introduced_today: int,
    scheduler: Scheduler = _DEFAULT_SCHEDULER,
) -> Queue:
    """What to ask at `now`.

    Due: learning steps by time, then reviews by chance of recall, lowest first, and by time where that ties. New:
    cards the learner added herself, oldest first and all of them; then items without a card, in catalogue order, as
    many as is left of `new_per_day` after the `introduced_today` (see `Store.introduced_since`) and those own cards.
    Cards of items that the catalogue no longer has are left out (not deleted). ValueError if `now` is naive.
    """
    now = as_utc(now)
    catalogue = dict.fromkeys(catalogue_item_ids)
    known = [card for card in cards if card.item_id in catalogue]
    answered = [card for card in known if not card.is_new]
    learning = sorted((card for card in answered if card.memory.state != "review"), key=_by_due)
    reviews = [card for card in answered if card.memory.state == "review" and card.memory.due <= now]
    reviews.sort(key=lambda card: (scheduler.retrievability(card.memory, now), *_by_due(card)))

    due = [card.item_id for card in learning if card.memory.due <= now] + [card.item_id for card in reviews]
    new = _new(known, catalogue, new_per_day - introduced_today)
    waiting = [(c.item_id, c.memory.due) for c in learning if now < c.memory.due <= now + WAITING_WINDOW]
    early = [item_id for item_id, due_at in waiting if due_at <= now + EARLY_WINDOW]
    return Queue(tuple(due), tuple(new), tuple(waiting), next(iter([*due, *new, *early]), None))


def _by_due(card: Card) -> tuple[datetime, int]:
    return card.memory.due, card.id


def _new(known: Sequence[Card], catalogue: Iterable[str], left_today: int) -> list[str]:
    """Own cards first; they use up the day's limit but are not held back by it, so that answering one keeps the sum."""
    own = sorted((card for card in known if card.is_new), key=lambda card: (card.added_at, card.id))
    seen = {card.item_id for card in known}
    unseen = [item_id for item_id in catalogue if item_id not in seen]
    return [card.item_id for card in own] + unseen[: max(0, left_today - len(own))]
