"""Saved interviews: exact, and refused with a clear message when they are old, damaged or hostile."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from study.interviewing.asking import next_step, plan_interview
from study.interviewing.model import InterviewError
from study.interviewing.saving import from_json, to_json
from tests.unit.study.interview.catalogues import complete, recall_only
from tests.unit.study.interview.playing import START, play

Change = Callable[[dict[str, Any]], object]


def saved() -> dict[str, Any]:
    """A finished interview that went through real JSON text."""
    values: dict[str, Any] = json.loads(
        json.dumps(to_json(play(plan_interview(recall_only(), 10, "junior", (), 1), "wrong", 1)))
    )
    return values


def test_round_trip_through_text() -> None:
    planned = plan_interview(complete(), 45, "senior", ("PyTorch", "Forgetting"), 2**60 + 1, {"x": 0.1})
    for interview in (planned, next_step(planned, START), play(planned, "random", 3), play(planned, "skipper", 3)):
        text = json.dumps(to_json(interview), allow_nan=False)
        assert from_json(json.loads(text)) == interview
        assert json.dumps(to_json(from_json(json.loads(text)))) == text


CHANGES: dict[str, tuple[Change, str]] = {
    "no version": (lambda v: v.pop("version"), "format None"),
    "old version": (lambda v: v.update(version=0), "format 0"),
    "version true": (lambda v: v.update(version=True), "format True"),
    "version of another kind": (lambda v: v.update(version="1"), "format '1'"),
    "unknown field": (lambda v: v.update(evil=1), "unknown fields: evil"),
    "missing field": (lambda v: v.pop("pool"), "pool"),
    "number as text": (lambda v: v.update(seed="7"), "seed"),
    "another length": (lambda v: v.update(length_minutes=11), "length_minutes"),
    "another level": (lambda v: v.update(level="boss"), "level"),
    "pool is text": (lambda v: v.update(pool="all"), "pool"),
    "empty pool": (lambda v: v.update(pool=[], steps=[]), "nothing to ask"),
    "another kind": (lambda v: v["pool"][0].update(kind="essay"), "kind"),
    "no time": (lambda v: v["pool"][0].update(seconds=0), "allows no time"),
    "pool twice": (lambda v: v["pool"].append(v["pool"][0]), "occurs twice"),
    "unknown item": (lambda v: v["steps"][0].update(item_id="d/z"), "something unknown"),
    "asked twice": (lambda v: v["steps"][1].update(item_id=v["steps"][0]["item_id"]), "asked twice"),
    "steps in another order": (lambda v: v["steps"].reverse(), "not in order"),
    "step passed over": (lambda v: v["steps"][0].update(answered_at=None, score=None), "passed over"),
    "answered without a score": (lambda v: v["steps"][0].update(score=None), "score is not possible"),
    "score of 2": (lambda v: v["steps"][0].update(score=2.0), "score is not possible"),
    "score not a number": (lambda v: v["steps"][0].update(score=float("nan")), "damaged"),
    "time away below zero": (lambda v: v["steps"][0].update(away_seconds=-1.0), "gap is not possible"),
    "gap below zero": (
        lambda v: v.update(gaps=[{"at": v["started_at"], "seconds": -5.0, "counted": True}]),
        "gap is not possible",
    ),
    "steps without a start": (lambda v: v.update(started_at=None), "no beginning"),
    "ended while open": (lambda v: v["steps"][-1].update(answered_at=None, score=None), "open step"),
    "ended before it began": (lambda v: v.update(ended_at="2020-01-01T00:00:00Z"), "not in order"),
    "moment without a zone": (lambda v: v.update(ended_at="2030-01-01T00:00:00"), "."),
    "another zone": (lambda v: v.update(ended_at="2030-01-01T00:00:00+02:00"), "UTC"),
    "nonsense for a moment": (lambda v: v["steps"][0].update(shown_at="soon"), "shown_at"),
    "not JSON": (lambda v: v["steps"][0].update(answer={1, 2}), "damaged"),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_damaged(name: str) -> None:
    change, message = CHANGES[name]
    values = copy.deepcopy(saved())
    from_json(values)
    change(values)
    with pytest.raises(InterviewError, match=message):
        from_json(values)


def test_nesting_without_end() -> None:
    values = saved()
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    values["steps"][0]["answer"] = deep
    with pytest.raises(InterviewError, match="damaged"):
        from_json(values)


@pytest.mark.parametrize("values", [None, [], "{}", 7])
def test_something_else(values: Any) -> None:
    with pytest.raises(InterviewError, match="not a saved interview"):
        from_json(values)
