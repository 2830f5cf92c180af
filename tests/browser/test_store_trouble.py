"""A database that cannot be written for a while: it is told, and the browser keeps what is being typed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from study.migrations.connection import BUSY_TIMEOUT_SECONDS
from tests.browser.steps import button, draft, main, quiz_of, until
from tests.support.chromium import settled
from tests.support.server import Server
from ui import catalogue
from ui.cards.points import draft_key

WORKERS_AT_START = False

TOLD_MS = (2 * BUSY_TIMEOUT_SECONDS + 20) * 1000
"""The store waits for a lock before it says so."""


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Another program writes to the database and does not come to an end."""
    connection = sqlite3.connect(home / "study.sqlite3", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


def test_what_could_not_be_saved_stays_in_its_field(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = quiz_of(fresh_server, open_page, "typed")
    field = main(page).get_by_label("Your answer")
    with _locked(fresh_server.home):
        field.fill("Half an answer")
        field.blur()
        expect(main(page).get_by_role("alert").first).to_be_visible(timeout=TOLD_MS)
        settled(page)
        expect(field).to_have_value("Half an answer")
    main(page).get_by_role("radio", name="60 s").or_(main(page).get_by_role("button", name="60 s")).click()
    expect(main(page).get_by_role("alert")).to_have_count(0, timeout=TOLD_MS)
    settled(page)
    expect(field).to_have_value("Half an answer")
    field.press("End")
    field.press_sequentially(" and the rest")
    field.blur()
    whole = "Half an answer and the rest"
    until(lambda: draft(fresh_server.home, _draft_key()) == whole, "the whole answer is kept")


def test_what_a_broken_off_screen_did_not_draw_is_still_there(
    fresh_server: Server, open_page: Callable[..., Page]
) -> None:
    page = quiz_of(fresh_server, open_page, "typed")
    field = main(page).get_by_label("Your answer")
    field.fill("Half an answer")
    field.blur()
    until(lambda: draft(fresh_server.home, _draft_key()) == "Half an answer", "the draft is kept")
    settled(page)
    page.wait_for_timeout(2000)  # a pause in typing saves as well
    with _without_cards(fresh_server.home):
        main(page).get_by_role("radio", name="60 s").or_(main(page).get_by_role("button", name="60 s")).click()
        expect(button(page, "Try again")).to_be_visible(timeout=TOLD_MS)
        expect(field).to_have_count(0)
    button(page, "Try again").click()
    expect(field).to_have_value("Half an answer")
    settled(page)
    main(page).get_by_role("radio", name="30 s").or_(main(page).get_by_role("button", name="30 s")).click()
    settled(page)
    expect(field).to_have_value("Half an answer")


def _draft_key() -> str:
    """Under which the answer to the first card in the learner's own words is kept."""
    asked = next(entry for entry in map(catalogue.entry, catalogue.introduced()) if entry.kind == "typed")
    return draft_key(asked.item_id)


@contextmanager
def _without_cards(home: Path) -> Iterator[None]:
    """A table cannot be read."""
    with closing(sqlite3.connect(home / "study.sqlite3", isolation_level=None)) as connection:
        connection.execute("ALTER TABLE cards RENAME TO away")
        yield
        connection.execute("ALTER TABLE away RENAME TO cards")
