"""The card on the table: which one, how it was answered, and handing in a rating exactly once."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from study.scheduling import Rating
from study.store import StaleCard
from ui import catalogue, preferences, services, session
from ui.cards import Answered
from ui.cards.points import draft_key

_TABLE = "quiz:asked"


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
    """The card on the table, None if there is none or no deck holds it any more."""
    asked: Asked | None = session.kept(_TABLE, None)
    return asked if asked is not None and asked.item_id in catalogue.entries() else None


def lay(item_id: str, answered: Answered | None = None) -> Asked:
    """Lay this card, with its back up if it was `answered` before."""
    card = services.store().card(item_id, learner=services.LEARNER)
    version = card.version if card else 0
    asked = Asked(item_id, uuid.uuid4().hex, version, services.now(), secrets.randbits(31), answered)
    session.keep(_TABLE, asked)
    return asked


def clear() -> None:
    """Take the card from the table."""
    session.keep(_TABLE, None)


def rate(asked: Asked, rating: Rating) -> str | None:
    """Count the answer; a message if it was counted elsewhere meanwhile. The table is cleared for the next card."""
    now, store, message = services.now(), services.store(), None
    try:
        store.answer(
            asked.item_id,
            rating,
            now,
            answer_id=asked.answer_id,
            expected_version=asked.version,
            duration_seconds=(now - asked.shown_at).total_seconds(),
            scheduler=preferences.scheduler(),
            answered=asked.answered or {},
            kind=catalogue.entry(asked.item_id).kind,
            learner=services.LEARNER,
        )
        store.save_draft(draft_key(asked.item_id), "", now, learner=services.LEARNER)
    except StaleCard as stale:
        message = str(stale)
    current = on_the_table()
    if current is not None and current.answer_id == asked.answer_id:
        clear()
    return message
