"""An exercise in the page: typing, running, what is kept, and what an endless loop does not hold up."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from study.sandbox import fence
from tests.browser.steps import SLOW_MS, button, database, draft, editor, main, until, wait_until_idle
from tests.support.chromium import settled
from tests.support.server import Server
from ui import catalogue
from ui.exercise_panel import draft_key

WORKERS_AT_START = False

ITEM = "transfer-learning/layer-freezing/freeze-first-children"
EXERCISE = catalogue.exercise(ITEM)
PATH = f"exercises?exercise={EXERCISE.key}"
RUN_MS = 60_000
"""A run takes a second on a warm server; the first one waits until torch is loaded."""

TYPED = [
    "from torch import nn",
    "def freeze_first(model, k):",
    "for child in list(model.children())[:k]:",
    "child.requires_grad = False",
]
"""As typed, line by line: the editor indents. A plausible mistake, which sets an attribute that nobody reads."""

WRONG = """\
from torch import nn
def freeze_first(model, k):
    for child in list(model.children())[:k]:
        child.requires_grad = False"""
ENDLESS = "def freeze_first(model, k):\n    while True:\n        pass\n"


@pytest.fixture(autouse=True)
def _sandbox() -> None:
    """Skip where there is no bubblewrap, unless `TLI_REQUIRE_SANDBOX` says that there has to be."""
    if fence.fence_available():
        return
    if os.environ.get("TLI_REQUIRE_SANDBOX") == "1":
        pytest.fail(f"TLI_REQUIRE_SANDBOX=1, but {fence.why_no_fence()}")
    pytest.skip(fence.why_no_fence())


def _opened(server: Server, open_page: Callable[..., Page]) -> Page:
    page = open_page(f"{server.url}/{PATH}")
    expect(main(page).get_by_role("heading", name=EXERCISE.meta.title)).to_be_visible(timeout=SLOW_MS)
    expect(editor(page).locator(".ace_content")).to_be_visible(timeout=SLOW_MS)
    settled(page)
    return page


def _kept(server: Server, code: str) -> None:
    """Wait until this code is in the database."""
    until(lambda: draft(server.home, draft_key(ITEM)) == code, f"this is kept: {code!r}")


def _empty(page: Page) -> None:
    editor(page).locator(".ace_content").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")


def _paste(page: Page, server: Server, code: str) -> None:
    editor(page).locator(".ace_content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)
    _kept(server, code)
    settled(page)


def _run(page: Page) -> None:
    button(page, "Run the tests").click()


def _has_focus(page: Page) -> bool:
    """Whether the editor's field has the focus, in the page and in its frame."""
    in_frame = editor(page).locator("body").evaluate("body => body.ownerDocument.activeElement.className")
    return page.evaluate("document.activeElement.tagName") == "IFRAME" and "ace_text-input" in in_frame


def test_nothing_jumps_when_the_editor_has_loaded(server: Server, open_page: Callable[..., Page]) -> None:
    """A click on what is just moving away would be lost."""
    page = open_page(f"{server.url}/plan")
    expect(main(page).get_by_role("heading", name="Plan").first).to_be_visible(timeout=SLOW_MS)
    held: list[Route] = []
    loads = False
    page.route("**/component/**", lambda route: route.continue_() if loads else held.append(route))
    page.goto(f"{server.url}/{PATH}")
    expect(button(page, "Run the tests")).to_be_visible(timeout=SLOW_MS)
    settled(page)
    assert held
    before = button(page, "Run the tests").bounding_box()
    loads = True
    for route in held:
        route.continue_()
    expect(editor(page).locator(".ace_line").first).to_be_visible(timeout=SLOW_MS)
    page.wait_for_timeout(500)  # it tells the page its height when it has drawn itself
    after = button(page, "Run the tests").bounding_box()
    assert before is not None and after is not None
    assert after["y"] == pytest.approx(before["y"], abs=1)


def test_typing_indents_keeps_the_focus_and_is_saved(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = _opened(fresh_server, open_page)
    _empty(page)
    for number, line in enumerate(TYPED):
        if number:
            page.keyboard.press("Enter")
        page.keyboard.type(line, delay=15)
        settled(page)
        assert _has_focus(page)
    _kept(fresh_server, WRONG)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("pass")
    _kept(fresh_server, f"{WRONG}\n{' ' * 12}pass")
    assert _has_focus(page)
    page.reload()
    expect(editor(page).locator(".ace_content")).to_contain_text("child.requires_grad = False", timeout=SLOW_MS)


def test_coming_back_from_another_screen_shows_what_was_typed(server: Server, open_page: Callable[..., Page]) -> None:
    page = _opened(server, open_page)
    _paste(page, server, WRONG)
    for screen in ("Plan", "Exercises"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=screen).click()
        settled(page)
    main(page).get_by_role("link", name=EXERCISE.meta.title).click()
    expect(editor(page).locator(".ace_content")).to_contain_text("child.requires_grad = False", timeout=SLOW_MS)
    settled(page)
    _kept(server, WRONG)


def test_from_a_wrong_solution_to_the_reference_and_back(fresh_server: Server, open_page: Callable[..., Page]) -> None:
    page = _opened(fresh_server, open_page)
    _paste(page, fresh_server, WRONG)
    _run(page)
    expect(main(page).get_by_text("tests passed.")).to_be_visible(timeout=RUN_MS)
    settled(page)
    expect(main(page).get_by_text("All ", exact=False).filter(has_text="tests passed")).to_have_count(0)
    caught_by = next(wrong.caught_by for wrong in EXERCISE.meta.wrong if wrong.file == "wrong_flag_on_module.py")
    expect(main(page).get_by_text(caught_by)).to_be_visible()
    with database(fresh_server.home) as store:
        failed = store.attempts()[-1]
    messages = [test["message"] for test in failed.tests if not test["passed"]]
    assert not failed.passed
    assert messages
    assert all(messages)
    for line in messages[0].splitlines():
        expect(main(page).get_by_test_id("stCode").filter(has_text=line).first).to_be_visible()

    _paste(page, fresh_server, EXERCISE.solution)
    expect(main(page).get_by_text("You have changed the code since this run.")).to_be_visible()
    _run(page)
    expect(main(page).get_by_text(f"All {len(failed.tests)} tests passed.")).to_be_visible(timeout=RUN_MS)
    settled(page)
    expect(main(page).get_by_text("You have changed the code since this run.")).to_have_count(0)
    with database(fresh_server.home) as store:
        passed = store.attempts()
    assert [attempt.passed for attempt in passed] == [False, True]
    assert passed[-1].code == EXERCISE.solution

    page.reload()
    expect(editor(page).locator(".ace_content")).to_contain_text("requires_grad_(False)", timeout=SLOW_MS)
    settled(page)
    button(page, "Earlier versions").click()
    versions = page.get_by_test_id("stPopoverBody").get_by_role("button", name="lines")
    expect(versions).to_have_count(2)
    versions.nth(1).click()
    _kept(fresh_server, WRONG)
    expect(editor(page).locator(".ace_content")).to_contain_text("child.requires_grad = False", timeout=SLOW_MS)
    expect(editor(page).locator(".ace_content")).not_to_contain_text("requires_grad_(False)")


def test_an_endless_loop_is_stopped_and_holds_nobody_up(server: Server, open_page: Callable[..., Page]) -> None:
    page, other = _opened(server, open_page), open_page(f"{server.url}/progress")
    expect(main(other).get_by_role("heading", name="Progress")).to_be_visible(timeout=SLOW_MS)
    settled(other)
    _paste(page, server, EXERCISE.solution)
    _run(page)  # so that everything is warm, and only the loop is measured
    expect(main(page).get_by_text("tests passed.")).to_be_visible(timeout=RUN_MS)

    _paste(page, server, ENDLESS)
    wait_until_idle(server)
    _run(page)
    started = time.monotonic()
    expect(main(page).get_by_text("Running your code")).to_be_visible()
    for screen, heading in (("Plan", "Plan"), ("Search", "Search"), ("Progress", "Progress")):
        other.get_by_test_id("stSidebarNav").get_by_role("link", name=screen).click()
        expect(main(other).get_by_role("heading", name=heading).first).to_be_visible(timeout=2_000)
    expect(main(page).get_by_text("Running your code")).to_be_visible()
    left = 15 - (time.monotonic() - started)
    expect(main(page).get_by_text("Is there a loop that does not end?").first).to_be_visible(timeout=left * 1000)
    expect(main(page).get_by_text("tests passed.")).to_contain_text("0 of")
    settled(page)

    _paste(page, server, EXERCISE.solution)
    _run(page)
    expect(main(page).get_by_text("All ", exact=False).filter(has_text="tests passed.")).to_be_visible(timeout=RUN_MS)


def test_the_list_leads_to_an_exercise_and_says_how_it_went(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/exercises")
    expect(main(page).get_by_role("heading", name="Write PyTorch")).to_be_visible(timeout=SLOW_MS)
    settled(page)
    assert main(page).get_by_text(" min").count() == sum(e.kind == "exercise" for e in catalogue.entries().values())
    main(page).get_by_role("link", name=EXERCISE.meta.title).click()
    expect(main(page).get_by_role("heading", name=EXERCISE.meta.title)).to_be_visible()
    button(page, "Hint 1 of").click()
    expect(main(page).get_by_text("Hint 1.")).to_be_visible()
    expect(main(page).get_by_text("Hint 2.")).to_have_count(0)
    expect(main(page).get_by_text("A reference solution")).to_have_count(0)
    main(page).get_by_text("The reference solution").click()
    expect(main(page).get_by_text("What people write instead")).to_be_visible()
