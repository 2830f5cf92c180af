"""Every row of one learner, out of a database and back into one, whatever tables `tables.Base.metadata` has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    create_engine,
    func,
    make_url,
    null,
    select,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, StatementError

from study.migrations.connection import connect, explained
from study.migrations.shapes import LEARNER, kind_of, number_of, numbered
from study.migrations.tables import Base
from study.migrations.upgrade import HEAD, migrate

Row = dict[str, Any]
"""A row's values as JSON holds them, moments in ISO 8601, by column. NULLs are left out, as is the learner."""

Rows = dict[str, list[Row]]
"""Rows by table; parents before children, rows in order of their primary key."""


class RowError(ValueError):
    """Rows do not fit the tables. The message names the table and what is wrong; nothing was changed."""


def read(address: str, learner: str) -> Rows:
    """All rows of a learner in the database at an SQLAlchemy URL. StoreError if it cannot be used."""
    reader, _, name = connect(address)
    try:
        with explained(name), reader.begin() as connection:
            return _read(connection, learner)
    finally:
        reader.dispose()


def rewrite(address: str, learner: str, change: Callable[[Rows], Rows]) -> None:
    """Put `change(rows)` in the place of a learner's rows, in one transaction that nobody else writes between.

    Whatever `change` raises leaves the database as it was. Numbers of rows stay as they are given, unless another
    learner's rows have one of them; then all of that table are moved up. RowError if the rows do not fit the tables.
    """
    reader, writer, name = connect(address)
    try:
        with explained(name), writer.begin() as connection:
            present = _read(connection, learner)
            wanted = change(present)
            if wanted == present:
                return
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete().where(_belongs(table, learner)))
            _insert(connection, wanted, learner)
    finally:
        reader.dispose()


def folder_of(address: str) -> Path | None:
    """The folder of an SQLite database's file; None for other databases."""
    try:
        url = make_url(address)
    except ArgumentError:
        return None  # `connect` explains it
    named = url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:")
    return Path(url.database or "").absolute().parent if named else None


def upgraded(rows: Rows, revision: str) -> Rows:
    """Rows of an older schema as the present one has them: the migrations run on a scratch database that holds them.

    LookupError if this code does not know the revision, RowError if the rows do not fit it.
    """
    if revision == HEAD:
        return rows
    learner = "upgraded"
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            migrate(connection, revision)
            older = MetaData()
            older.reflect(connection)
            with _fitting():
                for table in older.sorted_tables:
                    _insert_rows(connection, table, [_decoded(table, row, learner) for row in rows.get(table.name, [])])
            _check_tables(rows, older)
            migrate(connection, "head")
            return _read(connection, learner)
    finally:
        engine.dispose()


def _read(connection: Connection, learner: str) -> Rows:
    return {table.name: _read_table(connection, table, learner) for table in Base.metadata.sorted_tables}


def _read_table(connection: Connection, table: Table, learner: str) -> list[Row]:
    columns = [column for column in table.columns if column.name != LEARNER]
    # A JSON column may hold JSON's null, which is read as None, as NULL is.
    nulls = [column.is_(null()) for column in columns]
    query = select(*columns, *nulls).where(_belongs(table, learner)).order_by(*table.primary_key)
    return [
        {
            column.name: _encoded(value)
            for column, value, is_null in zip(columns, found[: len(columns)], found[len(columns) :], strict=True)
            if not is_null
        }
        for found in connection.execute(query)
    ]


def _belongs(table: Table, learner: str) -> ColumnElement[bool]:
    """Whether a row is the learner's: it says so, or it refers to one that is."""
    if LEARNER in table.columns:
        return table.c[LEARNER] == learner
    for key in table.foreign_keys:
        return key.parent.in_(select(key.column).where(_belongs(key.column.table, learner)))
    raise TypeError(f"rows of {table.name!r} belong to no learner, so they cannot be kept in a backup")


def _encoded(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _insert(connection: Connection, rows: Rows, learner: str) -> None:
    _check_tables(rows, Base.metadata)
    moved = {name: _room(connection, number, rows.get(name, []), learner) for name, number in numbered().items()}
    with _fitting():
        for table in Base.metadata.sorted_tables:
            found = [_decoded(table, row, learner) for row in rows.get(table.name, [])]
            for column, parent in _numbers(table).items():
                for values in found:
                    if isinstance(values[column], int):
                        values[column] += moved[parent]
            _insert_rows(connection, table, found)
    if connection.dialect.name == "postgresql":
        _advance_sequences(connection)


def _insert_rows(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """One statement for all rows with the same columns: for thousands, one each would take seconds."""
    groups: dict[frozenset[str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(frozenset(row), []).append(row)
    for group in groups.values():
        connection.execute(table.insert(), group)


@contextmanager
def _fitting() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise RowError(str(error.orig)) from error
    except StatementError as error:
        if isinstance(error.orig, (ValueError, TypeError)):
            raise RowError(str(error.orig)) from error
        raise


def _check_tables(rows: Rows, metadata: MetaData) -> None:
    unknown = sorted(rows.keys() - metadata.tables.keys())
    if unknown:
        raise RowError(f"there is no table {unknown[0]!r}")


def _room(connection: Connection, number: Column[Any], rows: list[Row], learner: str) -> int:
    """How far a table's numbers must be moved up so that they are not another learner's."""
    others = set(connection.scalars(select(number).where(~_belongs(number.table, learner))))
    taken = any(row.get(number.name) in others for row in rows)
    return max(others) if taken else 0


def _numbers(table: Table) -> dict[str, str]:
    """The columns that hold a row's number, with the table that numbers them."""
    number = number_of(table)
    own = {} if number is None else {number.name: table.name}
    keys = table.foreign_keys
    return own | {key.parent.name: key.column.table.name for key in keys if key.column is number_of(key.column.table)}


def _decoded(table: Table, row: Row, learner: str) -> dict[str, Any]:
    """A row's values for an insert. NULLs are None, but in JSON columns, where that is JSON's null, they stay out."""
    unknown = sorted(row.keys() - table.columns.keys() | ({LEARNER} & row.keys()))
    if unknown:
        raise RowError(f"{table.name} has no column {unknown[0]!r}")
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name == LEARNER:
            values[column.name] = learner
        elif column.name in row:
            values[column.name] = _value(table, column, row[column.name])
        elif not isinstance(column.type, JSON):
            values[column.name] = None
    return values


def _value(table: Table, column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, JSON):
        return value
    kind = kind_of(column)
    wrong = RowError(f"{table.name}.{column.name} is {value!r:.80}, which is no {kind.__name__}")
    if issubclass(kind, date):
        try:
            return _moment(kind, value)
        except (TypeError, ValueError) as error:
            raise wrong from error
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise wrong
    return float(value) if kind is float else value


def _moment(kind: type[date], value: str) -> date:
    if not issubclass(kind, datetime):
        return date.fromisoformat(value)
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _advance_sequences(connection: Connection) -> None:
    """PostgreSQL numbers the next row by a sequence, which does not see numbers that were given."""
    for table, number in numbered().items():
        highest = select(func.max(number)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table, number.name)
        connection.execute(select(func.setval(sequence, func.coalesce(highest, 1))))
