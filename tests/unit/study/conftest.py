"""A fresh database per test, and the moment the tests play at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from study.store import Store


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 4, 9, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "study.sqlite3"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{file}")
    yield opened
    opened.close()
