"""The interview's clock: the server's time, so that a reload changes nothing.

Time runs while the page is open, whatever the learner does: an interviewer does not wait, and a clock that can be
stopped teaches nothing about time. So there is no pause button. But a laptop that was closed should not ruin the
rehearsal. While the page is open, it calls `seen` at least once a minute. Whoever comes back after more than two
minutes without that is asked whether the gap shall count (`gap`, `resume`); shorter ones, as a reload, always do. This
can be used to cheat, but only the learner would be cheated, and the report lists the gaps.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from study.days import as_utc
from study.interviewing.model import Gap, Interview

GAP = timedelta(minutes=2)
"""The longest time out of sight that is not asked about."""


def moment(interview: Interview, now: datetime) -> datetime:
    """`now` in UTC, but never before the last known moment, in case the server's clock is set back."""
    now = as_utc(now)
    return now if interview.seen_at is None else max(now, interview.seen_at)


def elapsed_seconds(interview: Interview, now: datetime) -> float:
    """Time used so far, without the gaps that do not count; 0 before the start, final after the end."""
    if interview.started_at is None:
        return 0.0
    until = interview.ended_at or moment(interview, now)
    away = sum(gap.seconds for gap in interview.gaps if not gap.counted)
    return max(0.0, (until - interview.started_at).total_seconds() - away)


def remaining_seconds(interview: Interview, now: datetime) -> float:
    """Time left; negative if the last answer ran over."""
    return interview.length_minutes * 60 - elapsed_seconds(interview, now)


def gap(interview: Interview, now: datetime) -> timedelta | None:
    """How long the page was out of sight, if that has to be asked about; None otherwise."""
    if interview.seen_at is None or interview.ended_at is not None:
        return None
    away = moment(interview, now) - interview.seen_at
    return away if away > GAP else None


def seen(interview: Interview, now: datetime) -> Interview:
    """Notes that the page is open. Changes nothing while a gap waits for the learner's decision."""
    if interview.seen_at is None or interview.ended_at is not None or gap(interview, now) is not None:
        return interview
    return replace(interview, seen_at=moment(interview, now))


def resume(interview: Interview, now: datetime, count_gap: bool) -> Interview:
    """Goes on after a gap, which counts or does not; without a gap the same as `seen`."""
    away = gap(interview, now)
    if away is None or interview.seen_at is None:
        return seen(interview, now)
    noted = Gap(at=interview.seen_at, seconds=away.total_seconds(), counted=count_gap)
    steps = interview.steps
    if interview.current is not None and not count_gap:
        paused = replace(interview.current, away_seconds=interview.current.away_seconds + noted.seconds)
        steps = (*steps[:-1], paused)
    return replace(interview, steps=steps, gaps=(*interview.gaps, noted), seen_at=moment(interview, now))
