"""Whole mock interviews, from the first question to the report, with a reload in the middle."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from study.interviewing.choosing import LIMITS
from study.interviewing.model import LENGTHS, OPEN_KINDS, Interview, Length
from tests.browser.candidate import (
    Candidate,
    identity_of,
    interview_of,
    letters,
    report_of,
    saved_state,
    secrets_of,
    wait_for,
)
from tests.browser.steps import SLOW_MS, button, database, draft, main, until
from tests.support.chromium import settled
from tests.support.server import Server
from ui import catalogue

WORKERS_AT_START = False


def _begin(server: Server, open_page: Callable[..., Page], length: Length) -> Page:
    page = open_page(f"{server.url}/interview")
    main(page).get_by_role("radio", name=f"{length} min").click(timeout=SLOW_MS)
    settled(page)
    button(page, "Begin").click()
    wait_for(page, 1)
    return page


def _reload(candidate: Candidate, number: int) -> None:
    """With a draft in the field: the same question is open, the draft is there, the clock has gone on."""
    page, home = candidate.page, candidate.home
    answer = main(page).get_by_role("textbox", name="Your answer")
    answer.press_sequentially("I would begin")
    name = f"interview:{identity_of(home)}:{number}"
    until(lambda: draft(home, name) == "I would begin", "the draft is kept")
    asked, before, left = _asked(page), interview_of(home), _seconds_left(page)
    assert len(letters("".join(asked))) > 20
    page.wait_for_timeout(1_100)  # a second has to pass, or the clock could stand still unnoticed
    page.reload()
    wait_for(page, number)
    expect(answer).to_have_value("I would begin")
    assert _asked(page) == asked
    assert interview_of(home).steps == before.steps
    assert left - 60 < _seconds_left(page) < left


def _asked(page: Page) -> list[str]:
    """What the card says."""
    card = main(page).locator(".st-key-interview-card")
    return card.get_by_test_id("stHeading").or_(card.get_by_test_id("stMarkdown")).all_text_contents()


def _seconds_left(page: Page) -> int:
    words = main(page).get_by_text(" left", exact=False).filter(has_text=":").last.inner_text()
    found = re.search(r"(\d+):(\d\d) left", words)
    assert found, words
    return 60 * int(found[1]) + int(found[2])


def _steps(page: Page) -> Locator:
    """The questions of the report."""
    return main(page).locator("[class*='st-key-step-']")


def _score(page: Page) -> int:
    text = main(page).get_by_test_id("stMetric").filter(has_text="Score").get_by_test_id("stMetricValue").inner_text()
    return int(text.removesuffix("%"))


@pytest.mark.parametrize("length", LENGTHS)
def test_a_whole_interview_with_a_reload_in_the_middle(
    length: Length, fresh_server: Server, open_page: Callable[..., Page]
) -> None:
    home = fresh_server.home
    page = _begin(fresh_server, open_page, length)
    candidate = Candidate(page, home)
    number, reloaded = 1, False
    while report_of(page).count() == 0:
        middle = number >= LIMITS[length].steps // 2
        if middle and not reloaded and candidate.open_entry(number).kind in OPEN_KINDS:
            _reload(candidate, number)
            reloaded = True
        candidate.answer(number)
        number += 1
    assert reloaded
    interview = interview_of(home)
    assert interview.ended_at is not None
    assert len(interview.steps) == len(candidate.kinds) == number - 1
    assert [catalogue.entry(step.item_id).kind for step in interview.steps] == candidate.kinds
    assert set(LIMITS[length].mix) <= set(candidate.kinds)
    assert ("case" in candidate.kinds, "exercise" in candidate.kinds) == (length > 10, length > 10)
    assert len({step.item_id for step in interview.steps}) == len(interview.steps)
    assert len(interview.steps) == LIMITS[length].steps, "she is quick: the questions run out before the time"

    _look_at_the_report(page, interview)
    _tick(page, home, interview)
    _schedule(page, home)
    _open_again(page, fresh_server, interview)


def _look_at_the_report(page: Page, interview: Interview) -> None:
    expect(_steps(page)).to_have_count(len(interview.steps))
    asked = main(page).get_by_test_id("stMetric").filter(has_text="Asked").get_by_test_id("stMetricValue")
    expect(asked).to_have_text(str(len(interview.steps)))
    for step in interview.steps:
        shown = main(page).locator(f".st-key-step-{step.number}")
        expect(shown).to_have_count(1)
        expect(shown.get_by_test_id("stExpander").first.locator("summary").first).to_contain_text(f"{step.number} · ")
        summary = shown.locator("summary").first
        if shown.locator("details").first.get_attribute("open") is None:
            summary.click()
        entry = catalogue.entry(step.item_id)
        if entry.kind not in ("computed", "exercise"):
            _shows(shown, secrets_of(entry)[:1])


def _shows(part: Locator, secrets: list[str]) -> None:
    """What would have given an answer away is here: the same words were looked for during the interview."""
    until(lambda: all(each in letters(part.evaluate("e => e.textContent")) for each in secrets), f"{secrets} is shown")


def _tick(page: Page, home: Path, interview: Interview) -> None:
    """All key points of one answer are ticked: it has a score, and the whole interview another one."""
    step = next(step for step in interview.steps if _kind(step.item_id) in OPEN_KINDS and not step.skipped)
    shown, before = main(page).locator(f".st-key-step-{step.number}"), _score(page)
    expect(shown.locator("summary").first).to_contain_text("to be ticked")
    boxes = shown.get_by_test_id("stCheckbox")
    count = boxes.count()
    assert count >= 1
    for index in range(count):
        boxes.nth(index).locator("label").last.click()
        expect(boxes.nth(index).get_by_role("checkbox")).to_be_checked()
        settled(page)
    expect(shown.locator("summary").first).to_contain_text("100 %")
    until(lambda: _score(page) > before, f"the score rises above {before} %")
    assert saved_state(home)["ticks"] == {str(step.number): list(range(count))}


def _kind(item_id: str) -> str:
    return catalogue.entry(item_id).kind


def _schedule(page: Page, home: Path) -> None:
    with database(home) as store:
        assert store.cards() == []
    offer = main(page).get_by_role("button", name=re.compile(r"Add (it|these \d+) to my reviews"))
    wanted = int((re.search(r"\d+", offer.inner_text().split("Add")[1]) or ["1"])[0])
    offer.click()
    expect(main(page).get_by_text("All of them are in your reviews.")).to_be_visible()
    with database(home) as store:
        assert len(store.cards()) == wanted
        assert all(card.is_new and card.asked_for for card in store.cards())


def _open_again(page: Page, server: Server, interview: Interview) -> None:
    """From the list, in the visit and in another one; and a click there does not lead away."""
    button(page, "Print the report").scroll_into_view_if_needed()
    main(page).get_by_role("link", name="Another interview").click()
    expect(main(page).get_by_role("heading", name="Earlier interviews")).to_be_visible()
    settled(page)
    main(page).get_by_role("radio", name="10 min").click()
    settled(page)
    expect(main(page).get_by_role("heading", name="Earlier interviews")).to_be_visible()
    main(page).get_by_role("link", name=f"{interview.length_minutes} min · junior").click()
    expect(report_of(page)).to_be_visible()
    settled(page)
    main(page).locator(".st-key-step-1").locator("summary").first.click()
    page.reload()
    expect(report_of(page)).to_be_visible(timeout=SLOW_MS)
    expect(_steps(page)).to_have_count(len(interview.steps))


def test_a_second_tab_does_not_count_a_step_twice(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    home = fresh_server.home
    page = _begin(fresh_server, open_page, 10)
    other = open_page(page.url)
    wait_for(other, 1)
    for tab, words in ((page, "From the first tab."), (other, "From the second tab.")):
        main(tab).get_by_role("textbox", name="Your answer").fill(words)
    button(page, "Answer").click()
    wait_for(page, 2)
    second = interview_of(home).current
    button(other, "Answer").click()
    wait_for(other, 2)
    interview = interview_of(home)
    assert [step.answer for step in interview.steps] == [{"text": "From the first tab.", "ticks": []}, None]
    assert interview.current == second
    expect(main(other).get_by_text("From the second tab.")).to_have_count(0)

    button(page, "I don't know").click()
    wait_for(page, 3)
    button(other, "I don't know").click()
    wait_for(other, 3)
    assert [step.number for step in interview_of(home).steps] == [1, 2, 3]


def test_ending_it_early_asks_first_and_leads_to_the_report(
    fresh_server: Server, open_page: Callable[..., Page]
) -> None:
    home = fresh_server.home
    page = _begin(fresh_server, open_page, 10)
    Candidate(page, home).answer(1)
    button(page, "End the interview").click()
    button(page, "Go on").click()
    expect(button(page, "End and see the report")).to_have_count(0)
    assert interview_of(home).ended_at is None
    button(page, "End the interview").click()
    button(page, "End and see the report").click()
    expect(report_of(page)).to_be_visible()
    expect(_steps(page)).to_have_count(2)
    assert [step.skipped for step in interview_of(home).steps] == [False, True]
    expect(_steps(page).nth(1).locator("summary").first).to_contain_text("skipped")


def test_who_leaves_finds_the_open_interview_again(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = _begin(fresh_server, open_page, 10)
    Candidate(page, fresh_server.home).answer(1)
    before = interview_of(fresh_server.home)
    page.close()
    page = open_page(f"{fresh_server.url}/interview")
    expect(main(page).get_by_text("An interview of 10 minutes is open, at question 2.")).to_be_visible(timeout=SLOW_MS)
    settled(page)
    button(page, "Go on").click()
    wait_for(page, 2)
    assert interview_of(fresh_server.home).steps == before.steps
