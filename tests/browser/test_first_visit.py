"""The first visit to every address of a fresh server shows that address's screen, under its own title."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from content.loader import load_decks
from demos.catalogue import labs
from tests.support.chromium import settled
from tests.support.server import Server

FIXED = {
    "": "Be ready for the transfer-learning interview",
    "search": "Search",
    "quiz": "Question 1",
    "progress": "Progress",
}
QUESTIONS = {q.meta.key: f"Question {q.meta.number} of" for deck in load_decks() for q in deck.questions}
LABS = {f"lab-{name.replace('_', '-')}": lab.title for name, lab in labs().items()}
ADDRESSES = {**FIXED, **QUESTIONS, **LABS}


def test_the_registry_is_not_empty() -> None:
    assert len(QUESTIONS) >= 10
    assert LABS


@pytest.mark.parametrize("path", ADDRESSES)
def test_first_visit_to_a_fresh_server(path: str, fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{fresh_server.url}/{path}")
    settled(page)
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text(ADDRESSES[path]).first).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
