"""Ten cards by keyboard, undo, and what a restart or a crash of the server leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.steps import SLOW_MS, reviews
from tests.support.chromium import settled
from tests.support.server import Server

WORKERS_AT_START = False


def _answer_by_keyboard(page: Page, rating: str) -> str:
    """Reveal the card on the table with Space, rate it with 1 to 4, wait for the next. Returns its question."""
    expect(page.get_by_role("button", name="Reveal")).to_be_visible(timeout=SLOW_MS)
    settled(page)
    asked = page.get_by_test_id("stMain").get_by_role("heading").first.inner_text()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Good ·")).to_be_visible()
    settled(page)
    page.keyboard.press(rating)
    expect(page.get_by_role("button", name="Good ·")).to_have_count(0)
    settled(page)
    return asked


def test_ten_cards_by_keyboard_end_in_a_summary_and_survive_a_restart(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    with Server(tmp_path, workers_at_start=WORKERS_AT_START) as server:
        page = open_page(f"{server.url}/quiz")
        asked = [_answer_by_keyboard(page, "1234"[turn % 4]) for turn in range(10)]
        assert len(set(asked)) >= 9
        expect(page.get_by_text("Session done").or_(page.get_by_role("button", name="Reveal")).first).to_be_visible()
        assert len(reviews(tmp_path)) == 10
        page.close()
    with Server(tmp_path, workers_at_start=WORKERS_AT_START) as server:
        page = open_page(f"{server.url}/progress")
        expect(page.get_by_text("Reviews", exact=True).first).to_be_visible()
        expect(page.get_by_test_id("stMetricValue").first).to_have_text("10")
        page.close()


def test_undo_takes_the_last_answer_back(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{fresh_server.url}/quiz")
    asked = _answer_by_keyboard(page, "4")
    assert len(reviews(fresh_server.home)) == 1
    page.get_by_role("button", name="Undo the last answer").click()
    expect(page.get_by_role("button", name="Good ·")).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_have_text(asked)
    assert len(reviews(fresh_server.home)) == 0


def test_a_killed_server_loses_no_acknowledged_answer(tmp_path: Path, open_page: Callable[..., Page]) -> None:
    """`kill -9` in the middle: what the page had moved on from is in the database."""
    acknowledged = 0
    for round_ in range(3):
        with Server(tmp_path, workers_at_start=WORKERS_AT_START) as server:
            page = open_page(f"{server.url}/quiz")
            for _ in range(3 if round_ < 2 else 2):
                _answer_by_keyboard(page, "4")
                acknowledged += 1
            page.close()
            server.kill()
        assert len(reviews(tmp_path)) == acknowledged
