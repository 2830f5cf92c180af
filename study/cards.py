"""A card: one item in the learner's memory, and what she has set about it. Plain data; moments are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from study.days import as_utc
from study.scheduling import Memory


@dataclass(frozen=True)
class Card:
    """One item in the learner's memory.

    `reviews`: answers that count since the card was new or reset, undone ones excluded. `version`: grows with every
    answer, undo and reset; an answer names the version it was given to, so that two tabs cannot both answer. 0 for a
    card that was never answered. `suspended`: not asked until resumed. `buried_until`: not asked before that moment.
    `note`: the learner's own words. `asked_for`: she added it herself, so it is asked before other new ones; not so for
    a card that only has a note, was put off before it was ever asked, or was reset.
    """

    id: int
    item_id: str
    memory: Memory
    added_at: datetime
    reviews: int
    version: int
    suspended: bool = False
    buried_until: datetime | None = None
    note: str = ""
    asked_for: bool = True

    @property
    def is_new(self) -> bool:
        """Never answered (or every answer taken back, or reset)."""
        return self.reviews == 0

    @property
    def in_reviews(self) -> bool:
        """Whether it is among her reviews: she added it, or has answered it. A note alone does not put it there."""
        return self.asked_for or self.version > 0

    def held_back(self, now: datetime) -> bool:
        """Whether it may not be asked at `now`: suspended, or buried until later. ValueError if `now` is naive."""
        return self.suspended or (self.buried_until is not None and self.buried_until > as_utc(now))
