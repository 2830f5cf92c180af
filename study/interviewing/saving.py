"""Interviews as JSON and back, exactly. What comes back from a database or a browser is not trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter, ValidationError

from study.interviewing.model import Interview, InterviewError

VERSION = 1
_FORMAT: TypeAdapter[Interview] = TypeAdapter(Interview)
_KNOWN_FIELDS = frozenset(Interview.__dataclass_fields__) | {"version"}


def to_json(interview: Interview) -> dict[str, Any]:
    """As a JSON object with a `version`; moments in ISO 8601. `from_json` restores it exactly, floats included."""
    values: dict[str, Any] = _FORMAT.dump_python(interview, mode="json")
    return {"version": VERSION, **values}


def from_json(values: Mapping[str, Any]) -> Interview:
    """Inverse of `to_json`. InterviewError for another version, unknown or malformed fields, and what cannot be so."""
    if not isinstance(values, Mapping):
        raise InterviewError("This is not a saved interview.")
    version = values.get("version")
    if version != VERSION or isinstance(version, bool):
        raise InterviewError(f"This interview was saved in format {version!r}; this program reads format {VERSION}.")
    if unknown := sorted(str(key) for key in values.keys() - _KNOWN_FIELDS):
        raise InterviewError(f"The saved interview has unknown fields: {', '.join(unknown)[:200]}.")
    try:
        text = json.dumps({key: value for key, value in values.items() if key != "version"}, allow_nan=False)
        interview = _FORMAT.validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InterviewError(f"The saved interview is damaged at {place or 'the top'}: {first['msg']}.") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise InterviewError(f"The saved interview is damaged: {error}.") from error
    if problem := _problem(interview):
        raise InterviewError(f"The saved interview is damaged: {problem}.")
    return interview


def _problem(interview: Interview) -> str | None:
    """What cannot be so, or None."""
    pool = [entry.item_id for entry in interview.pool]
    asked = [step.item_id for step in interview.steps]
    checks = (
        (not pool, "nothing to ask"),
        (len(set(pool)) < len(pool), "an item occurs twice"),
        (any(entry.seconds < 1 for entry in interview.pool), "an item allows no time"),
        (not set(asked) <= set(pool), "a step asks something unknown"),
        (len(set(asked)) < len(asked), "something was asked twice"),
        ([step.number for step in interview.steps] != list(range(1, len(asked) + 1)), "steps are not in order"),
        (any(step.answered_at is None for step in interview.steps[:-1]), "a step was passed over"),
        (any(_contradicts_itself(step.score, step.answered_at) for step in interview.steps), "a score is not possible"),
        (any(not 0 <= step.away_seconds < float("inf") for step in interview.steps), "a gap is not possible"),
        (any(not 0 <= gap.seconds < float("inf") for gap in interview.gaps), "a gap is not possible"),
        (bool(asked) and interview.started_at is None, "it has steps but no beginning"),
        (interview.ended_at is not None and interview.current is not None, "it has ended with an open step"),
        (not _moments_in_order(interview), "its moments are not in order or not in UTC"),
    )
    return next((problem for failed, problem in checks if failed), None)


def _contradicts_itself(score: float | None, answered_at: datetime | None) -> bool:
    if score is None or answered_at is None:
        return (score is None) != (answered_at is None)
    return not 0 <= score <= 1


def _moments_in_order(interview: Interview) -> bool:
    shown = [moment for step in interview.steps for moment in (step.shown_at, step.answered_at)]
    moments = [
        moment for moment in (interview.started_at, *shown, interview.seen_at, interview.ended_at) if moment is not None
    ]
    if any(moment.utcoffset() != timedelta(0) for moment in (*moments, *(gap.at for gap in interview.gaps))):
        return False
    if (interview.started_at is None) != (interview.seen_at is None):
        return False
    return all(earlier <= later for earlier, later in pairwise(moments))
