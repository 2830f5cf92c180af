"""Browse, reveal, search."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from content.loader import load_decks
from tests.support.chromium import settled
from tests.support.server import Server

WORKERS_AT_START = False

QUESTIONS = load_decks()[0].questions
FIRST, LAST = QUESTIONS[0], QUESTIONS[-1]


def test_a_newcomer_gets_from_home_to_a_revealed_answer(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(server.url)
    page.get_by_role("button", name="Start with question 1").click()
    expect(page.get_by_role("heading", name=FIRST.meta.title)).to_be_visible()
    expect(page.get_by_role("heading", name="The card answer")).to_have_count(0)
    page.get_by_role("button", name="Reveal the answer").click()
    for heading in ("The card answer", "Say it in 30 seconds", "What a senior adds", "Follow-ups", "Sources"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()


def test_space_reveals_and_next_leads_through_all_questions(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/{FIRST.meta.key}")
    for question in QUESTIONS:
        expect(page.get_by_text(f"Question {question.meta.number} of")).to_be_visible()
        expect(page.get_by_role("button", name="Reveal the answer")).to_be_visible()
        settled(page)
        page.keyboard.press("Space")
        expect(page.get_by_role("heading", name="The card answer")).to_be_visible()
        settled(page)
        assert page.locator(".katex-error").count() == 0
        if question is not LAST:
            page.get_by_test_id("stMain").get_by_role("link", name=f"{question.meta.number + 1} ·").click()
            expect(page.get_by_text(f"Question {question.meta.number + 1} of")).to_be_visible()


def test_formulas_render(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/input-resolution?reveal=1")
    settled(page)
    expect(page.locator("h1 .katex").first).to_be_visible()


def test_search_finds_a_follow_up_and_leads_to_it(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/search")
    box = page.get_by_role("searchbox").or_(page.get_by_role("textbox", name="Search all questions and answers")).first
    box.fill("batchnorm")
    page.get_by_test_id("stMain").get_by_role("link", name=FIRST.meta.title).click()
    expect(page.get_by_role("heading", name="The card answer")).to_be_visible()


def test_a_search_without_result_says_what_to_do(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/search?q=zzzzqqqq")
    expect(page.get_by_text("Try fewer or shorter words")).to_be_visible()


def test_adding_a_question_to_the_reviews_is_remembered(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/{LAST.meta.key}")
    page.get_by_role("button", name="Add to my reviews").click()
    expect(page.get_by_text("In your reviews, not asked yet")).to_be_visible()
    again = open_page(f"{server.url}/{LAST.meta.key}")
    expect(again.get_by_text("In your reviews, not asked yet")).to_be_visible()
