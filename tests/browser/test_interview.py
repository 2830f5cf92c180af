"""Whole mock interviews, from the first question to the report, with a reload in the middle."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from content.exercises import Exercise
from content.items import Bug, Case, Choice, Typed
from content.schema import FollowUp, Question
from study.interviewing import saving
from study.interviewing.choosing import LIMITS
from study.interviewing.model import LENGTHS, OPEN_KINDS, Interview, Length
from study.sandbox import fence
from tests.browser.steps import SLOW_MS, button, database, draft, main, until
from tests.support.chromium import settled
from tests.support.server import Server
from ui import catalogue
from ui.catalogue import Entry

WORDS = "Freeze the backbone and train a new head, because large updates destroy pretrained features."
RUN_MS = 60_000
NEVER_BEFORE_THE_END = (
    "Right.",
    "Wrong.",
    "Mended",
    "Step by step",
    "Check first.",
    "A model answer",
    "A discussion",
    "A good answer contains",
    "Tick what you covered",
    "A reference solution",
)
"""Words that stand before what explains an answer. Verdicts are alerts."""


def _saved(home: Path) -> dict[str, Any]:
    """The state of the only interview, as it was saved last."""
    with database(home) as store:
        (row,) = store.interviews()
    return row.state


def _interview(home: Path) -> Interview:
    return saving.from_json(_saved(home)["interview"])


def _identity(home: Path) -> str:
    with database(home) as store:
        return store.interviews()[0].interview_id


def _begin(server: Server, open_page: Callable[..., Page], length: Length) -> Page:
    page = open_page(f"{server.url}/interview")
    main(page).get_by_role("radio", name=f"{length} min").click(timeout=SLOW_MS)
    settled(page)
    button(page, "Begin").click()
    _wait_for(page, 1)
    return page


def _wait_for(page: Page, number: int) -> None:
    """Wait for this question, or for the report if there is none any more."""
    asked = main(page).get_by_text(f"Mock interview · question {number}", exact=True)
    expect(asked.or_(_report(page))).to_be_visible(timeout=SLOW_MS)
    settled(page)


def _report(page: Page) -> Locator:
    return main(page).get_by_role("heading", name="How it went")


def _letters(text: str) -> str:
    """Letters and digits alone: what is left of Markdown when it is shown."""
    return re.sub(r"[\W_]+", "", text).lower()


def _secrets(entry: Entry) -> list[str]:
    """What gives the answer away: the beginning, up to a formula or link, of each text that explains it."""
    item = entry.item
    if isinstance(item, Question | FollowUp):
        texts = [item.answer]
    elif isinstance(item, Choice):
        texts = [option.because for option in item.options]
    elif isinstance(item, Typed):
        texts = [item.model_answer, *(point.point for point in item.key_points)]
    elif isinstance(item, Case):
        texts = [item.discussion, item.check_first, *(point.point for point in item.key_points)]
    elif isinstance(item, Bug):
        texts = [item.explanation, *(reason.because for reason in item.reasons)]
    elif isinstance(item, Exercise):
        texts = [item.meta.explanation, *item.meta.hints]
    else:
        texts = []  # computed: its numbers are drawn
    beginnings = [_letters(re.split(r"[$\[]|```", text.lstrip("`"))[0])[:60] for text in texts]
    return [beginning for beginning in beginnings if len(beginning) >= 30]


def _screen(page: Page) -> str:
    return _letters(main(page).evaluate("screen => screen.textContent"))


@dataclass
class Candidate:
    """Answers what comes, every third time that she does not know; looks out for answers that are given away."""

    page: Page
    home: Path
    kinds: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def answer(self, number: int) -> None:
        """Answer question `number`, and wait for what comes next."""
        entry = self._look(number)
        knows = number % 3 != 0 or entry.kind not in self.kinds
        self.kinds.append(entry.kind)
        if not knows or not self._give(entry):
            button(self.page, "I don't know").click()
        _wait_for(self.page, number + 1)

    def open_entry(self, number: int) -> Entry:
        """The item of the question that is open."""
        step = _interview(self.home).current
        assert step is not None
        assert step.number == number
        return catalogue.entry(step.item_id)

    def _look(self, number: int) -> Entry:
        """Nothing on the screen says how any question so far is to be answered."""
        entry = self.open_entry(number)
        self.secrets += _secrets(entry)
        for words in NEVER_BEFORE_THE_END:
            expect(main(self.page).get_by_text(words, exact=True)).to_have_count(0)
        expect(main(self.page).get_by_test_id("stAlert")).to_have_count(0)
        shown = _screen(self.page)
        assert [secret for secret in self.secrets if secret in shown] == []
        return entry

    def _give(self, entry: Entry) -> bool:
        """Give an answer of this kind; False if it was not taken."""
        if entry.kind in OPEN_KINDS:
            main(self.page).get_by_role("textbox", name="Your answer").fill(WORDS)
            button(self.page, "Answer").click()
        elif entry.kind == "exercise":
            return self._hand_in()
        elif entry.kind == "computed":
            return self._compute()
        else:
            self._choose(entry)
            button(self.page, "Check").click()
        return True

    def _choose(self, entry: Entry) -> None:
        screen = main(self.page)
        if entry.kind == "bug":
            screen.get_by_role("combobox", name="Which line is the mistake?").click()
            self.page.get_by_role("option").first.click()
            settled(self.page)
        options = screen.get_by_test_id("stRadio").or_(screen.get_by_test_id("stCheckbox"))
        options.first.locator("label").last.click()
        expect(
            screen.get_by_role("radio", checked=True).or_(screen.get_by_role("checkbox", checked=True))
        ).to_have_count(1)
        settled(self.page)

    def _compute(self) -> bool:
        """A number, a shape or names; whether it was understood. (A shape of another length would be, too.)"""
        screen = main(self.page)
        typing = screen.get_by_test_id("stTextInput").locator("input")
        expect(typing.or_(screen.get_by_role("checkbox")).first).to_be_attached(timeout=SLOW_MS)
        if typing.count():
            typing.fill("(1, 2)" if "shape" in (typing.get_attribute("aria-label") or "").lower() else "12")
        else:
            screen.get_by_test_id("stCheckbox").first.locator("label").last.click()
        settled(self.page)
        asked = _interview(self.home).current
        button(self.page, "Check").click()
        warned = screen.get_by_test_id("stAlert")
        until(lambda: warned.count() > 0 or _interview(self.home).current != asked, "a warning, or what comes next")
        return warned.count() == 0

    def _hand_in(self) -> bool:
        """Run the tests, which fail on the starter, and hand it in; where there is no sandbox she cannot."""
        hand_in = button(self.page, "Hand in")
        expect(hand_in).to_be_disabled()
        expect(button(self.page, "Hint")).to_have_count(0)
        if not fence.fence_available():
            return False
        button(self.page, "Run the tests").click()
        expect(main(self.page).get_by_text("tests passed.")).to_be_visible(timeout=RUN_MS)
        expect(hand_in).to_be_enabled()
        settled(self.page)
        hand_in.click()
        return True


def _reload(candidate: Candidate, number: int) -> None:
    """With a draft in the field: the same question is open, the draft is there, the clock has gone on."""
    page, home = candidate.page, candidate.home
    answer = main(page).get_by_role("textbox", name="Your answer")
    answer.press_sequentially("I would begin")
    name = f"interview:{_identity(home)}:{number}"
    until(lambda: draft(home, name) == "I would begin", "the draft is kept")
    card = main(page).locator(".st-key-interview-card").get_by_role("heading").first.inner_text()
    before, left = _interview(home), _seconds_left(page)
    page.wait_for_timeout(1_100)  # a second has to pass, or the clock could stand still unnoticed
    page.reload()
    _wait_for(page, number)
    expect(answer).to_have_value("I would begin")
    assert main(page).locator(".st-key-interview-card").get_by_role("heading").first.inner_text() == card
    assert _interview(home).steps == before.steps
    assert left - 60 < _seconds_left(page) < left


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
    while _report(page).count() == 0:
        middle = number >= LIMITS[length].steps // 2
        if middle and not reloaded and candidate.open_entry(number).kind in OPEN_KINDS:
            _reload(candidate, number)
            reloaded = True
        candidate.answer(number)
        number += 1
    assert reloaded
    interview = _interview(home)
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
            _shows(shown, _secrets(entry)[:1])


def _shows(part: Locator, secrets: list[str]) -> None:
    """What would have given an answer away is here: the same words were looked for during the interview."""
    until(lambda: all(each in _letters(part.evaluate("e => e.textContent")) for each in secrets), f"{secrets} is shown")


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
    expect(shown.locator("summary").first).to_contain_text("100%")
    until(lambda: _score(page) > before, f"the score rises above {before} %")
    assert _saved(home)["ticks"] == {str(step.number): list(range(count))}


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
    expect(_report(page)).to_be_visible()
    settled(page)
    main(page).locator(".st-key-step-1").locator("summary").first.click()
    page.reload()
    expect(_report(page)).to_be_visible(timeout=SLOW_MS)
    expect(_steps(page)).to_have_count(len(interview.steps))


def test_a_second_tab_does_not_count_a_step_twice(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    home = fresh_server.home
    page = _begin(fresh_server, open_page, 10)
    other = open_page(page.url)
    _wait_for(other, 1)
    for tab, words in ((page, "From the first tab."), (other, "From the second tab.")):
        main(tab).get_by_role("textbox", name="Your answer").fill(words)
    button(page, "Answer").click()
    _wait_for(page, 2)
    second = _interview(home).current
    button(other, "Answer").click()
    _wait_for(other, 2)
    interview = _interview(home)
    assert [step.answer for step in interview.steps] == [{"text": "From the first tab.", "ticks": []}, None]
    assert interview.current == second
    expect(main(other).get_by_text("From the second tab.")).to_have_count(0)

    button(page, "I don't know").click()
    _wait_for(page, 3)
    button(other, "I don't know").click()
    _wait_for(other, 3)
    assert [step.number for step in _interview(home).steps] == [1, 2, 3]


def test_ending_it_early_asks_first_and_leads_to_the_report(
    fresh_server: Server, open_page: Callable[..., Page]
) -> None:
    home = fresh_server.home
    page = _begin(fresh_server, open_page, 10)
    Candidate(page, home).answer(1)
    button(page, "End the interview").click()
    button(page, "Go on").click()
    expect(button(page, "End and see the report")).to_have_count(0)
    assert _interview(home).ended_at is None
    button(page, "End the interview").click()
    button(page, "End and see the report").click()
    expect(_report(page)).to_be_visible()
    expect(_steps(page)).to_have_count(2)
    assert [step.skipped for step in _interview(home).steps] == [False, True]
    expect(_steps(page).nth(1).locator("summary").first).to_contain_text("skipped")


def test_who_leaves_finds_the_open_interview_again(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = _begin(fresh_server, open_page, 10)
    Candidate(page, fresh_server.home).answer(1)
    before = _interview(fresh_server.home)
    page.close()
    page = open_page(f"{fresh_server.url}/interview")
    expect(main(page).get_by_text("An interview of 10 minutes is open, at question 2.")).to_be_visible(timeout=SLOW_MS)
    settled(page)
    button(page, "Go on").click()
    _wait_for(page, 2)
    assert _interview(fresh_server.home).steps == before.steps
