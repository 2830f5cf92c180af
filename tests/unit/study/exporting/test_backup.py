"""Backup, wipe, restore gives back an identical history; a bad file changes nothing; nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import JSON

from study.exporting.backup import Restored, backup, restore
from study.exporting.files import ChoiceNeededError, ExportError
from study.migrations.dump import read, rewrite
from study.migrations.shapes import kind_of, shapes
from study.migrations.tables import Base
from study.scheduling import Rating
from study.store import Store

Raw = Callable[[Path], list[str]]


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def test_every_table_has_rows_in_the_history(history: Store, file: Path) -> None:
    rows = read(url(file), "local")
    assert rows.keys() == Base.metadata.tables.keys()
    assert all(rows.values())
    assert {column.name for table in Base.metadata.tables.values() for column in table.columns} == {
        "learner_id",
        *(column for found in rows.values() for row in found for column in row),
    }


def test_backup_wipe_restore_is_identical(
    history: Store, file: Path, empty: Path, tmp_path: Path, raw: Raw, now: datetime
) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    counts = backup(url(file), first)
    assert raw(empty) != raw(file)
    assert restore(url(empty), first, now) == Restored(counts, None)
    assert raw(empty) == raw(file)
    backup(url(empty), second)
    assert second.read_bytes() == first.read_bytes()
    assert [path.name for path in empty.parent.iterdir() if path.suffix == ".json"] == []


def test_the_store_goes_on_after_a_restore(
    history: Store, file: Path, empty: Path, tmp_path: Path, answer: Callable[..., None], now: datetime
) -> None:
    backup(url(file), tmp_path / "b.json")
    restore(url(empty), tmp_path / "b.json", now)
    store = Store(url(empty))
    assert store.reviews() == history.reviews()
    assert store.cards() == history.cards()
    for opened in (history, store):
        answer(opened, "d/new", "one-more", Rating.HARD, minutes=20_000)
        assert opened.undo_last(now + timedelta(days=15)) is not None
    assert store.cards() == history.cards()
    store.close()


def test_sql_null_and_json_null_are_told_apart(history: Store, file: Path) -> None:
    runs = {row["run_id"]: row for row in read(url(file), "local")["lab_runs"]}
    assert "measured" in runs["r1"]
    settings = {row["key"]: row for row in read(url(file), "local")["settings"]}
    assert settings["nothing"] == {"key": "nothing", "value": None}


def test_a_history_is_not_overwritten_without_a_choice(
    history: Store, file: Path, empty: Path, tmp_path: Path, raw: Raw, now: datetime
) -> None:
    backup(url(empty), tmp_path / "b.json")
    before = raw(file)
    with pytest.raises(ChoiceNeededError, match=r"--merge.*--replace"):
        restore(url(file), tmp_path / "b.json", now)
    assert raw(file) == before


def test_replace_keeps_what_was_there(
    history: Store, file: Path, empty: Path, tmp_path: Path, raw: Raw, now: datetime, answer: Callable[..., None]
) -> None:
    backup(url(file), tmp_path / "b.json")
    wanted = raw(file)
    other = Store(url(empty))
    answer(other, "d/q0", "elsewhere")
    before = raw(empty)
    kept = restore(url(empty), tmp_path / "b.json", now, how="replace").kept
    assert raw(empty) == wanted
    assert kept == empty.parent / "study-before-import-20260304T093015Z.json"
    again = restore(url(empty), kept, now, how="replace").kept
    assert raw(empty) == before
    assert again is not None and again != kept and again.read_bytes() == (tmp_path / "b.json").read_bytes()
    other.close()


def test_replacing_with_an_empty_backup_keeps_a_file_with_everything(
    history: Store, file: Path, empty: Path, tmp_path: Path, raw: Raw, now: datetime
) -> None:
    before = raw(file)
    backup(url(empty), tmp_path / "nothing.json")
    kept = restore(url(file), tmp_path / "nothing.json", now, how="replace").kept
    assert kept is not None and not any(read(url(file), "local").values())
    restore(url(file), kept, now)
    assert raw(file) == before


def test_without_room_for_the_backup_nothing_is_replaced(
    history: Store, file: Path, empty: Path, tmp_path: Path, raw: Raw, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(url(empty), tmp_path / "nothing.json")
    before = raw(file)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("study.exporting.files.os.fsync", full)
    with pytest.raises(ExportError, match=r"study-before-import.*cannot be written: No space left"):
        restore(url(file), tmp_path / "nothing.json", now, how="replace")
    assert raw(file) == before
    assert not list(tmp_path.glob("study-before-import*"))


def test_other_learners_are_left_alone(history: Store, file: Path, empty: Path, tmp_path: Path, now: datetime) -> None:
    backup(url(file), tmp_path / "b.json")
    other = Store(url(empty))
    other.add("d/q0", now, learner="ada")
    other.add("d/q9", now, learner="ada")
    other.log_prediction("lab", {}, "holds", now, prediction_id="p1", learner="ada")
    theirs = read(url(empty), "ada")
    restore(url(empty), tmp_path / "b.json", now)
    assert read(url(empty), "ada") == theirs
    # Numbers had to make way, everything else is the same, and answers still belong to their cards.
    assert other.reviews() == history.reviews()
    cards = {card.item_id: card for card in other.cards()}
    assert [(c.item_id, c.memory, c.version, c.note) for c in other.cards()] == [
        (c.item_id, c.memory, c.version, c.note) for c in history.cards()
    ]
    assert {row["item_id"]: row["card_id"] for row in read(url(empty), "local")["reviews"]}.items() <= {
        item: card.id for item, card in cards.items()
    }.items()
    restore(url(empty), tmp_path / "b.json", now, how="replace", learner="ada")
    assert other.reviews(learner="ada") == history.reviews() == other.reviews()
    other.close()


def test_a_failing_change_leaves_the_database(history: Store, file: Path, raw: Raw) -> None:
    before = raw(file)

    def fail(rows: object) -> dict[str, list[dict[str, object]]]:
        raise KeyError("x")

    with pytest.raises(KeyError):
        rewrite(url(file), "local", fail)
    assert raw(file) == before


def test_a_backup_can_hold_every_column() -> None:
    kinds = {kind_of(column) for table in Base.metadata.tables.values() for column in table.columns}
    assert kinds <= {int, float, str, bool, datetime, object, dict}
    # NULL in a JSON column is restored by leaving the column out, which a default would fill.
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    assert not [column for column in columns if isinstance(column.type, JSON) and column.default is not None]


def test_every_table_can_be_told_apart_and_ordered() -> None:
    by_name = {shape.name: shape for shape in shapes()}
    assert by_name["cards"].key == ("item_id",) and by_name["reviews"].key == ("answer_id",)
    assert by_name["settings"].key == ("key",) and by_name["settings"].number is None
    assert by_name["drafts"].key == () and by_name["drafts"].moment == "updated_at"
    assert by_name["reviews"].parents == {"card_id": "cards"} and by_name["reviews"].moment == "reviewed_at"


def test_what_was_there_is_kept_where_it_stays_if_the_database_is_no_file(
    history: Store, file: Path, empty: Path, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page hands the backup over in a folder that is gone a moment later."""
    passing, data = tmp_path / "passing", tmp_path / "not" / "yet"
    passing.mkdir()
    backup(url(file), passing / "b.json")
    Store(url(empty)).add("d/mine", now)
    monkeypatch.setattr("study.exporting.backup.folder_of", lambda address: None)
    monkeypatch.setattr("study.exporting.backup.DEFAULT_FILE", data / "study.sqlite3")
    kept = restore(url(empty), passing / "b.json", now, how="replace").kept
    assert kept is not None and kept.parent == data and b"d/mine" in kept.read_bytes()
    assert [path.name for path in passing.iterdir()] == ["b.json"]
