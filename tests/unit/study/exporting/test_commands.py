"""`python -m study export | import | fit` from the outside: files, messages and exit codes."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS

from study import settings
from study.cli import main
from study.fitting import Fit
from study.store import Store

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(autouse=True)
def database(file: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")


def test_backup_wipe_and_import(
    history: Store,
    file: Path,
    empty_database: Path,
    tmp_path: Path,
    raw: Callable[[Path], list[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert main(["export", "json", str(tmp_path / "b.json")]) == 0
    assert "12 reviews" in capsys.readouterr().out
    wiped = Path(shutil.copy(empty_database, tmp_path / "wiped.sqlite3"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{wiped}")
    assert main(["import", str(tmp_path / "b.json")]) == 0
    assert raw(wiped) == raw(file)
    assert "12 reviews" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "b.json")]) == 2
    assert "--merge" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "b.json"), "--merge"]) == 0
    assert main(["import", str(tmp_path / "b.json"), "--replace"]) == 0
    assert raw(wiped) == raw(file)


def test_replacing_prints_where_the_old_history_is(
    history: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "json", str(tmp_path / "b.json")]) == 0
    history.add("d/later", history.cards()[0].added_at)
    capsys.readouterr()
    assert main(["import", "--replace", str(tmp_path / "b.json")]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    kept = Path(first.removeprefix("What was there before is kept in "))
    assert "d/later" in kept.read_text() and "d/later" not in {card.item_id for card in history.cards()}


def test_a_backup_is_not_overwritten(history: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.json"
    file.touch()
    assert main(["export", "json", str(file)]) == 0
    before = file.read_bytes()
    history.add("d/later", history.cards()[0].added_at)
    assert main(["export", "json", str(file)]) == 1
    assert "--force" in capsys.readouterr().err
    assert file.read_bytes() == before
    assert main(["export", "json", "--force", str(file)]) == 0
    assert file.read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["import", "nowhere.json"], 2, "nowhere.json is no file"),
        (["import", "broken.json"], 1, "is no backup"),
        (["export", "json", "no/folder/b.json"], 1, "cannot be written"),
        (["export", "anki", "no/folder/b.apkg"], 1, "cannot be written"),
        (["export", "anki", "--my-cards", "b.apkg"], 1, "nothing to pack"),
        (["fit"], 1, "640 more answers are needed"),
    ],
)
def test_errors_name_the_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.json").write_text("{")
    assert main(arguments) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "pdf", "x"],
        ["export", "anki"],
        ["import", "a", "--merge", "--replace"],
        ["export", "cheatsheet", "x", "--columns", "3"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_database_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.txt").write_text("no database " * 100)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'text.txt'}")
    for arguments in (
        ["export", "json", str(tmp_path / "b.json")],
        ["fit"],
        ["export", "csv", str(tmp_path / "c.csv")],
    ):
        assert main(arguments) == 1
        assert "no SQLite database" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.glob("*.[jc]s*")) == []


def test_tables_and_pages(history: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "csv", "--excel", str(tmp_path / "c.csv")]) == 0
    assert (tmp_path / "c.csv").read_bytes().startswith(b"\xef\xbb\xbfitem,")
    assert main(["export", "csv", str(tmp_path / "c.csv")]) == 0
    assert (tmp_path / "c.csv").read_bytes().startswith(b"item,")
    with (tmp_path / "c-reviews.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == len(history.reviews())
    assert main(["export", "cheatsheet", str(tmp_path / "s.html")]) == 0
    assert (tmp_path / "s.html").read_text(encoding="utf-8").count("<section") >= 10
    assert main(["export", "anki", str(tmp_path / "a.apkg")]) == 0
    assert "notes" in capsys.readouterr().out


def test_fit_says_how_many_answers_are_missing_as_json(history: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert 0 < result["missing"] < 640


def _found(*, keep: bool) -> Fit:
    weights = (*DEFAULT_PARAMETERS[:-1], 0.3)
    low = 0.01 if keep else -0.01
    return Fit(weights, 600, 150, 0.40, 0.35, 0.05, (low, 0.09), keep)


@pytest.mark.parametrize(
    ("worth", "asked", "kept", "message"),
    [
        (True, True, True, "kept and used from now on"),
        (True, False, False, "run it again with --keep"),
        (False, True, False, "not worth keeping"),
    ],
)
def test_only_a_proven_gain_is_kept_and_only_if_asked(
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    worth: bool,
    asked: bool,
    kept: bool,
    message: str,
) -> None:
    found = _found(keep=worth)
    monkeypatch.setattr("study.fitting.fit", lambda *_: found)
    settings.save(store, "local", settings.Settings(desired_retention=0.85))
    arguments = ["fit", "--keep"] if asked else ["fit"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert message in out and "0.4000" in out and "0.3500" in out
    wanted = settings.Settings(desired_retention=0.85, weights=found.weights if kept else None)
    assert settings.load(store, "local") == wanted
    assert main([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["keep"], result["kept"], result["gain"]) == (worth, kept, 0.05)
    assert result["interval"] == list(found.interval) and result["weights"] == list(found.weights)


def test_the_other_commands_do_not_load_what_these_need() -> None:
    code = (
        "import sys, importlib\n"
        "for name in ('export', 'import_', 'fit'):\n"
        "    importlib.import_module(f'study.commands.{name}')\n"
        "sys.exit(', '.join({'torch', 'sqlalchemy', 'genanki', 'pygments'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, env=os.environ.copy()
    )
    assert done.returncode == 0, done.stderr
