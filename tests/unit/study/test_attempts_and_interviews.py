"""Exercise attempts and mock interviews: kept once, and one tab does not overwrite another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from study.store import StaleInterview, Store


def test_attempts_are_logged_once(store: Store, now: datetime) -> None:
    tests = [{"name": "freezes the first two", "passed": False, "message": "expected 2, got 0"}]
    for code in ("pass", "changed"):
        store.log_attempt("deck/q/freeze", code, False, tests, 0.8, now, attempt_id="t1")
    store.log_attempt("deck/q/head", "x" * 100_000, True, [], 1.5, now + timedelta(minutes=1), attempt_id="t2")
    store.log_attempt("deck/q/head", "theirs", True, [], 1.5, now, attempt_id="t1", learner="bob")
    first, second = store.attempts()
    assert (first.attempt_id, first.exercise, first.code, first.passed) == ("t1", "deck/q/freeze", "pass", False)
    assert (first.tests, first.seconds, first.attempted_at) == (tests, 0.8, now)
    assert (second.code, second.passed) == ("x" * 100_000, True)
    assert store.attempts("deck/q/head") == [second]
    assert [each.code for each in store.attempts(learner="bob")] == ["theirs"]


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_impossible_seconds_are_refused(store: Store, now: datetime, seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        store.log_attempt("e", "", False, [], seconds, now, attempt_id="t")
    assert store.attempts() == []


def test_an_interview_is_started_once_and_saved_step_by_step(store: Store, now: datetime) -> None:
    started = store.start_interview("i1", {"minutes": 20, "asked": []}, now)
    assert (started.version, started.started_at, started.finished_at) == (1, now, None)
    assert store.start_interview("i1", {"minutes": 45}, now + timedelta(minutes=1)) == started
    assert store.save_interview("i1", {"minutes": 20, "asked": ["q"]}, 1, now + timedelta(minutes=2)) == 2
    kept = store.interview("i1")
    assert kept is not None
    assert (kept.state, kept.version) == ({"minutes": 20, "asked": ["q"]}, 2)
    assert (kept.started_at, kept.updated_at) == (now, now + timedelta(minutes=2))
    assert store.interviews() == [kept]
    assert (store.interview("i2"), store.interviews(learner="bob")) == (None, [])


def test_the_same_save_again_is_the_same_step(store: Store, now: datetime) -> None:
    """As when the acknowledgement was lost; tuples are lists in JSON, so they are the same too."""
    store.start_interview("i1", {}, now)
    assert store.save_interview("i1", {"asked": ("a", "b")}, 1, now) == 2
    assert store.save_interview("i1", {"asked": ["a", "b"]}, 1, now) == 2


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_save_on_an_older_state_is_stale_and_changes_nothing(store: Store, now: datetime, version: int) -> None:
    store.start_interview("i1", {}, now)
    store.save_interview("i1", {"tab": 1}, 1, now)
    with pytest.raises(StaleInterview, match="went on elsewhere") as caught:
        store.save_interview("i1", {"tab": 2}, version, now)
    assert caught.value.interview == store.interview("i1")
    assert caught.value.interview.state == {"tab": 1}


def test_finishing_stays_and_makes_late_saves_stale(store: Store, now: datetime) -> None:
    store.start_interview("i1", {"a": 1}, now)
    finished = store.finish_interview("i1", now + timedelta(minutes=20))
    assert store.finish_interview("i1", now + timedelta(minutes=30)) == finished == store.interview("i1")
    assert (finished.finished_at, finished.version, finished.state) == (now + timedelta(minutes=20), 2, {"a": 1})
    with pytest.raises(StaleInterview):
        store.save_interview("i1", {"a": 2}, 1, now)
    assert store.save_interview("i1", {"a": 1, "ticks": [0]}, 2, now + timedelta(minutes=40)) == 3
    kept = store.interview("i1")
    assert kept is not None
    assert kept.finished_at == now + timedelta(minutes=20)


def test_an_interview_that_was_never_started_is_named(store: Store, now: datetime) -> None:
    for call in (lambda: store.save_interview("i9", {}, 1, now), lambda: store.finish_interview("i9", now)):
        with pytest.raises(KeyError, match="i9"):
            call()
    with pytest.raises(ValueError, match="no time zone"):
        store.start_interview("i9", {}, now.replace(tzinfo=None))
    with pytest.raises(TypeError):
        store.start_interview("i9", {"chosen": {1}}, now)
    assert store.interviews() == []


def test_of_eight_tabs_exactly_one_saves(store: Store, file: Path, now: datetime) -> None:
    other = Store(f"sqlite:///{file}")
    store.start_interview("i1", {}, now)
    start = threading.Barrier(8)

    def save(number: int) -> int | None:
        start.wait()
        try:
            return (store, other)[number % 2].save_interview("i1", {"tab": number}, 1, now)
        except StaleInterview:
            return None

    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(save, range(8)))
    assert sorted(versions, key=str) == [2, *[None] * 7]
    kept = other.interview("i1")
    assert kept is not None
    assert kept.state == {"tab": versions.index(2)}
    other.close()
