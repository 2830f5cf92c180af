"""Cards: added, put off, noted on, reset. Nothing here counts as an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from study.cards import Card
from study.days import as_utc
from study.migrations.tables import CardRow, ReviewRow
from study.scheduling import Scheduler
from study.storing.database import Database


class Cards(Database):
    """The cards of a learner. A card is made by whatever touches it first."""

    def cards(self, *, learner: str = "local") -> list[Card]:
        """All cards of the learner, oldest first."""
        with self._reading() as session:
            query = select(CardRow).where(CardRow.learner_id == learner).order_by(CardRow.id)
            return [row.record() for row in session.scalars(query)]

    def card(self, item_id: str, *, learner: str = "local") -> Card | None:
        """The learner's card for an item, None if nothing was ever done with it."""
        with self._reading() as session:
            row = find_card(session, item_id, learner)
            return None if row is None else row.record()

    def add(self, item_id: str, now: datetime, *, learner: str = "local") -> Card:
        """Put an item among the learner's reviews, to be asked soon. Leaves a card that was answered as it is."""

        def work(row: CardRow, session: Session) -> None:
            row.asked_for = True

        return self._change(item_id, now, learner, work)

    def suspend(self, item_id: str, suspended: bool, now: datetime, *, learner: str = "local") -> Card:
        """Stop asking a card, or resume. Its memory is untouched, and an answer given to it meanwhile counts."""

        def work(row: CardRow, session: Session) -> None:
            row.suspended = suspended

        return self._change(item_id, now, learner, work)

    def bury(self, item_id: str, until: datetime | None, now: datetime, *, learner: str = "local") -> Card:
        """Do not ask a card before `until`; None asks it again at once. An answer given to it meanwhile counts."""

        def work(row: CardRow, session: Session) -> None:
            row.buried_until = None if until is None else as_utc(until)

        return self._change(item_id, now, learner, work)

    def set_note(self, item_id: str, text: str, now: datetime, *, learner: str = "local") -> Card:
        """Keep the learner's own words on a card, instead of those of before; "" for none."""

        def work(row: CardRow, session: Session) -> None:
            row.note = text

        return self._change(item_id, now, learner, work)

    def reset(self, item_id: str, now: datetime, *, learner: str = "local") -> Card:
        """Forget a card's memory: it is as new, and comes in its turn with the other new ones.

        The log keeps its answers. Taking one of those back later takes it out of the log and leaves the memory new;
        an answer to the card as it was before is stale. Note, suspension and burial stay. Nothing happens to a card
        that is new.
        """

        def work(row: CardRow, session: Session) -> None:
            if row.reviews == 0:
                return
            row.remember(Scheduler().new_memory(now), reviews=0)
            row.asked_for = False
            remembered = (ReviewRow.card_id == row.id, ReviewRow.forgotten_at.is_(None))
            session.execute(update(ReviewRow).where(*remembered).values(forgotten_at=now))

        return self._change(item_id, now, learner, work)

    def _change(self, item_id: str, now: datetime, learner: str, change: Callable[[CardRow, Session], None]) -> Card:
        now = as_utc(now)

        def work(session: Session) -> Card:
            row = find_card(session, item_id, learner)
            if row is None:
                row = new_card(session, item_id, now, learner, asked_for=False)
            change(row, session)
            session.flush()
            return row.record()

        return self._write(work)


def find_card(session: Session, item_id: str, learner: str) -> CardRow | None:
    """The learner's row for an item."""
    return session.scalar(select(CardRow).where(CardRow.learner_id == learner, CardRow.item_id == item_id))


def new_card(session: Session, item_id: str, now: datetime, learner: str, *, asked_for: bool) -> CardRow:
    """A row of an item that had none, already in the session."""
    row = CardRow(
        learner_id=learner,
        item_id=item_id,
        added_at=as_utc(now),
        reviews=0,
        version=0,
        suspended=False,
        buried_until=None,
        note="",
        asked_for=asked_for,
    )
    row.set_memory(Scheduler().new_memory(now))
    session.add(row)
    session.flush()
    return row
