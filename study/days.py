"""Moments and days: everything is stored in UTC; what a day is depends on where the learner is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC. ValueError if it is naive: a moment without a zone cannot be ordered among others."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone; use datetime.now(UTC) or attach one")
    return moment.astimezone(UTC)


def local_date(moment: datetime, tz: tzinfo) -> date:
    """The calendar day of an aware moment, for a learner in `tz`."""
    return as_utc(moment).astimezone(tz).date()


def day_start(now: datetime, tz: tzinfo) -> datetime:
    """The first moment, in UTC, of the learner's present calendar day."""
    return start_of(local_date(now, tz), tz)


def start_of(day: date, tz: tzinfo) -> datetime:
    """The first moment, in UTC, of a calendar day for a learner in `tz`.

    Days are 23 to 25 hours long where clocks change. Where a change skips midnight, the day starts at the change.
    """
    # fold=0 takes the first of two midnights, and reads a skipped one with the offset before the gap, which is the
    # moment of the change (PEP 495).
    return datetime.combine(day, time.min, tzinfo=tz).astimezone(UTC)
