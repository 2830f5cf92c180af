"""What the tables look like, for whoever handles all of them alike: numbers, natural keys, parents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, Table, UniqueConstraint
from sqlalchemy.types import TypeDecorator

from study.migrations.tables import Base

LEARNER = "learner_id"


@dataclass(frozen=True)
class Shape:
    """What a merge needs to know of a table.

    `number`: the column with a number of no meaning that is its primary key. `key`: the columns that tell one row of a
    learner from another; empty if only the whole row does. `parents`: the table that each foreign key refers to.
    `moment`: the column that says when a row was made.
    """

    name: str
    number: str | None
    key: tuple[str, ...]
    parents: dict[str, str]
    moment: str | None


def shapes() -> list[Shape]:
    """The tables, parents before children."""
    return [_shape(table) for table in Base.metadata.sorted_tables]


def number_of(table: Table) -> Column[Any] | None:
    """The column that numbers a table's rows: its only primary key, if that is an integer of its own."""
    key = list(table.primary_key)
    alone = len(key) == 1 and isinstance(key[0].type, Integer) and not key[0].foreign_keys
    return key[0] if alone else None


def kind_of(column: Column[Any]) -> type[Any]:
    """The Python type of a column's values; `object` for JSON."""
    decorated = column.type
    return decorated.impl_instance.python_type if isinstance(decorated, TypeDecorator) else decorated.python_type


def numbered() -> dict[str, Column[Any]]:
    """The numbering columns, by table."""
    found = {table.name: number_of(table) for table in Base.metadata.sorted_tables}
    return {name: number for name, number in found.items() if number is not None}


def _shape(table: Table) -> Shape:
    number = number_of(table)
    name = None if number is None else number.name
    moments = (column.name for column in table.columns if kind_of(column) is datetime and not column.nullable)
    parents = {key.parent.name: key.column.table.name for key in table.foreign_keys}
    return Shape(table.name, name, _key(table, name), parents, next(moments, None))


def _key(table: Table, number: str | None) -> tuple[str, ...]:
    if number is None:
        return tuple(column.name for column in table.primary_key if column.name != LEARNER)
    unique = [tuple(c.columns.keys()) for c in table.constraints if isinstance(c, UniqueConstraint)]
    unique += [tuple(index.columns.keys()) for index in table.indexes if index.unique]
    first = min(unique, key=lambda names: (LEARNER not in names, names), default=())
    return tuple(column for column in first if column != LEARNER)
