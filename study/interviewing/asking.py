"""Planning an interview and going through it. Every function returns a new interview; `now` is an argument."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import JsonValue

from content.items import Level
from study.interviewing.choosing import pick, uniform
from study.interviewing.clock import moment, remaining_seconds
from study.interviewing.model import LENGTHS, Entry, Interview, InterviewError, Length, Step

_UNKNOWN = 0.5
_SMALLEST_WEIGHT = 0.05


def plan_interview(
    catalogue: Sequence[Entry],
    length_minutes: Length,
    level: Level,
    topics: Collection[str],
    seed: int,
    memory: Mapping[str, float] | None = None,
) -> Interview:
    """An interview that has not begun. No topics means all.

    `memory`: retrievability, 0 to 1, of items the learner has met. What she is about to forget is likelier to be
    asked: the pool is in the order of weighted sampling without replacement (Efraimidis and Spirakis, 2006), an item's
    weight being one minus its retrievability, at least 0.05; 0.5 if she has not met it.

    InterviewError if the topics leave nothing to ask, ValueError for another length or an item that occurs twice.
    """
    if length_minutes not in LENGTHS:
        raise ValueError(f"length is {length_minutes} minutes; it must be one of {LENGTHS}")
    known = {entry.topic for entry in catalogue}
    if unknown := sorted(set(topics) - known):
        raise InterviewError(f"No questions on {', '.join(unknown)}. There are some on {', '.join(sorted(known))}.")
    chosen = [entry for entry in catalogue if not topics or entry.topic in topics]
    if not chosen:
        raise InterviewError("There is nothing to ask.")
    _check_entries(chosen)
    retrievability = memory or {}

    def wanted(entry: Entry) -> tuple[float, str]:
        weight = max(_SMALLEST_WEIGHT, 1 - retrievability.get(entry.item_id, _UNKNOWN))
        return -(uniform(seed, entry.item_id) ** (1 / weight)), entry.item_id

    return Interview(
        seed=seed,
        length_minutes=length_minutes,
        level=level,
        topics=tuple(sorted(set(topics))),
        pool=tuple(sorted(chosen, key=wanted)),
    )


def next_step(interview: Interview, now: datetime) -> Interview:
    """With the next step shown at `now`, or ended if time or questions are used up. Unchanged while a step is open."""
    if interview.current is not None or interview.ended_at is not None:
        return interview
    now = moment(interview, now)
    if interview.started_at is None:
        interview = replace(interview, started_at=now)
    interview = replace(interview, seen_at=now)
    chosen = pick(interview, remaining_seconds(interview, now))
    if chosen is None:
        return replace(interview, ended_at=now)
    step = Step(
        number=len(interview.steps) + 1,
        item_id=chosen.entry.item_id,
        reason=chosen.reason,
        follows=chosen.follows,
        shown_at=now,
        allowed_seconds=chosen.entry.seconds,
    )
    return replace(interview, steps=(*interview.steps, step))


def answer(interview: Interview, number: int, given: JsonValue, score: float, now: datetime) -> Interview:
    """With step `number` answered: what was given, and a score from 0 to 1 (of open kinds the estimate).

    The same click twice counts once: an answered step is left as it is. ValueError for a step that was not asked, or a
    score out of range.
    """
    if not (math.isfinite(score) and 0 <= score <= 1):
        raise ValueError(f"score is {score}; it must be between 0 and 1")
    return _close(interview, number, now, answer=given, score=float(score), skipped=False)


def skip(interview: Interview, number: int, now: datetime) -> Interview:
    """ "I would say: I do not know." Scores 0, so that the interviewer tries something smaller. Errors as `answer`."""
    return _close(interview, number, now, answer=None, score=0.0, skipped=True)


def finish(interview: Interview, now: datetime) -> Interview:
    """Ended by the learner before its time; an open step counts as skipped."""
    if interview.ended_at is not None:
        return interview
    if interview.current is not None:
        interview = skip(interview, interview.current.number, now)
    now = moment(interview, now)
    return replace(interview, started_at=interview.started_at or now, seen_at=now, ended_at=now)


def step_seed(interview: Interview, number: int) -> int:
    """A seed for what a step draws (order of options, numbers of a computed item): 0 to 2**31 - 1, fixed per step."""
    digest = hashlib.sha256(f"{interview.seed}/step/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _close(
    interview: Interview, number: int, now: datetime, *, answer: JsonValue, score: float, skipped: bool
) -> Interview:
    if not 1 <= number <= len(interview.steps):
        raise ValueError(f"step {number} was not asked; there are {len(interview.steps)}")
    step = interview.steps[number - 1]
    if step.answered_at is not None:
        return interview
    now = moment(interview, now)
    closed = replace(step, answered_at=now, answer=answer, score=score, skipped=skipped)
    return replace(interview, steps=(*interview.steps[:-1], closed), seen_at=now)


def _check_entries(entries: Iterable[Entry]) -> None:
    met: set[str] = set()
    for entry in entries:
        if entry.item_id in met:
            raise ValueError(f"{entry.item_id} occurs twice in the catalogue")
        if entry.seconds < 1:
            raise ValueError(f"{entry.item_id} allows {entry.seconds} s; at least 1 is needed")
        met.add(entry.item_id)
