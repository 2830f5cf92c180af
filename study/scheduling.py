"""When to ask a card again: a thin, pure layer over the `fsrs` package (FSRS-6; Ye et al., KDD 2022).

Nothing here computes an interval. The layer adds: immutable memories, the clock as an argument, a preview of the four
outcomes, a cap before an interview, and words for intervals. Fuzzing, the package's random change of long intervals,
is off: the preview on the buttons must equal what is scheduled, and nothing may depend on the global random generator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Any, Literal, cast

import fsrs
from fsrs.scheduler import DEFAULT_PARAMETERS

from study.days import as_utc

State = Literal["learning", "review", "relearning"]

RETENTION_RANGE = (0.70, 0.99)
MAXIMUM_INTERVAL_RANGE_DAYS = (1, 36_500)

FINAL_DAYS = 3
"""Days before the interview in which every card is seen once more: on the last one alone, all would come at once."""


class Rating(IntEnum):
    """How the recall went, as the learner judges it. Values are those of `fsrs.Rating`."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


@dataclass(frozen=True)
class Memory:
    """What is known of one memory.

    `state`: learning (first minutes), review (days and more) or relearning (just forgotten). `step`: index of the
    (re)learning step, None in review. `stability_days` (>= 0.001): days until the chance of recall falls to 90 %.
    `difficulty`: 1 to 10. Both are None until the first answer. `due`, `last_review`: UTC.
    """

    state: State
    step: int | None
    stability_days: float | None
    difficulty: float | None
    due: datetime
    last_review: datetime | None

    def to_fsrs(self) -> fsrs.Card:
        """The same memory as the package's mutable card."""
        return fsrs.Card(
            # Without an id the constructor reads the clock and sleeps for a millisecond.
            card_id=0,
            state=fsrs.State[self.state.capitalize()],
            step=self.step,
            stability=self.stability_days,
            difficulty=self.difficulty,
            due=self.due,
            last_review=self.last_review,
        )

    @classmethod
    def from_fsrs(cls, card: fsrs.Card) -> Memory:
        """The memory that a card of the package holds; its id is dropped."""
        return cls(
            state=cast(State, card.state.name.lower()),
            step=card.step,
            stability_days=card.stability,
            difficulty=card.difficulty,
            due=card.due,
            last_review=card.last_review,
        )

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; moments in ISO 8601. `from_json` restores it exactly, floats included."""
        return {
            "state": self.state,
            "step": self.step,
            "stability_days": self.stability_days,
            "difficulty": self.difficulty,
            "due": self.due.isoformat(),
            "last_review": None if self.last_review is None else self.last_review.isoformat(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Memory:
        """Inverse of `to_json`. KeyError if a field is missing, ValueError for a malformed moment."""
        last_review = values["last_review"]
        return cls(
            state=values["state"],
            step=values["step"],
            stability_days=values["stability_days"],
            difficulty=values["difficulty"],
            due=datetime.fromisoformat(values["due"]).astimezone(UTC),
            last_review=None if last_review is None else datetime.fromisoformat(last_review).astimezone(UTC),
        )


@dataclass(frozen=True)
class Outcome:
    """What one rating would lead to: `due` (UTC), the `interval` until then, and its short `label` ("10 min")."""

    due: datetime
    interval: timedelta
    label: str


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """The learner's scheduling settings, and scheduling with them.

    `desired_retention`: the chance of recall, 0.70 to 0.99, at which a card comes back. `maximum_interval_days`: 1 to
    36 500, holds for cards in review. `weights`: the 21 parameters of FSRS-6, None for the package's defaults. Learning
    steps (1 and 10 minutes) are the package's.

    `deadline` (UTC): the beginning of the interview's day. Until `FINAL_DAYS` before it an answer is scheduled no later
    than `last_call`, a day before the deadline, so that every card is seen again in the final days. Within those, only
    a card that is just being learnt is held to that: a review has just been its look before the interview. From the
    last call on the deadline has no effect.

    ValueError out of range and for a naive deadline; every method raises ValueError for a naive `now`.
    """

    desired_retention: float = 0.9
    maximum_interval_days: int = 36_500
    weights: tuple[float, ...] | None = None
    deadline: datetime | None = None

    def __post_init__(self) -> None:
        for name, value, (low, high) in (
            ("desired_retention", self.desired_retention, RETENTION_RANGE),
            ("maximum_interval_days", self.maximum_interval_days, MAXIMUM_INTERVAL_RANGE_DAYS),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; it must be between {low} and {high}")
        # Frozen, and a key of the cache below: a list or another zone must not make a second, unequal scheduler.
        if self.weights is not None:
            object.__setattr__(self, "weights", checked_weights(self.weights))
        if self.deadline is not None:
            object.__setattr__(self, "deadline", as_utc(self.deadline))

    @property
    def last_call(self) -> datetime | None:
        """The moment, UTC, by which every card is due again: the last day before the interview is left to see it."""
        return None if self.deadline is None else self.deadline - timedelta(days=1)

    @property
    def final_days_start(self) -> datetime | None:
        """The moment, UTC, from which a review counts as a card's look before the interview."""
        return None if self.deadline is None else self.deadline - timedelta(days=FINAL_DAYS)

    def new_memory(self, now: datetime) -> Memory:
        """The memory of a card that was never answered, due at once."""
        return Memory.from_fsrs(fsrs.Card(card_id=0, due=as_utc(now)))

    def review(self, memory: Memory, rating: Rating, now: datetime) -> Memory:
        """The memory after an answer at `now`. Deterministic."""
        now = as_utc(now)
        card, _ = _engine(self).review_card(memory.to_fsrs(), fsrs.Rating(rating), now)
        after = Memory.from_fsrs(card)
        held_until = self.final_days_start if memory.state == "review" else self.last_call
        if self.last_call is None or held_until is None or now >= held_until:
            return after
        return replace(after, due=min(after.due, self.last_call))

    def preview(self, memory: Memory, now: datetime) -> dict[Rating, Outcome]:
        """What each of the four ratings would lead to if given at `now`; exactly what `review` then schedules."""
        now = as_utc(now)
        outcomes = {}
        for rating in Rating:
            due = self.review(memory, rating, now).due
            outcomes[rating] = Outcome(due=due, interval=due - now, label=interval_label(due - now))
        return outcomes

    def retrievability(self, memory: Memory, now: datetime) -> float:
        """The predicted chance of recall at `now`, 0 to 1; 0 before the first answer.

        The package counts whole days of 24 hours since the last answer: it is 1 for the first day.
        """
        return _engine(self).get_card_retrievability(memory.to_fsrs(), as_utc(now))


def checked_weights(weights: Sequence[float]) -> tuple[float, ...]:
    """The 21 parameters of FSRS-6, as floats. ValueError if the package refuses them (number of them, bounds, NaN)."""
    try:
        numbers = tuple(float(weight) for weight in weights)
        fsrs.Scheduler(parameters=numbers)
    except (TypeError, ValueError) as error:
        raise ValueError(f"these are no FSRS-6 parameters: {error}") from error
    return numbers


@lru_cache(maxsize=32)
def _engine(settings: Scheduler) -> fsrs.Scheduler:
    return fsrs.Scheduler(
        parameters=DEFAULT_PARAMETERS if settings.weights is None else settings.weights,
        desired_retention=settings.desired_retention,
        maximum_interval=settings.maximum_interval_days,
        enable_fuzzing=False,
    )


def interval_label(interval: timedelta) -> str:
    """An interval in a few characters: "<1 min", "10 min", "5 h", "2 d", "1.5 mo", "2 y".

    A month is 30.44 days and a year 365.25. Months and years have one decimal, dropped when it is 0.
    """
    minutes = interval.total_seconds() / 60
    if minutes < 1:
        return "<1 min"
    # A unit is left as soon as its *rounded* number reaches the next unit, so that nothing reads "60 min".
    for size, limit, unit in ((1, 60, "min"), (60, 24, "h"), (1440, 30.44, "d")):
        if round(minutes / size) < limit:
            return f"{round(minutes / size)} {unit}"
    months = round(minutes / (1440 * 30.44), 1)
    if months < 12:
        return f"{months:g} mo"
    return f"{round(minutes / (1440 * 365.25), 1):g} y"
