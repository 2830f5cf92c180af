"""What a backup file may be: broken, foreign, newer or not fitting changes nothing; an older one is brought up."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from study.exporting.backup import _checksum, backup, restore
from study.exporting.files import ExportError
from study.migrations.dump import read, upgraded
from study.migrations.upgrade import HEAD
from study.store import Store

Raw = Callable[[Path], list[str]]


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def _spoilt(text: str) -> dict[str, tuple[str, str]]:
    """What can be wrong with a file, by name: its text, and what the message must say."""
    content = json.loads(text)
    edited = json.loads(text)
    edited["tables"]["reviews"][0]["rating"] = 4
    foreign = {"format": "something", "tables": {}}
    return {
        "empty": ("", "no backup"),
        "half": (text[: len(text) // 2], "only a part"),
        "without its end": (text[:-4], "only a part"),
        "a list": ("[]", "no backup of this app"),
        "foreign": (json.dumps(foreign), "no backup of this app"),
        "nested": ("[" * 100_000, "no backup"),
        "newer layout": (json.dumps(content | {"version": 2}), "newer version.*Update the app"),
        "newer schema": (json.dumps(content | {"schema": "9999"}), "newer version.*Update the app"),
        "edited": (json.dumps(edited), "damaged or was edited.*Use another copy"),
        "without tables": (json.dumps({**content, "tables": None}), "damaged.*Use another copy"),
        "without checksum": (json.dumps({k: v for k, v in content.items() if k != "sha256"}), "checksum"),
    }


@pytest.mark.parametrize("how", ["replace", "merge"])
def test_a_bad_file_changes_nothing(
    history: Store, file: Path, tmp_path: Path, raw: Raw, now: datetime, how: str
) -> None:
    good = tmp_path / "good.json"
    backup(url(file), good)
    before = raw(file)
    files = set(file.parent.iterdir())
    for name, (text, message) in _spoilt(good.read_text()).items():
        bad = tmp_path / "bad.json"
        bad.write_text(text)
        with pytest.raises(ExportError, match=message) as caught:
            restore(url(file), bad, now, how=how)  # type: ignore[arg-type]  # a parameter of the test
        assert str(bad) in str(caught.value), name
        assert raw(file) == before, name
        bad.unlink()
    assert set(file.parent.iterdir()) == files
    with pytest.raises(ExportError, match=r"missing\.json cannot be read"):
        restore(url(file), tmp_path / "missing.json", now, how="replace")


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_byte_is_noticed(
    history: Store, file: Path, empty: Path, tmp_path: Path, raw: Raw, now: datetime, seed: int
) -> None:
    rng = random.Random(seed)
    good = tmp_path / "good.json"
    backup(url(file), good)
    content = bytearray(good.read_bytes())
    before = raw(empty)
    letters = [at for at in range(content.index(b'"tables"'), len(content)) if chr(content[at]).isalnum()]
    content[rng.choice(letters)] ^= 1 << rng.randrange(4)
    bad = tmp_path / "bad.json"
    bad.write_bytes(content)
    with pytest.raises(ExportError):
        restore(url(empty), bad, now)
    assert raw(empty) == before


def _resealed(file: Path, content: dict[str, object]) -> None:
    file.write_text(json.dumps(content | {"sha256": _checksum(content["tables"])}))


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("reviews", {"card_id": 999}, "FOREIGN KEY"),
        ("reviews", {"rating": "four"}, r"reviews\.rating is 'four', which is no int"),
        ("reviews", {"rating": True}, r"reviews\.rating is True"),
        ("reviews", {"reviewed_at": "soon"}, r"reviews\.reviewed_at is 'soon'"),
        ("cards", {"colour": "red"}, "cards has no column 'colour'"),
        ("cards", {"due": None}, r"cards\.due is None"),
        ("nonsense", {}, "no table 'nonsense'"),
    ],
)
def test_rows_that_do_not_fit_change_nothing(
    history: Store,
    file: Path,
    empty: Path,
    tmp_path: Path,
    raw: Raw,
    now: datetime,
    table: str,
    change: dict[str, object],
    message: str,
) -> None:
    bad = tmp_path / "bad.json"
    backup(url(file), bad)
    content = json.loads(bad.read_text())
    content["tables"].setdefault(table, [{}])[0] |= change
    _resealed(bad, content)
    before = raw(empty)
    with pytest.raises(ExportError, match=message):
        restore(url(empty), bad, now)
    assert raw(empty) == before


def test_a_backup_of_an_older_schema_is_brought_up_by_the_migrations(
    empty: Path, tmp_path: Path, now: datetime
) -> None:
    moment = now.isoformat()
    run = {
        "id": 7,
        "run_id": "r",
        "lab": "l",
        "config": {"a": 1},
        "seconds": 0.1,
        "outcome": "holds",
        "finished_at": moment,
    }
    card = {
        "id": 3,
        "item_id": "d/q",
        "added_at": moment,
        "state": "learning",
        "step": 0,
        "due": moment,
        "reviews": 0,
        "version": 0,
    }
    old = {"format": "transfer-learning-interview/backup", "version": 1, "schema": "0001"}
    file = tmp_path / "old.json"
    _resealed(file, old | {"tables": {"lab_runs": [run], "cards": [card]}})
    restore(url(empty), file, now)
    rows = read(url(empty), "local")
    assert rows["lab_runs"] == [run]
    assert rows["cards"] == [card | {"suspended": False, "note": "", "asked_for": True}]
    with pytest.raises(ExportError, match="no column 'measured'"):
        _resealed(file, old | {"tables": {"lab_runs": [run | {"measured": {}}], "cards": [card]}})
        restore(url(empty), file, now, how="replace")


def test_an_unknown_revision_is_named() -> None:
    assert upgraded({"cards": []}, HEAD) == {"cards": []}
    with pytest.raises(LookupError, match="9999"):
        upgraded({}, "9999")
