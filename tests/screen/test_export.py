"""Taking one's work along: the bytes of each download, and a backup that comes back through the page."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from study.exporting import backup
from study.exporting.cheatsheet import cheatsheet
from study.scheduling import Rating
from tests.screen.screens import Open, choice, one_right, press, reviews
from ui import catalogue, services

pytestmark = pytest.mark.usefixtures("app", "desk")

Make = Callable[[], bytes]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Make, str, str]]:
    """What the page offers for download, by key: what makes the bytes, the file's name, its type."""
    found: dict[str, tuple[Make, str, str]] = {}
    real = st.download_button

    def noted(label: str, data: Make, file_name: str, mime: str, *, key: str, **rest: object) -> bool:
        found[key.removeprefix("download-")] = (data, file_name, mime)
        return real(label, data, file_name, mime, key=key, **rest)  # type: ignore[arg-type]  # as the page gives them

    monkeypatch.setattr(st, "download_button", noted)
    return found


def _answer_one(app: Open) -> str:
    """One answer in the log, with a note on its card; the card's identity."""
    press(press(app("quiz"), "quiz-reveal"), "rate-good")
    item_id = reviews()[0].item_id
    services.store().set_note(item_id, "Füße, “quotes”", services.now())
    return item_id


def _upload(app: Open, content: bytes, how: str | None = None) -> AppTest:
    page = app("export")
    page.file_uploader(key="restore-file").set_value(("backup.json", content, "application/json")).run()
    if how is not None:
        page.radio[0].set_value(how).run()
    return press(page, "restore")


def test_every_file_is_offered(app: Open, offered: dict[str, tuple[Make, str, str]]) -> None:
    page = app("export")
    today = services.now().date().isoformat()
    assert {key: (name, mime) for key, (_, name, mime) in offered.items()} == {
        "Backup": (f"transfer-learning-{today}.json", "application/json"),
        "Cheat sheet": ("transfer-learning-cheat-sheet.html", "text/html"),
        "Anki package": ("transfer-learning.apkg", "application/octet-stream"),
        "Cards as CSV": (f"cards-{today}.csv", "text/csv"),
        "Answers as CSV": (f"answers-{today}.csv", "text/csv"),
    }
    buttons = [button.proto for button in page.download_button]
    assert len(buttons) == 5
    assert all(button.deferred_file_id and button.ignore_rerun for button in buttons), "made when asked for, not before"


def test_the_backup_is_that_of_the_store(app: Open, offered: dict[str, tuple[Make, str, str]], tmp_path: Path) -> None:
    item_id = _answer_one(app)
    app("export")
    content = offered["Backup"][0]()
    backup.backup(backup.database_address(), tmp_path / "expected.json")
    assert content == (tmp_path / "expected.json").read_bytes()
    assert item_id in content.decode() and json.loads(content)["format"] == backup.FORMAT


def test_the_csv_files_read_back(app: Open, offered: dict[str, tuple[Make, str, str]]) -> None:
    item_id = _answer_one(app)
    app("export")
    content = offered["Cards as CSV"][0]()
    assert content.startswith(b"\xef\xbb\xbf"), "spreadsheets take it for Latin-1 otherwise"
    cards = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert item_id in [value for row in cards for value in row.values()]
    assert "Füße, “quotes”" in [value for row in cards for value in row.values()]
    answers = list(csv.DictReader(io.StringIO(offered["Answers as CSV"][0]().decode("utf-8-sig"))))
    assert len(answers) == 1 and item_id in answers[0].values()


def test_the_cheat_sheet_holds_the_ten_questions_and_loads_nothing(
    app: Open, offered: dict[str, tuple[Make, str, str]]
) -> None:
    app("export")
    html = offered["Cheat sheet"][0]().decode()
    assert html == cheatsheet(services.decks())
    assert html.count("<section") == len(services.decks()[0].questions) == 10
    assert not re.search(r"<(script|img|link|iframe)\b", html)


def test_the_anki_package_opens(app: Open, offered: dict[str, tuple[Make, str, str]], tmp_path: Path) -> None:
    app("export")
    content = offered["Anki package"][0]()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        name = next(each for each in package.namelist() if each.startswith("collection.anki2"))
        package.extract(name, tmp_path)
    with sqlite3.connect(tmp_path / name) as connection:
        fields = [row[0] for row in connection.execute("select flds from notes")]
    fixed = [entry for entry in catalogue.entries().values() if entry.kind not in ("computed",)]
    assert len(fields) == len(fixed)
    assert any(choice(one_right()).options[0].because.split("`")[0].split("$")[0][:30] in each for each in fields)


@pytest.mark.parametrize("how", ["merge", "replace"])
def test_a_backup_comes_back(app: Open, offered: dict[str, tuple[Make, str, str]], tmp_path: Path, how: str) -> None:
    first = _answer_one(app)
    app("export")
    content = offered["Backup"][0]()
    press(press(app("quiz"), "quiz-reveal"), "rate-easy")
    second = reviews()[1].item_id
    page = _upload(app, content, how)
    left = [first, second] if how == "merge" else [first]
    assert [review.item_id for review in reviews()] == left
    card = services.store().card(first)
    assert card is not None and card.note == "Füße, “quotes”"
    rows = "1 card, 1 review." if how == "replace" else "2 cards, 2 reviews."
    assert page.success[0].value.startswith(f"Done. You now have {rows}")
    kept = list(tmp_path.glob("study-before-import-*.json"))
    assert len(kept) == (0 if how == "merge" else 1), "merging a part of what is here changes nothing"
    assert all(str(path) in page.success[0].value and second in path.read_text() for path in kept)


def test_an_answer_that_was_taken_back_comes_back(app: Open, offered: dict[str, tuple[Make, str, str]]) -> None:
    item_id = _answer_one(app)
    app("export")
    content = offered["Backup"][0]()
    services.store().undo_last(services.now(), since=reviews()[0].reviewed_at)
    assert reviews() == []
    page = _upload(app, content, "replace")
    assert not page.error
    assert [(review.item_id, review.rating) for review in reviews()] == [(item_id, Rating.GOOD)]


@pytest.mark.parametrize("damage", ["cut", "edited", "foreign", "newer", "binary"])
def test_a_broken_file_is_an_error_and_changes_nothing(
    app: Open, offered: dict[str, tuple[Make, str, str]], tmp_path: Path, damage: str
) -> None:
    _answer_one(app)
    app("export")
    whole = offered["Backup"][0]()
    content, words = {
        "cut": (whole[: len(whole) // 2], "only a part of one"),
        "edited": (whole.replace(b"F\\u00fc", b"Fo"), "was edited"),
        "foreign": (b'{"some": "json"}', "is no backup of this app"),
        "newer": (whole.replace(b'"version": 1', b'"version": 2'), "newer version"),
        "binary": (b"\xff\xfe\x00", "is no backup"),
    }[damage]
    assert content != whole
    page = _upload(app, content)
    assert words in page.error[0].value
    assert page.error[0].value.startswith("This file ") and "backup.json" not in page.error[0].value
    assert not page.success and not page.exception
    assert offered["Backup"][0]() == whole
    assert list(tmp_path.glob("study-before-import-*.json")) == []
