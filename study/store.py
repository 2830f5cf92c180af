"""The study database: cards, the review log, predictions, lab runs, settings. The only room for SQL.

SQLite in the user's data directory by default; any database SQLAlchemy knows by URL. An answer that was acknowledged
survives the death of the process and of the machine: it is synced to disk (`synchronous=FULL`) before the call returns.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_data_dir
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from study.days import as_utc
from study.migrations.connection import connect, explained
from study.migrations.tables import CardRow, LabRunRow, PredictionRow, ReviewRow, SettingRow
from study.queue import Card
from study.records import LabRun, Prediction, Review, StaleCard, StoreError
from study.scheduling import Memory, Rating, Scheduler

__all__ = ["StaleCard", "Store", "StoreError"]

T = TypeVar("T")

DEFAULT_FILE = Path(user_data_dir("transfer-learning-interview", appauthor=False)) / "study.sqlite3"


class Store:
    """The study database of one or many learners. Safe to share between threads, and between processes on one file.

    `url`: an SQLAlchemy URL; without it, the environment's `DATABASE_URL`, else `DEFAULT_FILE`. The schema is created
    or upgraded at once. Every method may raise StoreError, which names the database and the remedy; nothing is ever
    deleted or overwritten to get going. Naive moments raise ValueError. Every method takes the `learner` it is about.
    """

    def __init__(self, url: str | None = None) -> None:
        self._reader, self._writer, self._name = connect(
            url or os.environ.get("DATABASE_URL") or f"sqlite:///{DEFAULT_FILE}"
        )

    def close(self) -> None:
        """Close the idle connections. Nothing is pending: every method commits before it returns."""
        self._reader.dispose()

    def cards(self, *, learner: str = "local") -> list[Card]:
        """All cards of the learner, oldest first."""
        with self._reading() as session:
            query = select(CardRow).where(CardRow.learner_id == learner).order_by(CardRow.id)
            return [row.record() for row in session.scalars(query)]

    def card(self, item_id: str, *, learner: str = "local") -> Card | None:
        """The learner's card for an item, None if it was neither added nor answered."""
        with self._reading() as session:
            row = _find_card(session, item_id, learner)
            return None if row is None else row.record()

    def add(self, item_id: str, now: datetime, *, learner: str = "local") -> Card:
        """Put an item among the learner's reviews, to be asked soon. Leaves a card that is there already as it is."""

        def work(session: Session) -> Card:
            return (_find_card(session, item_id, learner) or _new_card(session, item_id, now, learner)).record()

        return self._write(work)

    def answer(
        self,
        item_id: str,
        rating: Rating,
        now: datetime,
        *,
        answer_id: str,
        expected_version: int,
        duration_seconds: float,
        scheduler: Scheduler,
        learner: str = "local",
    ) -> Card:
        """Count one answer: schedule the card and log the review, in one transaction. Returns the card after it.

        `answer_id` (any unique text): the same one again counts once and returns the card as it is, also after an undo.
        `expected_version`: the version of the card that was asked, 0 if it had none. `duration_seconds` >= 0.
        StaleCard if the card has another version by now; ValueError if `answer_id` was used for another item.
        """
        if not duration_seconds >= 0:
            raise ValueError(f"duration_seconds is {duration_seconds}; it must be 0 or more")

        def work(session: Session) -> Card:
            row = _find_card(session, item_id, learner)
            by_answer = (ReviewRow.learner_id == learner, ReviewRow.answer_id == answer_id)
            counted = session.scalar(select(ReviewRow).where(*by_answer))
            if counted is not None and (row is None or counted.card_id != row.id):
                raise ValueError(f"answer {answer_id!r} was given to {counted.item_id!r}, not to {item_id!r}")
            if counted is not None and row is not None:
                return row.record()
            if expected_version != (0 if row is None else row.version):
                raise StaleCard(item_id, None if row is None else row.record())
            if row is None:
                row = _new_card(session, item_id, now, learner)
            session.add(_apply(row, rating, now, answer_id, duration_seconds, scheduler))
            session.flush()
            return row.record()

        return self._write(work)

    def undo_last(self, now: datetime, since: datetime | None = None, *, learner: str = "local") -> Review | None:
        """Take the learner's newest answer back; the card's memory is what it was before, "never answered" included.

        The row stays in the log, marked with `now`. Returns the review taken back; None if there is none, or if it was
        given before `since`.
        """

        def work(session: Session) -> Review | None:
            row = session.scalar(_counted_reviews(learner).order_by(ReviewRow.id.desc()).limit(1))
            if row is None or (since is not None and row.reviewed_at < as_utc(since)):
                return None
            card = session.get_one(CardRow, row.card_id)
            card.remember(Memory.from_json(row.before), reviews=card.reviews - 1)
            row.undone_at = now
            return row.record()

        return self._write(work)

    def reviews(self, since: datetime | None = None, *, learner: str = "local") -> list[Review]:
        """The answers that count, in the order they were given; those at or after `since` only."""
        query = _counted_reviews(learner).order_by(ReviewRow.id)
        if since is not None:
            query = query.where(ReviewRow.reviewed_at >= since)
        with self._reading() as session:
            return [row.record() for row in session.scalars(query)]

    def introduced_since(self, day_start: datetime, *, learner: str = "local") -> int:
        """How many cards got their first answer at or after `day_start` (see `study.days.day_start`)."""
        # Only a first answer has nothing to predict.
        firsts = _counted_reviews(learner).where(ReviewRow.reviewed_at >= day_start, ReviewRow.retrievability.is_(None))
        with self._reading() as session:
            return session.scalar(select(func.count()).select_from(firsts.subquery())) or 0

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

    def setting(self, key: str, default: Any, *, learner: str = "local") -> Any:
        """A setting's value (as JSON gives it back: tuples become lists), `default` if it was never set."""
        with self._reading() as session:
            row = session.get(SettingRow, (learner, key))
            return default if row is None else row.value

    def set_setting(self, key: str, value: Any, *, learner: str = "local") -> None:
        """Keep a setting. `value`: anything JSON can hold, None included; TypeError otherwise."""
        self._write(lambda session: session.merge(SettingRow(learner_id=learner, key=key, value=value)))

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with explained(self._name), Session(self._reader) as session:
            yield session

    def _write(self, work: Callable[[Session], T]) -> T:
        """`work` in one transaction, committed before this returns.

        SQLite's writers wait for each other. Elsewhere a writer that lost a race breaks a unique key or a card's
        version; it then starts over, once, and sees what the winner wrote.
        """
        with explained(self._name):
            try:
                return self._attempt(work)
            except (IntegrityError, StaleDataError):
                return self._attempt(work)

    def _attempt(self, work: Callable[[Session], T]) -> T:
        with Session(self._writer) as session, session.begin():
            return work(session)


def _find_card(session: Session, item_id: str, learner: str) -> CardRow | None:
    return session.scalar(select(CardRow).where(CardRow.learner_id == learner, CardRow.item_id == item_id))


def _find_prediction(session: Session, prediction_id: str, learner: str) -> PredictionRow | None:
    return session.scalar(
        select(PredictionRow).where(PredictionRow.learner_id == learner, PredictionRow.prediction_id == prediction_id)
    )


def _counted_reviews(learner: str) -> Select[ReviewRow]:
    return select(ReviewRow).where(ReviewRow.learner_id == learner, ReviewRow.undone_at.is_(None))


def _new_card(session: Session, item_id: str, now: datetime, learner: str) -> CardRow:
    row = CardRow(learner_id=learner, item_id=item_id, added_at=as_utc(now), reviews=0, version=0)
    row.set_memory(Scheduler().new_memory(now))
    session.add(row)
    session.flush()
    return row


def _apply(
    card: CardRow, rating: Rating, now: datetime, answer_id: str, duration_seconds: float, scheduler: Scheduler
) -> ReviewRow:
    """Schedule the card; returns its log entry, not yet added to the session."""
    before = card.memory()
    after = scheduler.review(before, rating, now)
    card.remember(after, reviews=card.reviews + 1)
    return ReviewRow(
        learner_id=card.learner_id,
        answer_id=answer_id,
        card_id=card.id,
        item_id=card.item_id,
        rating=int(rating),
        reviewed_at=now,
        duration_seconds=duration_seconds,
        before=before.to_json(),
        after=after.to_json(),
        retrievability=None if before.last_review is None else scheduler.retrievability(before, now),
    )
