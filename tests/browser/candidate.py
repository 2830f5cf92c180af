"""A candidate who goes through a mock interview in the browser, and looks out for answers that are given away."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from content.exercises import Exercise
from content.items import Bug, Case, Choice, Typed
from content.schema import FollowUp, Question
from study.interviewing import saving
from study.interviewing.model import OPEN_KINDS, Interview
from study.sandbox import fence
from tests.browser.steps import SLOW_MS, button, database, main, until
from tests.support.chromium import settled
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


def saved_state(home: Path) -> dict[str, Any]:
    """The state of the only interview, as it was saved last."""
    with database(home) as store:
        (row,) = store.interviews()
    return row.state


def interview_of(home: Path) -> Interview:
    """The only interview, as it was saved last."""
    return saving.from_json(saved_state(home)["interview"])


def identity_of(home: Path) -> str:
    """Under which name the address and the drafts know it."""
    with database(home) as store:
        return store.interviews()[0].interview_id


def wait_for(page: Page, number: int) -> None:
    """Wait for this question, or for the report if there is none any more."""
    asked = main(page).get_by_text(f"Mock interview · question {number}", exact=True)
    expect(asked.or_(report_of(page))).to_be_visible(timeout=SLOW_MS)
    settled(page)


def report_of(page: Page) -> Locator:
    """The title of the report."""
    return main(page).get_by_role("heading", name="How it went")


def letters(text: str) -> str:
    """Letters and digits alone: what is left of Markdown when it is shown."""
    return re.sub(r"[\W_]+", "", text).lower()


def secrets_of(entry: Entry) -> list[str]:
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
    beginnings = [letters(re.split(r"[$\[]", re.sub(r"```\w*", "", text))[0])[:60] for text in texts]
    return [beginning for beginning in beginnings if len(beginning) >= 30]


def shown_on(page: Page) -> str:
    """All text of the screen, visible or folded away, as `letters`."""
    return letters(main(page).evaluate("screen => screen.textContent"))


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
        wait_for(self.page, number + 1)

    def open_entry(self, number: int) -> Entry:
        """The item of the question that is open."""
        step = interview_of(self.home).current
        assert step is not None
        assert step.number == number
        return catalogue.entry(step.item_id)

    def _look(self, number: int) -> Entry:
        """Nothing on the screen says how any question so far is to be answered."""
        entry = self.open_entry(number)
        self.secrets += secrets_of(entry)
        for words in NEVER_BEFORE_THE_END:
            expect(main(self.page).get_by_text(words, exact=True)).to_have_count(0)
        expect(main(self.page).get_by_test_id("stAlert")).to_have_count(0)
        shown = shown_on(self.page)
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
        asked = interview_of(self.home).current
        button(self.page, "Check").click()
        warned = screen.get_by_test_id("stAlert")
        until(lambda: warned.count() > 0 or interview_of(self.home).current != asked, "a warning, or what comes next")
        return interview_of(self.home).current != asked

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
