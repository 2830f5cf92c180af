"""Every kind of card by keyboard: asked, answered, explained, rated; and what must not be counted or lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Locator, Page, expect

from content.items import Bug, Case, Choice, Typed
from study.grading import choices
from study.records import Review
from study.scheduling import Rating
from tests.browser.steps import SLOW_MS, button, draft, main, narrow, quiz_of, reviews, until
from tests.support.chromium import settled
from tests.support.server import Server
from ui import catalogue
from ui.cards.points import draft_key
from ui.catalogue import Entry, Kind

WORKERS_AT_START = False

WORDS = "I would fit a linear probe first, because large updates destroy pretrained features."


def _next_card(home: Path, kind: Kind) -> Entry:
    """The card of this kind that the quiz introduces next."""
    met = {review.item_id for review in reviews(home)}
    fresh = [item_id for item_id in catalogue.introduced() if item_id not in met]
    return next(entry for entry in map(catalogue.entry, fresh) if entry.kind == kind)


def _rate(page: Page, home: Path, rating: Rating) -> Review:
    """Rate with a key; returns what was logged."""
    before = len(reviews(home))
    expect(button(page, "Good ·")).to_be_visible()  # a key has no meaning before its button is there
    settled(page)
    page.keyboard.press(str(int(rating)))
    expect(button(page, "Good ·")).to_have_count(0)
    until(lambda: len(reviews(home)) > before, "the answer is counted")
    settled(page)
    review = reviews(home)[-1]
    assert len(reviews(home)) == before + 1
    assert review.rating is rating
    return review


def _reasons(page: Page) -> Locator:
    return main(page).locator("[class*='st-key-reason-']")


def _choose_by_keyboard(page: Page) -> None:
    """Go to the first radio button or box, and choose it."""
    chosen = main(page).get_by_role("radio").or_(main(page).get_by_role("checkbox")).first
    chosen.focus()
    page.keyboard.press("Space")
    expect(chosen).to_be_checked()
    settled(page)


def test_choice(server: Server, open_page: Callable[..., Page]) -> None:
    page = quiz_of(server, open_page, "choice")
    item = cast(Choice, _next_card(server.home, "choice").item)
    expect(button(page, "Good ·")).to_have_count(0)
    expect(_reasons(page)).to_have_count(0)
    _choose_by_keyboard(page)
    page.keyboard.press("Enter")

    expect(_reasons(page)).to_have_count(len(item.options))
    expect(_reasons(page).get_by_text("Right.", exact=True)).to_have_count(sum(each.right for each in item.options))
    expect(_reasons(page).get_by_text("your choice", exact=True)).to_have_count(1)
    verdict = main(page).get_by_test_id("stAlert").inner_text()
    review = _rate(page, server.home, Rating.AGAIN)
    assert review.kind == "choice"
    assert review.answered is not None
    grade = choices.grade_choice(item.options, review.answered["chosen"])
    assert len(review.answered["chosen"]) == 1
    assert (review.answered["right"], review.answered["score"]) == (grade.right, grade.score)
    assert ("Right" in verdict) is grade.right


def test_numbers(server: Server, open_page: Callable[..., Page]) -> None:
    page = quiz_of(server, open_page, "computed")
    field = main(page).get_by_test_id("stTextInput").locator("input")
    field.press_sequentially("no number")
    page.keyboard.press("Control+Enter")
    expect(main(page).get_by_test_id("stAlert")).to_be_visible()
    expect(button(page, "Good ·")).to_have_count(0)
    expect(main(page).get_by_text("Step by step")).to_have_count(0)
    field.fill("12345")
    page.keyboard.press("Control+Enter")

    expect(main(page).get_by_text("Step by step")).to_be_visible()
    verdict = main(page).get_by_test_id("stAlert")
    expect(verdict).to_contain_text("You wrote 12,345")
    expect(verdict).to_contain_text("The answer is")
    because = verdict.inner_text()
    review = _rate(page, server.home, Rating.HARD)
    assert review.kind == "computed"
    assert review.answered is not None
    assert (review.answered["given"], review.answered["right"]) == ("12345", False)
    assert review.answered["because"] in because


def test_in_your_words(server: Server, open_page: Callable[..., Page]) -> None:
    page = quiz_of(server, open_page, "typed")
    entry = _next_card(server.home, "typed")
    item = cast(Typed, entry.item)
    expect(main(page).get_by_text("A model answer")).to_have_count(0)
    main(page).get_by_role("textbox", name="Your answer").press_sequentially(WORDS)
    page.keyboard.press("Control+Enter")

    expect(main(page).get_by_text("You wrote")).to_be_visible()
    expect(main(page).get_by_text(WORDS)).to_be_visible()
    expect(main(page).get_by_text("A model answer")).to_be_visible()
    points = main(page).get_by_role("checkbox")
    expect(points).to_have_count(len(item.key_points))
    expect(main(page).get_by_text("Your answer suggests Again")).to_be_visible()
    for index in range(len(item.key_points)):
        points.nth(index).focus()
        page.keyboard.press("Space")
        expect(points.nth(index)).to_be_checked()
    expect(
        main(page).get_by_text("Your answer suggests Easy").or_(main(page).get_by_text("suggests Good"))
    ).to_be_visible()
    review = _rate(page, server.home, Rating.GOOD)
    assert (review.kind, review.item_id) == ("typed", entry.item_id)
    assert review.answered == {"text": WORDS, "ticks": list(range(len(item.key_points)))}
    assert not draft(server.home, draft_key(entry.item_id)), "what was answered is no draft any more"


def test_spot_the_bug(server: Server, open_page: Callable[..., Page]) -> None:
    page = quiz_of(server, open_page, "bug")
    item = cast(Bug, _next_card(server.home, "bug").item)
    expect(main(page).get_by_text("Mended", exact=True)).to_have_count(0)
    lines = main(page).get_by_role("combobox", name="Which line is the mistake?")
    lines.press_sequentially(f"{item.line}: ")
    page.get_by_role("option", name=f"{item.line}: ").first.wait_for()
    page.keyboard.press("Enter")
    settled(page)
    page.keyboard.press("Control+Enter")
    expect(main(page).get_by_text("Pick the line and the reason first")).to_be_visible()
    _choose_by_keyboard(page)
    page.keyboard.press("Enter")

    expect(main(page).get_by_text("Mended", exact=True)).to_be_visible()
    expect(_reasons(page)).to_have_count(len(item.reasons))
    verdict = main(page).get_by_test_id("stAlert").inner_text()
    review = _rate(page, server.home, Rating.EASY)
    assert review.kind == "bug"
    assert review.answered is not None
    grade = choices.grade_bug(item, item.line, review.answered["reason"])
    assert review.answered["line"] == item.line
    assert (review.answered["right"], review.answered["score"]) == (grade.right, grade.score)
    assert ("Right" in verdict) is grade.right
    assert grade.right or f"The line is right ({item.line})" in verdict


def test_case(server: Server, open_page: Callable[..., Page]) -> None:
    page = quiz_of(server, open_page, "case")
    item = cast(Case, _next_card(server.home, "case").item)
    expect(main(page).get_by_text("Check first.")).to_have_count(0)
    main(page).get_by_role("textbox", name="What do you do").press_sequentially(WORDS)
    page.keyboard.press("Control+Enter")

    expect(main(page).get_by_text("Check first.")).to_be_visible()
    expect(main(page).get_by_text("A discussion")).to_be_visible()
    expect(main(page).get_by_role("checkbox")).to_have_count(len(item.key_points))
    review = _rate(page, server.home, Rating.GOOD)
    assert review.kind == "case"
    assert review.answered == {"text": WORDS, "ticks": []}


@pytest.mark.parametrize("kind", ["choice", "typed", "computed", "bug", "case"])
def test_who_does_not_know_is_told_and_rates_again(kind: Kind, server: Server, open_page: Callable[..., Page]) -> None:
    page = quiz_of(server, open_page, kind)
    button(page, "I don't know").click()
    expect(main(page).get_by_text("Your answer suggests Again")).to_be_visible()
    review = _rate(page, server.home, Rating.AGAIN)
    assert review.kind == kind
    assert review.answered is not None
    assert review.answered["unknown"] is True


def test_a_double_click_on_a_rating_counts_once(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{fresh_server.url}/quiz")
    for answered in (1, 2):
        button(page, "Reveal").click(timeout=SLOW_MS)
        expect(button(page, "Good ·")).to_be_visible()
        settled(page)
        button(page, "Good ·").dblclick()
        expect(button(page, "Reveal")).to_be_visible()
        settled(page)
        log = reviews(fresh_server.home)
        assert len(log) == answered == len({review.item_id for review in log})


def test_the_second_of_two_tabs_is_told_that_the_card_was_answered(
    fresh_server: Server, open_page: Callable[..., Page]
) -> None:
    first, second = (open_page(f"{fresh_server.url}/quiz") for _ in range(2))
    asked = []
    for page in (first, second):
        button(page, "Reveal").click(timeout=SLOW_MS)
        expect(button(page, "Good ·")).to_be_visible()
        settled(page)
        asked.append(main(page).get_by_role("heading").first.inner_text())
    assert asked[0] == asked[1]
    counted = _rate(first, fresh_server.home, Rating.EASY)
    second.keyboard.press("1")
    expect(main(second).get_by_text("This card was answered elsewhere meanwhile")).to_be_visible()
    expect(button(second, "Reveal")).to_be_visible()
    assert reviews(fresh_server.home) == [counted]
    assert main(second).get_by_role("heading").first.inner_text() != asked[0]
    button(second, "Reveal").click()
    expect(main(second).get_by_text("This card was answered elsewhere meanwhile")).to_have_count(0)


def test_what_was_typed_but_not_handed_in_survives_a_reload(
    fresh_server: Server, open_page: Callable[..., Page]
) -> None:
    """The field is never left: a pause in typing is enough."""
    page = quiz_of(fresh_server, open_page, "typed")
    name = draft_key(_next_card(fresh_server.home, "typed").item_id)
    field = main(page).get_by_role("textbox", name="Your answer")
    field.press_sequentially("Freeze the backbone, ")
    until(lambda: draft(fresh_server.home, name) == "Freeze the backbone, ", "the draft is kept")
    page.keyboard.type("train a new head")
    expect(field).to_have_value("Freeze the backbone, train a new head")
    until(lambda: draft(fresh_server.home, name) == "Freeze the backbone, train a new head", "the draft is kept")
    page.reload()
    narrow(page, "typed")
    expect(field).to_have_value("Freeze the backbone, train a new head")
    assert reviews(fresh_server.home) == []
