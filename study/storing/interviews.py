"""Mock interviews: each saved as it goes, so that leaving and coming back resumes it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from study.days import as_utc
from study.migrations.tables import InterviewRow
from study.records import Interview, StaleInterview
from study.storing.database import Database


class Interviews(Database):
    """The interviews of a learner. Their state is JSON that another module reads."""

    def start_interview(
        self, interview_id: str, state: dict[str, Any], now: datetime, *, learner: str = "local"
    ) -> Interview:
        """Keep a new interview at version 1. One that is known stays as it is, and is returned."""

        def work(session: Session) -> Interview:
            row = _find(session, interview_id, learner)
            if row is None:
                row = InterviewRow(
                    learner_id=learner,
                    interview_id=interview_id,
                    state=_as_json(state),
                    version=1,
                    started_at=as_utc(now),
                    updated_at=as_utc(now),
                    finished_at=None,
                )
                session.add(row)
                session.flush()
            return row.record()

        return self._write(work)

    def save_interview(
        self, interview_id: str, state: dict[str, Any], expected_version: int, now: datetime, *, learner: str = "local"
    ) -> int:
        """Keep the state that follows from the one at `expected_version`; returns the new version.

        The same save again changes nothing and returns the same version. A finished interview may be saved too (its
        answers are looked at afterwards). StaleInterview if another tab saved or finished it meanwhile; KeyError if
        there is no such interview.
        """
        wanted = _as_json(state)

        def work(session: Session) -> int:
            row = _known(session, interview_id, learner)
            if row.version == expected_version + 1 and row.state == wanted:
                return row.version
            if row.version != expected_version:
                raise StaleInterview(row.record())
            row.state, row.updated_at = wanted, as_utc(now)
            row.version += 1
            return row.version

        return self._write(work)

    def finish_interview(self, interview_id: str, now: datetime, *, learner: str = "local") -> Interview:
        """Mark an interview as finished, whatever its version; a save that another tab still makes is stale then.

        The first finish stays. KeyError if there is no such interview.
        """

        def work(session: Session) -> Interview:
            row = _known(session, interview_id, learner)
            if row.finished_at is None:
                row.finished_at = row.updated_at = as_utc(now)
                row.version += 1
            return row.record()

        return self._write(work)

    def interview(self, interview_id: str, *, learner: str = "local") -> Interview | None:
        """The interview as it was saved last, None if there is none of this identity."""
        with self._reading() as session:
            row = _find(session, interview_id, learner)
            return None if row is None else row.record()

    def interviews(self, *, learner: str = "local") -> list[Interview]:
        """All interviews of the learner, oldest first."""
        with self._reading() as session:
            query = select(InterviewRow).where(InterviewRow.learner_id == learner).order_by(InterviewRow.id)
            return [row.record() for row in session.scalars(query)]


def _find(session: Session, interview_id: str, learner: str) -> InterviewRow | None:
    by_id = (InterviewRow.learner_id == learner, InterviewRow.interview_id == interview_id)
    return session.scalar(select(InterviewRow).where(*by_id))


def _known(session: Session, interview_id: str, learner: str) -> InterviewRow:
    row = _find(session, interview_id, learner)
    if row is None:
        raise KeyError(f"no interview {interview_id!r}")
    return row


def _as_json(state: dict[str, Any]) -> dict[str, Any]:
    """The state as it will come back (tuples become lists). TypeError for what JSON cannot hold."""
    restored: dict[str, Any] = json.loads(json.dumps(state))
    return restored
