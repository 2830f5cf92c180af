"""The learner's settings: kept whole, refused out of range, and the scheduler they make."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS

from study.days import start_of
from study.scheduling import Scheduler
from study.settings import Settings, load, save, scheduler_for
from study.store import Store

WEIGHTS = (0.5, *DEFAULT_PARAMETERS[1:])
ALL = Settings(0.85, 25, date(2026, 12, 1), WEIGHTS, 8)


def test_defaults(store: Store) -> None:
    assert load(store, "local") == Settings(0.9, 10, None, None, 5)


def test_what_is_saved_is_loaded_exactly(store: Store) -> None:
    save(store, "ada", ALL)
    assert load(store, "ada") == ALL
    assert load(store, "bob") == Settings()
    save(store, "ada", Settings())
    assert load(store, "ada") == Settings()


def test_the_number_of_new_cards_of_before_is_the_same_setting(store: Store) -> None:
    store.set_setting("new_per_day", 3)
    assert load(store, "local").new_per_day == 3


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("desired_retention", 0.69, "retention is 0.69; it must be a number from 0.7 to 0.99"),
        ("desired_retention", 1, "retention is 1;"),
        ("desired_retention", float("nan"), "retention is nan"),
        ("desired_retention", "0.9", "retention is '0.9'"),
        ("new_per_day", -1, "new cards a day is -1; it must be a whole number from 0 to 100"),
        ("new_per_day", 101, "new cards a day is 101"),
        ("new_per_day", 2.5, "new cards a day is 2.5"),
        ("new_per_day", True, "new cards a day is True"),
        ("leech_lapses", 0, "leech is 0; it must be a whole number from 1 to 50"),
        ("weights", (1.0, 2.0), "no FSRS-6 parameters"),
        ("interview_date", "2026-12-01", "interview date is '2026-12-01'; it must be a calendar day"),
        ("interview_date", datetime(2026, 12, 1, tzinfo=UTC), "must be a calendar day"),
    ],
)
def test_out_of_range_is_refused_in_words(field: str, value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Settings(**{field: value})


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("interview_date", "tomorrow", "'tomorrow'; it must look like"),
        ("interview_date", 7, "7; it must look like"),
        ("new_per_day", "many", "'many'"),
        ("fsrs_weights", [1], "got 1"),
    ],
)
def test_what_is_stored_but_no_setting_is_refused_when_loaded(
    store: Store, key: str, value: object, reason: str
) -> None:
    store.set_setting(key, value)
    with pytest.raises(ValueError, match=reason):
        load(store, "local")


def test_all_settings_are_kept_or_none(store: Store) -> None:
    with pytest.raises(TypeError):
        store.set_settings({"new_per_day": 3, "broken": {1}})
    assert store.setting("new_per_day", None) is None


def test_the_scheduler_of_the_settings() -> None:
    zone = ZoneInfo("America/New_York")
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    scheduler = scheduler_for(ALL, now, zone)
    assert scheduler == Scheduler(
        desired_retention=0.85, weights=WEIGHTS, deadline=datetime(2026, 12, 1, 5, tzinfo=UTC)
    )
    assert scheduler_for(Settings(), now, zone) == Scheduler()


def test_an_interview_counts_until_its_day_begins_where_the_learner_is() -> None:
    settings, zone = Settings(interview_date=date(2026, 12, 1)), ZoneInfo("Asia/Tokyo")
    begin = start_of(date(2026, 12, 1), zone)
    assert begin == datetime(2026, 11, 30, 15, tzinfo=UTC)
    assert scheduler_for(settings, begin - timedelta(seconds=1), zone).deadline == begin
    assert scheduler_for(settings, begin, zone).deadline is None
