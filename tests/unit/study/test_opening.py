"""Opening a database: new, newer, foreign, damaged, locked. Nothing of the learner's is touched to get going."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import study.store
from study.migrations import upgrade
from study.migrations.tables import Base
from study.store import Store, StoreError

TABLES = {
    "alembic_version",
    "attempts",
    "cards",
    "drafts",
    "interviews",
    "lab_runs",
    "predictions",
    "reviews",
    "settings",
}


def _sql(file: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run statements on a plain connection; the rows of the last."""
    connection = sqlite3.connect(file)
    rows: list[tuple[object, ...]] = []
    for statement in statements:
        rows = connection.execute(statement).fetchall()
    connection.commit()
    connection.close()
    return rows


def _refused(file: Path, remedy: str) -> None:
    """Opening fails with an error that names the file and the remedy, and leaves every byte and neighbour as it was."""
    before, neighbours = file.read_bytes(), sorted(file.parent.iterdir())
    with pytest.raises(StoreError, match=remedy) as caught:
        Store(f"sqlite:///{file}")
    assert str(file) in str(caught.value)
    assert file.read_bytes() == before
    assert sorted(file.parent.iterdir()) == neighbours


def test_an_empty_database_is_brought_to_the_head(store: Store, file: Path) -> None:
    assert {row[0] for row in _sql(file, "SELECT name FROM sqlite_master WHERE type = 'table'")} == TABLES
    assert _sql(file, "SELECT version_num FROM alembic_version") == [(upgrade.HEAD,)]


def test_the_migrations_lead_to_the_tables_of_the_code(store: Store, file: Path) -> None:
    with create_engine(f"sqlite:///{file}").connect() as connection:
        assert (
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []
        )


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [upgrade.HEAD]


def test_a_failing_migration_leaves_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last step of the first migration fails; what came before it is rolled back, and the next start works."""
    from alembic.operations import Operations

    create = Operations.create_table

    def fail_at_last(self: Operations, name: str, *args: object, **options: object) -> object:
        if name == "settings":
            raise RuntimeError("power cut")
        return create(self, name, *args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Operations, "create_table", fail_at_last)
        with pytest.raises(RuntimeError, match="power cut"):
            Store(f"sqlite:///{file}")
    assert _sql(file, "SELECT name FROM sqlite_master") == []
    Store(f"sqlite:///{file}").close()
    assert {row[0] for row in _sql(file, "SELECT name FROM sqlite_master WHERE type = 'table'")} == TABLES


def test_what_was_written_is_there_after_reopening(store: Store, file: Path, now: datetime) -> None:
    card = store.add("q1", now)
    store.close()
    again = Store(f"sqlite:///{file}")
    assert again.cards() == [card]
    again.close()


def test_sqlite_is_set_up_for_safety(store: Store) -> None:
    with store._reader.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
        assert found == {"journal_mode": "wal", "synchronous": 2}
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_newer_database_is_refused_and_untouched(store: Store, file: Path, now: datetime, mode: str) -> None:
    store.add("q1", now)
    store.close()
    _sql(file, f"PRAGMA journal_mode = {mode}", "UPDATE alembic_version SET version_num = '9999'")
    _refused(file, "newer version of this app.*Update the app")


def test_somebody_elses_database_is_refused_and_untouched(file: Path) -> None:
    _sql(file, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('https://example.org')")
    _refused(file, "something else.*'bookmarks'.*Set DATABASE_URL")


def test_a_file_that_is_not_sqlite_is_refused_and_untouched(file: Path) -> None:
    file.write_bytes(b"My notes on transfer learning.\n" * 200)
    _refused(file, "no SQLite database.*set DATABASE_URL to another file")


def test_a_damaged_database_is_refused_and_untouched(store: Store, file: Path, now: datetime) -> None:
    for number in range(300):
        store.add(f"question-{number}", now)
    store.close()
    data = bytearray(file.read_bytes())
    for page in range(len(data) // 4096 // 2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    file.write_bytes(bytes(data))
    _refused(file, "malformed.*Restore a copy")


def test_damage_that_is_met_later_is_explained_too(store: Store, file: Path, now: datetime) -> None:
    store.add("q1", now)
    _sql(file, "PRAGMA foreign_keys = OFF", "DROP TABLE settings")
    with pytest.raises(StoreError, match="no such table: settings") as caught:
        store.setting("key", None)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_read_only_database_is_refused_at_once(store: Store, file: Path, mode: str) -> None:
    store.close()
    _sql(file, f"PRAGMA journal_mode = {mode}")
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"readonly database.*right to write"):
        Store(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert time.monotonic() - began < 5  # the time-out for locks is 10


def test_a_folder_that_cannot_be_made_is_named(file: Path) -> None:
    file.write_text("a file where a folder is wanted")
    with pytest.raises(StoreError, match=r"folder .*cannot be made.*Make it") as caught:
        Store(f"sqlite:///{file}/study.sqlite3")
    assert str(file) in str(caught.value)


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened\. Check that it is a file"):
        Store(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="in memory would forget"):
        Store(url)


@pytest.mark.parametrize("url", ["no url", "nosuchdb://host/name", "postgresql+nosuchdriver://host/name"])
def test_urls_that_lead_nowhere_are_explained(url: str) -> None:
    with pytest.raises(StoreError, match=r"DATABASE_URL cannot be used.*looks like"):
        Store(url)


def test_opening_waits_for_a_writer_and_then_switches_to_wal(store: Store, file: Path) -> None:
    store.close()
    _sql(file, "PRAGMA journal_mode = DELETE")
    writer = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, writer.execute, ["ROLLBACK"]).start()
    began = time.monotonic()
    Store(f"sqlite:///{file}").close()
    assert time.monotonic() - began > 0.2
    assert _sql(file, "PRAGMA journal_mode") == [("wal",)]
    writer.close()


def test_a_lock_that_is_never_released_is_explained(
    store: Store, file: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("study.migrations.connection.BUSY_TIMEOUT_SECONDS", 0.1)
    impatient = Store(f"sqlite:///{file}")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"locked.*Close that program and try again"):
        impatient.add("q1", now)
    assert impatient.cards() == []  # readers do not wait
    other.execute("ROLLBACK")
    assert impatient.add("q1", now).item_id == "q1"
    other.close()
    impatient.close()


def test_the_url_comes_from_the_argument_then_the_environment_then_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    given, named, default = (tmp_path / name / "study.sqlite3" for name in ("given", "named", "default"))
    monkeypatch.setattr(study.store, "DEFAULT_FILE", default)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{named}")
    Store(f"sqlite:///{given}").close()
    assert (given.exists(), named.exists(), default.exists()) == (True, False, False)
    Store().close()
    assert (named.exists(), default.exists()) == (True, False)
    monkeypatch.delenv("DATABASE_URL")
    Store().close()
    assert default.exists()


def test_a_second_start_does_not_load_alembic(store: Store, file: Path) -> None:
    script = f"import sys; from study.store import Store; Store('sqlite:///{file}'); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_processes_that_start_at_once_all_find_a_database(file: Path) -> None:
    script = f"from study.store import Store; print(Store('sqlite:///{file}').cards())"
    started = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in started] == ["[]\n"] * 3


def test_a_database_of_the_first_schema_keeps_what_is_in_it(file: Path) -> None:
    """Made by the first migration as it shipped, with a run in it; opened by this code."""
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent))
    with create_engine(f"sqlite:///{file}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO lab_runs (learner_id, run_id, lab, config, seconds, outcome, finished_at) "
                "VALUES ('local', 'r1', 'strategies', '{\"steps\": 120}', 4.5, 'holds', '2026-11-01 08:00:00')"
            )
        )
    opened = Store(f"sqlite:///{file}")
    (run,) = opened.lab_runs()
    assert (run.run_id, run.config, run.measured) == ("r1", {"steps": 120}, None)
    opened.close()


ROWS_OF_0002 = {
    "cards": [
        "(1, 'local', 'd/q1', '2026-01-02 08:00:00.000001', 'review', NULL, 8.2956, 1.0, '2026-01-10 08:00:00.5', "
        "'2026-01-02 08:00:00.5', 2, 3)",
        "(2, 'bob', 'd/q1', '2026-01-02 08:00:00', 'learning', 0, NULL, NULL, '2026-01-02 08:00:00', NULL, 0, 0)",
    ],
    "reviews": [
        "(1, 'local', 'a1', 1, 'd/q1', 3, '2026-01-02 07:50:00', 4.25, '{json}', '{json}', NULL, NULL)",
        "(2, 'local', 'a2', 1, 'd/q1', 4, '2026-01-02 08:00:00.5', 1.0, '{json}', '{json}', 1.0, NULL)",
        "(3, 'local', 'a3', 1, 'd/q1', 1, '2026-01-02 08:01:00', 1.0, '{json}', '{json}', 1.0, '2026-01-02 08:02:00')",
    ],
    "predictions": [
        "(1, 'local', 'p1', 'forgetting', '{\"steps\": 120}', 'holds', '2026-01-03 08:00:00', 'cannot_tell', "
        "'2026-01-03 08:01:00')",
    ],
    "lab_runs": [
        "(1, 'local', 'p1', 'forgetting', '{\"steps\": 120}', 4.5, 'cannot_tell', '2026-01-03 08:01:00', NULL)",
        "(2, 'local', 'p2', 'forgetting', '{}', 0.1, 'holds', '2026-01-03 08:02:00', '{\"lead\": 1.5}')",
    ],
    "settings": ["('local', 'new_per_day', '7')", "('local', 'nothing', 'null')"],
}
MEMORY = (
    '{"state": "learning", "step": 0, "stability_days": null, "difficulty": null, '
    '"due": "2026-01-02T08:00:00+00:00", "last_review": null}'
)


@pytest.fixture
def database_of_0002(file: Path) -> Path:
    """Made by the migrations as they shipped, with rows in every table."""
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent))
    with create_engine(f"sqlite:///{file}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    _sql(file, *(f"INSERT INTO {table} VALUES {row.replace('{json}', MEMORY)}" for table, row in _old_rows()))
    return file


def _old_rows() -> list[tuple[str, str]]:
    return [(table, row) for table, rows in ROWS_OF_0002.items() for row in rows]


def _dump(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row, in the columns that 0002 had."""
    columns = {"cards": 12, "reviews": 12, "predictions": 9, "lab_runs": 9, "settings": 3}
    return {table: [row[:count] for row in _sql(file, f"SELECT * FROM {table}")] for table, count in columns.items()}


def test_a_database_of_the_second_schema_keeps_every_row(database_of_0002: Path) -> None:
    before = _dump(database_of_0002)
    assert {table: len(rows) for table, rows in before.items()} == {t: len(rows) for t, rows in ROWS_OF_0002.items()}
    opened = Store(f"sqlite:///{database_of_0002}")
    assert _dump(database_of_0002) == before
    (card,) = opened.cards()
    assert (card.item_id, card.reviews, card.version, card.memory.stability_days) == ("d/q1", 2, 3, 8.2956)
    assert (card.suspended, card.buried_until, card.note, card.asked_for) == (False, None, "", True)
    assert [card.asked_for for card in opened.cards(learner="bob")] == [True]
    assert [(review.answer_id, review.answered, review.kind) for review in opened.reviews()] == [
        ("a1", None, None),
        ("a2", None, None),
    ]
    assert [run.measured for run in opened.lab_runs()] == [None, {"lead": 1.5}]
    assert [each.outcome for each in opened.predictions()] == ["cannot_tell"]
    assert (opened.setting("new_per_day", 10), opened.setting("nothing", 10)) == (7, None)
    opened.close()


def test_what_was_answered_before_the_upgrade_can_be_undone_and_reset_after_it(
    database_of_0002: Path, now: datetime
) -> None:
    opened = Store(f"sqlite:///{database_of_0002}")
    taken = opened.undo_last(now)
    assert taken is not None
    assert taken.answer_id == "a2"
    reset = opened.reset("d/q1", now)
    assert opened.undo_last(now) is not None
    assert (opened.card("d/q1"), opened.reviews()) == (reset, [])
    opened.close()


def test_processes_that_upgrade_at_once_find_the_same_rows(database_of_0002: Path) -> None:
    before = _dump(database_of_0002)
    script = (
        f"from study.store import Store; store = Store('sqlite:///{database_of_0002}'); "
        "print(len(store.reviews()), store.suspend('d/q1', True, store.reviews()[0].reviewed_at).suspended)"
    )
    started = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in started] == ["2 True\n"] * 2
    assert _dump(database_of_0002) == before
    assert _sql(database_of_0002, "SELECT version_num FROM alembic_version") == [(upgrade.HEAD,)]


def test_an_upgrade_that_fails_leaves_the_second_schema_as_it_was(
    database_of_0002: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step of the third migration fails, after columns and tables were added."""
    from alembic.operations import Operations

    create, before = Operations.create_table, _sql(database_of_0002, "SELECT sql FROM sqlite_master")
    rows = _dump(database_of_0002)

    def fail_at_last(self: Operations, name: str, *args: object, **options: object) -> object:
        if name == "interviews":
            raise RuntimeError("power cut")
        return create(self, name, *args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Operations, "create_table", fail_at_last)
        with pytest.raises(RuntimeError, match="power cut"):
            Store(f"sqlite:///{database_of_0002}")
    assert _sql(database_of_0002, "SELECT sql FROM sqlite_master") == before
    assert (_dump(database_of_0002), _sql(database_of_0002, "SELECT version_num FROM alembic_version")) == (
        rows,
        [("0002",)],
    )
    Store(f"sqlite:///{database_of_0002}").close()
    assert _dump(database_of_0002) == rows
