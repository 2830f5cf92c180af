"""Lab runs, and what the learner expected of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from study.migrations.tables import LabRunRow, PredictionRow
from study.records import LabRun, Prediction
from study.storing.database import Database


class Labs(Database):
    """The log of the labs. It schedules nothing."""

    def log_prediction(
        self,
        lab: str,
        config: dict[str, Any],
        predicted: str,
        now: datetime,
        *,
        prediction_id: str,
        learner: str = "local",
    ) -> None:
        """Keep what the learner expects of a run, before it starts. A `prediction_id` that is known stays as it is."""

        def work(session: Session) -> None:
            if _find_prediction(session, prediction_id, learner) is None:
                session.add(
                    PredictionRow(
                        learner_id=learner,
                        prediction_id=prediction_id,
                        lab=lab,
                        config=config,
                        predicted=predicted,
                        predicted_at=now,
                    )
                )

        self._write(work)

    def settle_prediction(self, prediction_id: str, outcome: str, now: datetime, *, learner: str = "local") -> None:
        """Keep what came out. The first outcome stays; nothing happens for a run that had no prediction."""

        def work(session: Session) -> None:
            row = _find_prediction(session, prediction_id, learner)
            if row is not None and row.outcome is None:
                row.outcome, row.settled_at = outcome, now

        self._write(work)

    def predictions(self, *, learner: str = "local") -> list[Prediction]:
        """All predictions of the learner, oldest first."""
        with self._reading() as session:
            query = select(PredictionRow).where(PredictionRow.learner_id == learner).order_by(PredictionRow.id)
            return [row.record() for row in session.scalars(query)]

    def log_run(
        self,
        lab: str,
        config: dict[str, Any],
        seconds: float,
        outcome: str,
        now: datetime,
        *,
        run_id: str,
        measured: dict[str, Any] | None = None,
        learner: str = "local",
    ) -> None:
        """Keep a finished lab run (`seconds`: its wall-clock duration; `measured`: a few of its numbers, as JSON holds
        them). A `run_id` that is known stays as it is."""

        def work(session: Session) -> None:
            query = select(LabRunRow.id).where(LabRunRow.learner_id == learner, LabRunRow.run_id == run_id)
            if session.scalar(query) is None:
                session.add(
                    LabRunRow(
                        learner_id=learner,
                        run_id=run_id,
                        lab=lab,
                        config=config,
                        seconds=seconds,
                        outcome=outcome,
                        finished_at=now,
                        measured=measured,
                    )
                )

        self._write(work)

    def lab_runs(self, *, learner: str = "local") -> list[LabRun]:
        """All finished lab runs of the learner, oldest first."""
        with self._reading() as session:
            query = select(LabRunRow).where(LabRunRow.learner_id == learner).order_by(LabRunRow.id)
            return [row.record() for row in session.scalars(query)]


def _find_prediction(session: Session, prediction_id: str, learner: str) -> PredictionRow | None:
    return session.scalar(
        select(PredictionRow).where(PredictionRow.learner_id == learner, PredictionRow.prediction_id == prediction_id)
    )
