"""Answers: counted once, logged for good, taken back one by one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from study.cards import Card
from study.days import as_utc
from study.migrations.tables import CardRow, ReviewRow
from study.records import Review, StaleCard
from study.scheduling import Memory, Rating, Scheduler
from study.storing.cards import find_card, new_card
from study.storing.database import Database


class Answers(Database):
    """The review log, always in step with the cards."""

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
        answered: dict[str, Any] | None = None,
        kind: str | None = None,
        learner: str = "local",
    ) -> Card:
        """Count one answer: schedule the card and log the review, in one transaction. Returns the card after it.

        `answer_id` (any unique text): the same one again counts once and returns the card as it is, also after an undo.
        `expected_version`: the version of the card that was asked, 0 if it had none. `duration_seconds` >= 0.
        `answered` (JSON) and `kind` are kept in the log, see `study.records.Review`. Suspended and buried cards take
        answers like others.
        StaleCard if the card has another version by now; ValueError if `answer_id` was used for another item.
        """
        if not duration_seconds >= 0:
            raise ValueError(f"duration_seconds is {duration_seconds}; it must be 0 or more")

        def work(session: Session) -> Card:
            row = find_card(session, item_id, learner)
            by_answer = (ReviewRow.learner_id == learner, ReviewRow.answer_id == answer_id)
            counted = session.scalar(select(ReviewRow).where(*by_answer))
            if counted is not None and (row is None or counted.card_id != row.id):
                raise ValueError(f"answer {answer_id!r} was given to {counted.item_id!r}, not to {item_id!r}")
            if counted is not None and row is not None:
                return row.record()
            if expected_version != (0 if row is None else row.version):
                raise StaleCard(item_id, None if row is None else row.record())
            if row is None:
                row = new_card(session, item_id, now, learner, asked_for=True)
            review = _apply(row, rating, now, scheduler)
            review.answer_id, review.duration_seconds = answer_id, duration_seconds
            review.answered, review.kind = answered, kind
            session.add(review)
            session.flush()
            return row.record()

        return self._write(work)

    def undo_last(self, now: datetime, since: datetime | None = None, *, learner: str = "local") -> Review | None:
        """Take the learner's newest answer back; the card's memory is what it was before, "never answered" included.

        The row stays in the log, marked with `now`. If the card was reset after that answer, its memory stays as new.
        Returns the review taken back; None if there is none, or if it was given before `since`.
        """

        def work(session: Session) -> Review | None:
            row = session.scalar(_counted(learner).order_by(ReviewRow.id.desc()).limit(1))
            if row is None or (since is not None and row.reviewed_at < as_utc(since)):
                return None
            if row.forgotten_at is None:
                card = session.get_one(CardRow, row.card_id)
                card.remember(Memory.from_json(row.before), reviews=card.reviews - 1)
            row.undone_at = now
            return row.record()

        return self._write(work)

    def reviews(
        self, since: datetime | None = None, *, item_id: str | None = None, learner: str = "local"
    ) -> list[Review]:
        """The answers that count, in the order they were given; those at or after `since`, of one item only, if given.

        Answers from before a reset count too: they were given, though the card's memory no longer holds them.
        """
        query = _counted(learner).order_by(ReviewRow.id)
        if since is not None:
            query = query.where(ReviewRow.reviewed_at >= since)
        if item_id is not None:
            query = query.where(ReviewRow.item_id == item_id)
        with self._reading() as session:
            return [row.record() for row in session.scalars(query)]

    def introduced_since(self, day_start: datetime, *, learner: str = "local") -> int:
        """How many cards got a first answer, as new or after a reset, at or after `day_start` (see `study.days`)."""
        # Only a first answer has nothing to predict.
        firsts = _counted(learner).where(ReviewRow.reviewed_at >= day_start, ReviewRow.retrievability.is_(None))
        with self._reading() as session:
            return session.scalar(select(func.count()).select_from(firsts.subquery())) or 0


def _counted(learner: str) -> Select[ReviewRow]:
    return select(ReviewRow).where(ReviewRow.learner_id == learner, ReviewRow.undone_at.is_(None))


def _apply(card: CardRow, rating: Rating, now: datetime, scheduler: Scheduler) -> ReviewRow:
    """Schedule the card; returns its log entry, not yet complete nor added to the session."""
    before = card.memory()
    after = scheduler.review(before, rating, now)
    card.remember(after, reviews=card.reviews + 1)
    return ReviewRow(
        learner_id=card.learner_id,
        card_id=card.id,
        item_id=card.item_id,
        rating=int(rating),
        reviewed_at=now,
        before=before.to_json(),
        after=after.to_json(),
        retrievability=None if before.last_review is None else scheduler.retrievability(before, now),
    )
