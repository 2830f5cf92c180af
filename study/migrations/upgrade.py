"""Bringing a database to the schema of this code, at every start. Nothing is changed in one that is not ours."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from study.records import StoreError

HEAD = "0003"
"""The last revision in `versions/`. Kept here so that a database that has it is opened without Alembic (0.2 s)."""


class UnknownRevisionError(LookupError):
    """The schema is at a revision that this code does not have, or is to be brought to one."""


def upgrade(reader: Engine, writer: Engine, name: str) -> None:
    """Create or upgrade the schema; one transaction, so that a failure leaves the database as it was.

    `writer` must take its write lock when a transaction begins: of two processes that start at once, one waits, then
    finds the work done. StoreError, naming the database `name`, if it is newer than this code or not ours.
    """
    with reader.connect() as connection:
        if _revision(connection, name) == HEAD:
            return
    with writer.begin() as connection:
        try:
            migrate(connection, "head")
        except UnknownRevisionError as error:
            raise StoreError(
                f"{name} was written by a newer version of this app ({error}). It was left as it is. "
                "Update the app, or set DATABASE_URL to another file."
            ) from error


def migrate(connection: Connection, revision: str) -> None:
    """Bring the schema to a revision. UnknownRevisionError if this code lacks it, or the one that the schema is at."""
    from alembic import command
    from alembic.config import Config
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except (CommandError, ResolutionError) as error:
        raise UnknownRevisionError(str(error)) from error


def _revision(connection: Connection, name: str) -> str | None:
    """The revision that the database is at; None if it is empty."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" in tables:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found is not None:
            return str(found)
    raise StoreError(
        f"{name} is a database of something else (it has a table {tables[0]!r} and no schema version of this app). "
        "It was left as it is. Set DATABASE_URL to an empty database or a file that does not exist yet."
    )
