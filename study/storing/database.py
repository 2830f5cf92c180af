"""Transactions: what every part of the store reads and writes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from study.migrations.connection import connect, explained

T = TypeVar("T")


class Database:
    """An open study database at an SQLAlchemy URL, its schema up to date. StoreError if it cannot be used."""

    def __init__(self, url: str) -> None:
        self._reader, self._writer, self._name = connect(url)

    def close(self) -> None:
        """Close the idle connections. Nothing is pending: every method commits before it returns."""
        self._reader.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with explained(self._name), Session(self._reader) as session:
            yield session

    def _write(self, work: Callable[[Session], T]) -> T:
        """`work` in one transaction, committed before this returns.

        SQLite's writers wait for each other. Elsewhere a writer that lost a race breaks a unique key or a row's
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
