"""Exercise attempts: the code that was handed in, and what the tests said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from study.migrations.tables import AttemptRow
from study.records import Attempt
from study.storing.database import Database


class Attempts(Database):
    """The log of the exercises. It schedules nothing; an answer does that."""

    def log_attempt(
        self,
        exercise: str,
        code: str,
        passed: bool,
        tests: list[dict[str, Any]],
        seconds: float,
        now: datetime,
        *,
        attempt_id: str,
        learner: str = "local",
    ) -> None:
        """Keep an attempt (`tests`: JSON of each outcome; `seconds` >= 0). An `attempt_id` that is known stays as it
        is."""
        if not seconds >= 0:
            raise ValueError(f"seconds is {seconds}; it must be 0 or more")

        def work(session: Session) -> None:
            query = select(AttemptRow.id).where(AttemptRow.learner_id == learner, AttemptRow.attempt_id == attempt_id)
            if session.scalar(query) is None:
                session.add(
                    AttemptRow(
                        learner_id=learner,
                        attempt_id=attempt_id,
                        exercise=exercise,
                        code=code,
                        passed=passed,
                        tests=tests,
                        seconds=seconds,
                        attempted_at=now,
                    )
                )

        self._write(work)

    def attempts(self, exercise: str | None = None, *, learner: str = "local") -> list[Attempt]:
        """All attempts of the learner, or those at one exercise; oldest first."""
        query = select(AttemptRow).where(AttemptRow.learner_id == learner).order_by(AttemptRow.id)
        if exercise is not None:
            query = query.where(AttemptRow.exercise == exercise)
        with self._reading() as session:
            return [row.record() for row in session.scalars(query)]
