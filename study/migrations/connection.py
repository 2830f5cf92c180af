"""Opening a study database: how SQLite is set up, the checks before anything is written, and errors that help."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError, StatementError

from study.migrations.upgrade import upgrade
from study.records import StoreError

BUSY_TIMEOUT_SECONDS = 10

_REMEDIES = {
    "not a database": "It is no SQLite database, or damaged. Restore a copy, or set DATABASE_URL to another file.",
    "malformed": "It is damaged. Restore a copy of it, or move it and its -wal and -shm files aside to start anew.",
    "readonly": "It cannot be written. Give your user the right to write the file and its folder.",
    "unable to open": "It cannot be opened. Check that it is a file and that your user may write its folder.",
    "is full": "The disk is full. Free some space and try again.",
    "locked": "Another program keeps it locked. Close that program and try again.",
}
"""What to do, by a part of SQLite's message."""


def connect(address: str) -> tuple[Engine, Engine, str]:
    """Open the database at an SQLAlchemy URL and bring its schema up to date.

    Returns a reader, a writer and a name for messages. Both engines share one pool of connections; the writer's
    transactions take SQLite's write lock when they begin. StoreError if the database cannot be used.
    """
    reader, name = _engine(address)
    writer = reader.execution_options(takes_write_lock=True)
    try:
        with explained(name):
            upgrade(reader, writer, name)
            if reader.dialect.name == "sqlite":
                _check_sqlite(reader, writer)
    except BaseException:
        reader.dispose()
        raise
    return reader, writer, name


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turns the database's errors into StoreErrors that name it and the remedy.

    A ValueError or TypeError from a value that was to be stored (a naive moment, no JSON) is the caller's, and stays.
    """
    try:
        yield
    except StatementError as error:
        if isinstance(error.orig, (ValueError, TypeError)):
            raise error.orig from error
        raise _store_error(name, error) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _store_error(name, error) from error


def _store_error(name: str, error: Exception) -> StoreError:
    cause = str(getattr(error, "orig", None) or error)
    remedy = next((text for part, text in _REMEDIES.items() if part in cause), "Nothing was changed in it.")
    return StoreError(f"The study database {name} cannot be used: {cause}. {remedy}")


def _engine(address: str) -> tuple[Engine, str]:
    try:
        url = make_url(address)
        engine = create_engine(url)
    except (ArgumentError, ImportError) as error:
        raise StoreError(
            f"DATABASE_URL cannot be used: {error}. It looks like sqlite:////folder/study.sqlite3 or "
            "postgresql+psycopg://user@host/name, and its driver must be installed."
        ) from error
    if engine.dialect.name != "sqlite":
        return engine, url.render_as_string(hide_password=True)
    name = _prepare_file(url)
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "begin", _begin)
    return engine, name


def _prepare_file(url: URL) -> str:
    """Make the file's folder; returns the file's full path. SQLite's own URIs (`file:...`) are left to SQLite."""
    if not url.database or url.database == ":memory:":
        raise StoreError("DATABASE_URL names no file. A database in memory would forget every answer; name a file.")
    if url.database.startswith("file:"):
        return url.database
    file = Path(url.database).absolute()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder of the study database {file} cannot be made: {error.strerror}. "
            "Make it, or set DATABASE_URL to a file elsewhere."
        ) from error
    return str(file)


def _set_up_connection(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL mode anything less may lose the last commits when the power fails.
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    # The driver begins on the first write only. A transaction that reads first and takes the lock then fails at once
    # if another has written in between.
    takes_lock = connection.get_execution_options().get("takes_write_lock", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if takes_lock else "BEGIN")


def _check_sqlite(reader: Engine, writer: Engine) -> None:
    """Sound, writable (or an error now, not at the first answer), and in WAL mode, so that readers never wait."""
    with reader.connect() as connection:
        finding = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if finding != "ok":
            raise sqlite3.DatabaseError("malformed: " + " ".join(str(finding).split()))
    _switch_to_wal(reader)
    with writer.connect() as connection:
        # Taking the lock is not enough: SQLite lets a read-only database begin. The connection rolls it back.
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")


def _switch_to_wal(engine: Engine) -> None:
    """Once per file, which keeps the mode. Needs the file for itself, but does not wait as other statements do."""
    raw = engine.raw_connection()
    try:
        deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
        while raw.cursor().execute("PRAGMA journal_mode").fetchone() != ("wal",):
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
    finally:
        raw.close()
