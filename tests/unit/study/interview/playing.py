"""Whole interviews, played by answerers of several kinds, with the rules checked at every step."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from study.interviewing.asking import answer, next_step, skip
from study.interviewing.choosing import LIMITS
from study.interviewing.clock import elapsed_seconds
from study.interviewing.model import WEAK, Entry, Interview

START = datetime(2026, 3, 4, 9, 30, 15, 123456, tzinfo=UTC)

Answer = tuple[float | None, float]
"""A score (None: skipped), and the share of the allowed time that it takes."""

ANSWERERS: dict[str, Callable[[random.Random], Answer]] = {
    "right": lambda rng: (1.0, rng.uniform(0.2, 1.0)),
    "wrong": lambda rng: (0.0, rng.uniform(0.2, 1.0)),
    "random": lambda rng: (rng.random(), rng.uniform(0.1, 1.0)),
    "exact": lambda rng: (rng.random(), 1.0),
    "slow": lambda rng: (rng.random(), rng.uniform(1.2, 4.0)),
    "skipper": lambda rng: (None, 0.02),
    "instant": lambda rng: (rng.choice((0.0, 1.0)), 0.0),
}
IN_TIME = sorted(set(ANSWERERS) - {"slow"})

Between = Callable[[Interview, datetime], tuple[Interview, datetime]]


def stay(interview: Interview, now: datetime) -> tuple[Interview, datetime]:
    """Nothing happens between the steps."""
    return interview, now


def play(interview: Interview, answerer: str, seed: int, between: Between = stay) -> Interview:
    """The interview to its end; `between` is called before every question and every answer."""
    rng, now = random.Random(seed), START
    while True:
        interview, now = between(interview, now)
        interview = next_step(interview, now)
        if interview.ended_at is not None:
            return interview
        step = interview.current
        assert step is not None
        assert next_step(interview, now) is interview, "a second look must not ask anything else"
        interview, now = between(interview, now)
        score, share = ANSWERERS[answerer](rng)
        now += timedelta(seconds=round(step.allowed_seconds * share, 3))
        given: JsonValue = {"text": f"{answerer} {step.number}", "chosen": [1, 2]}
        if score is None:
            interview = skip(interview, step.number, now)
        else:
            interview = answer(interview, step.number, given, score, now)


def entries(interview: Interview) -> list[Entry]:
    """What was asked, in order."""
    return [interview.entry(step) for step in interview.steps]


def check_rules(interview: Interview) -> None:
    """What holds for every interview, whoever answers and from whatever catalogue."""
    asked, steps = entries(interview), interview.steps
    ids = [entry.item_id for entry in asked]
    assert len(set(ids)) == len(ids), "nothing is asked twice"
    assert len(steps) <= LIMITS[interview.length_minutes].steps
    for place, (entry, step) in enumerate(zip(asked, steps, strict=True)):
        before = asked[:place]
        assert not set(entry.clashes) & set(ids)
        assert not (entry.broad and any(other.question_id == entry.question_id for other in before))
        if entry.kind != "recall":
            assert not any((other.question_id, other.kind) == (entry.question_id, entry.kind) for other in before)
        if step.reason == "follow_up":
            weak = steps[place - 1]
            assert step.follows == weak.number
            assert weak.score is not None and weak.score < WEAK
            assert entry.question_id == before[-1].question_id
            assert entry.kind == "recall" or entry.level == "junior"
        else:
            assert step.follows is None
        assert (step.reason == "opening") == (place == 0)
    assert [entry.kind for entry in asked].count("exercise") <= 1
    assert [entry.kind for entry in asked].count("case") <= 1
    check_time(interview)


def check_time(interview: Interview) -> None:
    """Nothing is begun after the end, and nothing that is not expected to fit, 30 s for the mix aside."""
    assert interview.ended_at is not None
    length = interview.length_minutes * 60
    used = elapsed_seconds(interview, interview.ended_at)
    before_last = used - (interview.steps[-1].seconds or 0) if interview.steps else 0
    assert before_last < length
    if not any(step.slow for step in interview.steps):
        assert used <= length + 30
