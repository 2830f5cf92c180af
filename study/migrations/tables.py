"""The tables as they are after the last migration. Every row belongs to a learner; moments are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from sqlalchemy import JSON, DateTime, Dialect, Double, ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from study.cards import Card
from study.days import as_utc
from study.records import Attempt, Draft, Interview, LabRun, Prediction, Review
from study.scheduling import Memory, Rating, State

# Constraints need names of their own, or SQLite's batch migrations cannot change them later.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware moments in, UTC moments out, also where the database (SQLite) keeps no zone. Naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else as_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of the tables; maps Python types to columns that keep them exactly (double precision, UTC)."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = {datetime: UtcDateTime, float: Double, str: String(200), dict[str, Any]: JSON}


class CardRow(Base):
    """`study.cards.Card`. `version` guards every update: one made against an older version changes no row and fails."""

    __tablename__ = "cards"
    __table_args__ = (UniqueConstraint("learner_id", "item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    item_id: Mapped[str]
    added_at: Mapped[datetime]
    state: Mapped[str]
    step: Mapped[int | None]
    stability_days: Mapped[float | None]
    difficulty: Mapped[float | None]
    due: Mapped[datetime]
    last_review: Mapped[datetime | None]
    reviews: Mapped[int]
    version: Mapped[int] = mapped_column()
    suspended: Mapped[bool] = mapped_column(default=False)
    buried_until: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")
    asked_for: Mapped[bool] = mapped_column(default=True)

    # SQLAlchemy types it as an instance attribute, so ClassVar will not do.
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012

    def memory(self) -> Memory:
        """The memory in this row."""
        return Memory(
            cast(State, self.state), self.step, self.stability_days, self.difficulty, self.due, self.last_review
        )

    def set_memory(self, memory: Memory) -> None:
        """Write a memory into this row."""
        self.state, self.step = memory.state, memory.step
        self.stability_days, self.difficulty = memory.stability_days, memory.difficulty
        self.due, self.last_review = memory.due, memory.last_review

    def remember(self, memory: Memory, *, reviews: int) -> None:
        """A new memory after an answer, an undo or a reset, and with it a new version."""
        self.set_memory(memory)
        self.reviews = reviews
        self.version += 1

    def record(self) -> Card:
        """The row as plain data."""
        return Card(
            self.id,
            self.item_id,
            self.memory(),
            self.added_at,
            self.reviews,
            self.version,
            self.suspended,
            self.buried_until,
            self.note,
            self.asked_for,
        )


class ReviewRow(Base):
    """`study.records.Review`. Rows are never deleted: one taken back has `undone_at`.

    `forgotten_at`: when its card was reset after it. It counts as an answer, but the card's memory no longer holds it.
    """

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("learner_id", "answer_id"), Index(None, "learner_id", "reviewed_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    answer_id: Mapped[str]
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    item_id: Mapped[str]
    rating: Mapped[int]
    reviewed_at: Mapped[datetime]
    duration_seconds: Mapped[float]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    retrievability: Mapped[float | None]
    undone_at: Mapped[datetime | None]
    answered: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    kind: Mapped[str | None]
    forgotten_at: Mapped[datetime | None]

    def record(self) -> Review:
        """The row as plain data."""
        return Review(
            answer_id=self.answer_id,
            item_id=self.item_id,
            rating=Rating(self.rating),
            reviewed_at=self.reviewed_at,
            duration_seconds=self.duration_seconds,
            before=Memory.from_json(self.before),
            after=Memory.from_json(self.after),
            retrievability=self.retrievability,
            answered=self.answered,
            kind=self.kind,
        )


class PredictionRow(Base):
    """`study.records.Prediction`."""

    __tablename__ = "predictions"
    __table_args__ = (UniqueConstraint("learner_id", "prediction_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    prediction_id: Mapped[str]
    lab: Mapped[str]
    config: Mapped[dict[str, Any]]
    predicted: Mapped[str]
    predicted_at: Mapped[datetime]
    outcome: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    def record(self) -> Prediction:
        """The row as plain data."""
        return Prediction(
            self.prediction_id,
            self.lab,
            self.config,
            self.predicted,
            self.predicted_at,
            self.outcome,
            self.settled_at,
        )


class LabRunRow(Base):
    """`study.records.LabRun`."""

    __tablename__ = "lab_runs"
    __table_args__ = (UniqueConstraint("learner_id", "run_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    run_id: Mapped[str]
    lab: Mapped[str]
    config: Mapped[dict[str, Any]]
    seconds: Mapped[float]
    outcome: Mapped[str]
    finished_at: Mapped[datetime]
    measured: Mapped[dict[str, Any] | None]

    def record(self) -> LabRun:
        """The row as plain data."""
        return LabRun(self.run_id, self.lab, self.config, self.seconds, self.outcome, self.finished_at, self.measured)


class DraftRow(Base):
    """`study.records.Draft`: one version of a text. The newest of a key is the draft."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "learner_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    key: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]

    def record(self) -> Draft:
        """The row as plain data."""
        return Draft(self.key, self.text, self.updated_at)


class AttemptRow(Base):
    """`study.records.Attempt`."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("learner_id", "attempt_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    attempt_id: Mapped[str]
    exercise: Mapped[str]
    code: Mapped[str] = mapped_column(Text)
    passed: Mapped[bool]
    tests: Mapped[Any] = mapped_column(JSON)
    seconds: Mapped[float]
    attempted_at: Mapped[datetime]

    def record(self) -> Attempt:
        """The row as plain data."""
        return Attempt(
            self.attempt_id, self.exercise, self.code, self.passed, self.tests, self.seconds, self.attempted_at
        )


class InterviewRow(Base):
    """`study.records.Interview`. `version` guards every update, as a card's does."""

    __tablename__ = "interviews"
    __table_args__ = (UniqueConstraint("learner_id", "interview_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[str]
    interview_id: Mapped[str]
    state: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column()
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012

    def record(self) -> Interview:
        """The row as plain data."""
        return Interview(
            self.interview_id, self.state, self.version, self.started_at, self.updated_at, self.finished_at
        )


class SettingRow(Base):
    """One setting of one learner, as JSON under a key."""

    __tablename__ = "settings"

    learner_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
