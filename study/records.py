"""What the store keeps beside the cards, and how it complains. Plain data; moments are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from study.cards import Card
from study.scheduling import Memory, Rating


class StoreError(RuntimeError):
    """The database cannot be used. The message names it and the remedy; nothing in it was changed."""


class StaleCard(RuntimeError):  # noqa: N818  (what happened, as the screens say it)
    """The card was answered (or an answer taken back) elsewhere meanwhile. The message is for the learner."""

    def __init__(self, item_id: str, card: Card | None) -> None:
        super().__init__("This card was answered elsewhere meanwhile, so this answer was not counted.")
        self.item_id = item_id
        self.card = card


class StaleInterview(RuntimeError):  # noqa: N818  (what happened, as the screens say it)
    """The interview went on in another tab meanwhile; `interview` is where it stands. The message is for her."""

    def __init__(self, interview: Interview) -> None:
        super().__init__("This interview went on elsewhere meanwhile, so this step was not saved.")
        self.interview = interview


@dataclass(frozen=True)
class Review:
    """One answer that counts.

    `retrievability`: the chance of recall (0 to 1) predicted just before the answer, None for the first answer to a
    card that is new or was reset (`before` then has no last review). `answered`: what was answered, as the screen that
    asked keeps it (chosen options and the seed that shuffled them, typed text, ...). `kind`: of the item. Both are None
    for answers from before they were kept.
    """

    answer_id: str
    item_id: str
    rating: Rating
    reviewed_at: datetime
    duration_seconds: float
    before: Memory
    after: Memory
    retrievability: float | None
    answered: dict[str, Any] | None = None
    kind: str | None = None


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


@dataclass(frozen=True)
class Draft:
    """A text that is being written, or an earlier version of it; `updated_at` is when it became this."""

    key: str
    text: str
    updated_at: datetime


@dataclass(frozen=True)
class Attempt:
    """An exercise handed in. `tests`: the outcome of each, as the grader's JSON. `seconds`: what grading took."""

    attempt_id: str
    exercise: str
    code: str
    passed: bool
    tests: list[dict[str, Any]]
    seconds: float
    attempted_at: datetime


@dataclass(frozen=True)
class Interview:
    """A mock interview. `state` belongs to the interview's own module. `version`: 1 at the start, grows with each save.

    `finished_at`: None while it goes on.
    """

    interview_id: str
    state: dict[str, Any]
    version: int
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None
