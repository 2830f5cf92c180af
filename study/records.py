"""What the store keeps beside the cards, and how it complains. Plain data; moments are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from study.queue import Card
from study.scheduling import Memory, Rating


class StoreError(RuntimeError):
    """The database cannot be used. The message names it and the remedy; nothing in it was changed."""


class StaleCard(RuntimeError):  # noqa: N818  (what happened, as the screens say it)
    """The card was answered (or an answer taken back) elsewhere meanwhile. The message is for the learner."""

    def __init__(self, item_id: str, card: Card | None) -> None:
        super().__init__("This card was answered elsewhere meanwhile, so this answer was not counted.")
        self.item_id = item_id
        self.card = card


@dataclass(frozen=True)
class Review:
    """One answer that counts.

    `retrievability`: the chance of recall (0 to 1) predicted just before the answer, None for a card's first answer.
    """

    answer_id: str
    item_id: str
    rating: Rating
    reviewed_at: datetime
    duration_seconds: float
    before: Memory
    after: Memory
    retrievability: float | None


@dataclass(frozen=True)
class Prediction:
    """What the learner expected of a lab run before it started, and what came out (None: not known yet)."""

    prediction_id: str
    lab: str
    config: dict[str, Any]
    predicted: str
    predicted_at: datetime
    outcome: str | None
    settled_at: datetime | None


@dataclass(frozen=True)
class LabRun:
    """A lab run that reached its end. `seconds`: wall-clock duration. `outcome`: the verdict's.

    `measured`: a few numbers of the run that a summary over many runs is drawn from, or None.
    """

    run_id: str
    lab: str
    config: dict[str, Any]
    seconds: float
    outcome: str
    finished_at: datetime
    measured: dict[str, Any] | None = None
