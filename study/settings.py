"""What the learner can set about the quiz: ranges, defaults, and the scheduler that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Protocol

from study.days import local_date, start_of
from study.scheduling import RETENTION_RANGE, Scheduler, checked_weights

NEW_PER_DAY_RANGE = (0, 100)
LEECH_LAPSES_RANGE = (1, 50)


@dataclass(frozen=True)
class Settings:
    """The learner's settings. ValueError, for her to read, if one is out of range.

    `desired_retention`: the chance of recall, 0.70 to 0.99, at which a card comes back. `new_per_day`: 0 to 100.
    `interview_date`: the learner's calendar day; a past one has no effect. `weights`: the 21 FSRS-6 parameters fitted
    to her log, None for the defaults. `leech_lapses`: 1 to 50, after how many a card is pointed out as a leech.
    """

    desired_retention: float = 0.9
    new_per_day: int = 10
    interview_date: date | None = None
    weights: tuple[float, ...] | None = None
    leech_lapses: int = 5

    def __post_init__(self) -> None:
        _check_number("The desired retention", self.desired_retention, RETENTION_RANGE, whole=False)
        _check_number("The number of new cards a day", self.new_per_day, NEW_PER_DAY_RANGE, whole=True)
        _check_number("The number of lapses that make a leech", self.leech_lapses, LEECH_LAPSES_RANGE, whole=True)
        # A datetime is a date for Python, but is another moment's day elsewhere.
        if self.interview_date is not None and type(self.interview_date) is not date:
            raise ValueError(f"The interview date is {self.interview_date!r}; it must be a calendar day")
        if self.weights is not None:
            object.__setattr__(self, "weights", checked_weights(self.weights))


class SettingsStore(Protocol):
    """The part of `study.store.Store` that settings need."""

    def setting(self, key: str, default: Any, *, learner: str) -> Any:
        """See the store."""

    def set_settings(self, values: Mapping[str, Any], *, learner: str) -> None:
        """See the store."""


def load(store: SettingsStore, learner: str) -> Settings:
    """The learner's settings, the defaults where she has set nothing. ValueError if what is stored is no setting."""
    defaults = Settings()
    day = store.setting("interview_date", None, learner=learner)
    return Settings(
        desired_retention=store.setting("desired_retention", defaults.desired_retention, learner=learner),
        new_per_day=store.setting("new_per_day", defaults.new_per_day, learner=learner),
        interview_date=None if day is None else _day(day),
        weights=store.setting("fsrs_weights", None, learner=learner),
        leech_lapses=store.setting("leech_lapses", defaults.leech_lapses, learner=learner),
    )


def save(store: SettingsStore, learner: str, settings: Settings) -> None:
    """Keep all of the settings at once. `load` gives back equal ones."""
    values = {
        "desired_retention": settings.desired_retention,
        "new_per_day": settings.new_per_day,
        "interview_date": None if settings.interview_date is None else settings.interview_date.isoformat(),
        "fsrs_weights": None if settings.weights is None else list(settings.weights),
        "leech_lapses": settings.leech_lapses,
    }
    store.set_settings(values, learner=learner)


def scheduler_for(settings: Settings, now: datetime, tz: tzinfo) -> Scheduler:
    """The scheduler of these settings. An interview counts until its day begins where the learner is."""
    ahead = settings.interview_date is not None and settings.interview_date > local_date(now, tz)
    return Scheduler(
        desired_retention=settings.desired_retention,
        weights=settings.weights,
        deadline=start_of(settings.interview_date, tz) if ahead and settings.interview_date is not None else None,
    )


def _check_number(name: str, value: Any, limits: tuple[float, float], *, whole: bool) -> None:
    low, high = limits
    # True is the number 1 for Python.
    numeric = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not numeric or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise ValueError(f"{name} is {value!r}; it must be {kind} from {low} to {high}")


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"The interview date is {text!r}; it must look like 2026-03-31") from error
