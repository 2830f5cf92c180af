"""What an interview is made of. Plain, immutable data; moments are UTC, durations seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from content.items import Level

Kind = Literal["recall", "choice", "typed", "computed", "bug", "case", "exercise"]
Length = Literal[10, 20, 45]
Reason = Literal["opening", "follow_up", "next"]

LENGTHS: tuple[Length, ...] = (10, 20, 45)
"""In minutes."""

OPEN_KINDS: frozenset[Kind] = frozenset({"recall", "typed", "case"})
"""Answered in the learner's own words: estimated during the interview, ticked by her in the report."""

USUAL_SECONDS: dict[Kind, int] = {"recall": 60, "choice": 45, "typed": 60, "computed": 75, "bug": 120, "case": 240}
"""Time allowed where the content names none. Typed items and exercises bring their own (`seconds`, `minutes`)."""

WEAK = 0.5
"""Below this score an answer is weak, and the interviewer follows up."""

STRONG = 0.8
"""From this score on she moves on, or up a level."""


class InterviewError(ValueError):
    """The interview cannot be planned or restored. The message is for the learner."""


@dataclass(frozen=True)
class Entry:
    """An item of the catalogue, as far as the interviewer needs to know it.

    `question_id`: `deck/question`; a recall item with the same `item_id` is the question itself, which opens broadly.
    `seconds`: time allowed, at least 1. `clashes`: items whose answer this one gives away, or that give away this
    one's; they never meet in one interview.
    """

    item_id: str
    question_id: str
    kind: Kind
    level: Level
    topic: str
    seconds: int
    clashes: tuple[str, ...] = ()

    @property
    def broad(self) -> bool:
        """Whether it is the question itself."""
        return self.kind == "recall" and self.item_id == self.question_id


@dataclass(frozen=True)
class Step:
    """One thing that was asked. `number` counts from 1; `answered_at` is None while it is open.

    `follows`: number of the weak answer it follows up. `allowed_seconds`: time that a prepared candidate needs.
    `answer`: what the screen wants to keep; None if skipped. `score`, 0 to 1: of open kinds an estimate that only picks
    the next question. `away_seconds`: gaps that were not to count.
    """

    number: int
    item_id: str
    reason: Reason
    follows: int | None
    shown_at: datetime
    allowed_seconds: int
    answered_at: datetime | None = None
    answer: JsonValue = None
    score: float | None = None
    skipped: bool = False
    away_seconds: float = 0.0

    @property
    def seconds(self) -> float | None:
        """Time taken without gaps; None while it is open."""
        if self.answered_at is None:
            return None
        return max(0.0, (self.answered_at - self.shown_at).total_seconds() - self.away_seconds)

    @property
    def slow(self) -> bool:
        """Whether the answer took longer than allowed. A skipped step is not slow."""
        seconds = self.seconds
        return seconds is not None and not self.skipped and seconds > self.allowed_seconds


@dataclass(frozen=True)
class Gap:
    """A time of `seconds` from `at` in which the page was not open; `counted` if the learner let it count."""

    at: datetime
    seconds: float
    counted: bool


@dataclass(frozen=True)
class Interview:
    """A whole interview. `pool`: what may be asked, most wanted first. `seen_at`: when the page was last known open.

    `started_at` is None until the first question is shown, `ended_at` until the last one is done.
    """

    seed: int
    length_minutes: Length
    level: Level
    topics: tuple[str, ...]
    pool: tuple[Entry, ...]
    steps: tuple[Step, ...] = ()
    started_at: datetime | None = None
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def current(self) -> Step | None:
        """The step that waits for an answer."""
        return self.steps[-1] if self.steps and self.steps[-1].answered_at is None else None

    def entry(self, step: Step) -> Entry:
        """What a step asks. KeyError if it is not in the pool."""
        for entry in self.pool:
            if entry.item_id == step.item_id:
                return entry
        raise KeyError(step.item_id)
