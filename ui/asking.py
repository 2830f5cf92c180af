"""The card on the table: which one, how it was answered, and handing in a rating exactly once."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from study.scheduling import Rating
from study.store import StaleCard
from ui import catalogue, preferences, services, session
from ui.cards import Answered
from ui.cards.points import draft_key

_TABLE = "quiz:asked"

LONGEST = timedelta(minutes=10)
LONGEST_EXERCISE = timedelta(hours=1)
"""What an answer took beyond this was time away from the screen, and does not count as time spent."""


@dataclass
class Asked:
    """A card that was laid. `answer_id` makes a double click count once; `seed` shuffles options and draws numbers."""

    item_id: str
    answer_id: str
    version: int
    shown_at: datetime
    seed: int
    answered: Answered | None = None


def on_the_table() -> Asked | None:
    """The card on the table; None if there is none, no deck holds it any more, or it changed before she answered."""
    asked: Asked | None = session.kept(_TABLE, None)
    if asked is None or asked.item_id not in catalogue.entries():
        return None
    return None if _is_stale(asked) else asked


def changed_elsewhere() -> bool:
    """Whether the card on the table was answered or reset elsewhere before she answered it; it is taken away then."""
    asked: Asked | None = session.kept(_TABLE, None)
    if asked is None or not _is_stale(asked):
        return False
    clear()
    return True


def _is_stale(asked: Asked) -> bool:
    return asked.answered is None and asked.version != _version(asked.item_id)


def lay(item_id: str, answered: Answered | None = None, spent_seconds: float = 0.0) -> Asked:
    """Lay this card; with its back up if it was `answered` before, which took `spent_seconds`."""
    shown_at = services.now() - timedelta(seconds=spent_seconds)
    asked = Asked(item_id, uuid.uuid4().hex, _version(item_id), shown_at, secrets.randbits(31), answered)
    session.keep(_TABLE, asked)
    return asked


def _version(item_id: str) -> int:
    card = services.store().card(item_id, learner=services.LEARNER)
    return card.version if card else 0


def clear() -> None:
    """Take the card from the table."""
    session.keep(_TABLE, None)


def clear_if(item_id: str) -> None:
    """Take this card from the table, if it is the one that lies there."""
    asked: Asked | None = session.kept(_TABLE, None)
    if asked is not None and asked.item_id == item_id:
        clear()


def rate(asked: Asked, rating: Rating) -> str | None:
    """Count the answer; a message if it was counted elsewhere meanwhile. The table is cleared for the next card."""
    now, store, message = services.now(), services.store(), None
    kind = catalogue.entry(asked.item_id).kind
    longest = LONGEST_EXERCISE if kind == "exercise" else LONGEST
    try:
        store.answer(
            asked.item_id,
            rating,
            now,
            answer_id=asked.answer_id,
            expected_version=asked.version,
            duration_seconds=min(now - asked.shown_at, longest).total_seconds(),
            scheduler=preferences.scheduler(),
            answered=asked.answered or {},
            kind=kind,
            learner=services.LEARNER,
        )
        if store.draft(draft_key(asked.item_id), learner=services.LEARNER):
            store.save_draft(draft_key(asked.item_id), "", now, learner=services.LEARNER)
    except StaleCard as stale:
        message = str(stale)
    current = on_the_table()
    if current is not None and current.answer_id == asked.answer_id:
        clear()
    return message
