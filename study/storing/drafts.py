"""Drafts: texts and code that are being written, saved as one types. Earlier versions are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from study.days import as_utc
from study.migrations.tables import DraftRow
from study.records import Draft
from study.storing.database import Database

KEPT_VERSIONS = 50
"""The newest versions of a text that are kept whatever they are."""


class Drafts(Database):
    """One text per key, and the versions that led to it."""

    def draft(self, key: str, *, learner: str = "local") -> str | None:
        """The text as it was saved last, None if it never was."""
        with self._reading() as session:
            newest = _newest(session, key, learner, 0)
            return None if newest is None else newest.text

    def save_draft(self, key: str, text: str, now: datetime, *, learner: str = "local") -> None:
        """Make `text` the draft. What it replaces stays among the versions, so a second tab or a fresh start loses
        nothing. A version that comes back moves to the front instead of being kept twice."""

        now = as_utc(now)

        def work(session: Session) -> None:
            newest = _newest(session, key, learner, 0)
            if newest is not None and newest.text == text:
                return
            for row in session.scalars(_versions(key, learner).where(DraftRow.text == text)):
                session.delete(row)
            session.add(DraftRow(learner_id=learner, key=key, text=text, updated_at=now))
            session.flush()
            _thin_out(session, key, learner)

        self._write(work)

    def draft_versions(self, key: str, *, learner: str = "local") -> list[Draft]:
        """The versions of a text, all different, newest first.

        At least the last 50. Of older ones those are dropped that a neighbour holds whole, as when one types on.
        """
        with self._reading() as session:
            return [row.record() for row in session.scalars(_versions(key, learner).order_by(DraftRow.id.desc()))]


def _versions(key: str, learner: str) -> Select[DraftRow]:
    return select(DraftRow).where(DraftRow.learner_id == learner, DraftRow.key == key)


def _newest(session: Session, key: str, learner: str, skip: int) -> DraftRow | None:
    query = _versions(key, learner).order_by(DraftRow.id.desc()).offset(skip).limit(1)
    return session.scalar(query)


def _thin_out(session: Session, key: str, learner: str) -> None:
    """Drop the version that is just leaving the last 50 if nothing is lost by it: each save makes one leave."""
    newer, leaving, older = (_newest(session, key, learner, KEPT_VERSIONS + skip) for skip in (-1, 0, 1))
    if leaving is None or newer is None:
        return
    if holds(newer.text, leaving.text) or (older is not None and holds(older.text, leaving.text)):
        session.delete(leaving)


def holds(whole: str, part: str) -> bool:
    """Whether `part` is `whole` with one piece (or nothing) taken out: then `whole` keeps all that it says."""
    if len(part) > len(whole):
        return False
    start = 0
    while start < len(part) and part[start] == whole[start]:
        start += 1
    rest = len(part) - start
    return whole.endswith(part[start:]) if rest else True
