"""Where a day begins, in zones that make it hard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from study.days import as_utc, day_start, local_date


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("zone", "moment", "start"),
    [
        ("UTC", _utc(2026, 5, 1, 23, 59), _utc(2026, 5, 1)),
        ("Pacific/Auckland", _utc(2026, 5, 1, 13), _utc(2026, 5, 1, 12)),
        ("America/Los_Angeles", _utc(2026, 5, 1, 5), _utc(2026, 4, 30, 7)),
        ("Asia/Kathmandu", _utc(2026, 5, 1, 18, 14), _utc(2026, 4, 30, 18, 15)),
        # Clocks change during the day: it starts with the old offset.
        ("Europe/Berlin", _utc(2026, 3, 29, 20), _utc(2026, 3, 28, 23)),
        ("Europe/Berlin", _utc(2026, 10, 25, 20), _utc(2026, 10, 24, 22)),
        # Midnight does not exist in Cairo on 24 April 2026: the day starts at 01:00, when clocks change.
        ("Africa/Cairo", _utc(2026, 4, 24, 12), _utc(2026, 4, 23, 22)),
        # Midnight comes twice in Havana on 1 November 2026: the first one counts.
        ("America/Havana", _utc(2026, 11, 1, 12), _utc(2026, 11, 1, 4)),
        ("America/Havana", _utc(2026, 11, 1, 5, 30), _utc(2026, 11, 1, 4)),
    ],
)
def test_day_start(zone: str, moment: datetime, start: datetime) -> None:
    tz = ZoneInfo(zone)
    found = day_start(moment, tz)
    assert found == start
    assert found.tzinfo is UTC
    assert local_date(found, tz) == local_date(moment, tz)
    assert local_date(found - timedelta(microseconds=1), tz) == local_date(moment, tz) - timedelta(days=1)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe"])
def test_every_hour_of_a_year_belongs_to_the_day_that_started_last(zone: str) -> None:
    tz = ZoneInfo(zone)
    lengths = set()
    previous = day_start(_utc(2026, 1, 1), tz)
    for hour in range(24 * 365):
        moment = _utc(2026, 1, 1) + timedelta(hours=hour)
        start = day_start(moment, tz)
        assert start <= moment
        assert local_date(start, tz) == local_date(moment, tz)
        if start != previous:
            lengths.add((start - previous).total_seconds() / 3600)
            previous = start
    assert lengths in ({23.0, 24.0, 25.0}, {23.5, 24.0, 24.5})


def test_naive_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        as_utc(datetime(2026, 1, 1))
