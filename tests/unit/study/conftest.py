"""A fresh database per test, and the moment the tests play at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from study.store import Store


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 4, 9, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "study.sqlite3"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without any rows, made once: the migrations take longer than most tests."""
    file = tmp_path_factory.mktemp("empty") / "study.sqlite3"
    Store(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def store(file: Path, empty_database: Path) -> Iterator[Store]:
    shutil.copy(empty_database, file)
    opened = Store(f"sqlite:///{file}")
    yield opened
    opened.close()


@pytest.fixture
def unsynced(store: Store) -> Store:
    """The store without waiting for the disk, for thousands of writes that are not about power cuts."""
    return without_sync(store)


def without_sync(store: Store) -> Store:
    """Switch the waiting off in every connection that the store opens from now on."""
    event.listen(store._reader, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    store.close()
    return store
