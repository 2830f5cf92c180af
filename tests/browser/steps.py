"""What the browser tests of the quiz, the exercises and the mock interview have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import FrameLocator, Locator, Page, expect

from study.records import Review
from study.store import Store
from tests.support.chromium import settled
from tests.support.server import Server
from ui.catalogue import KINDS, Kind

SLOW_MS = 20_000
"""For what a busy machine or a server that has just started may take long to do."""


@contextmanager
def database(home: Path) -> Iterator[Store]:
    """The study database of the server at `home`, from beside it."""
    store = Store(f"sqlite:///{home / 'study.sqlite3'}")
    try:
        yield store
    finally:
        store.close()


def reviews(home: Path) -> list[Review]:
    """The log of the server at `home`."""
    with database(home) as store:
        return store.reviews()


def draft(home: Path, name: str) -> str | None:
    """What is kept of a text that is being written."""
    with database(home) as store:
        return store.draft(name)


def until(met: Callable[[], bool], what: str, *, seconds: float = 10) -> None:
    """Wait for what is not seen in the page. AssertionError, naming `what`, if it does not come."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"within {seconds:g} s: {what}"
        time.sleep(0.1)


def main(page: Page) -> Locator:
    """The screen itself, without the navigation."""
    return page.get_by_test_id("stMain")


def button(page: Page, name: str) -> Locator:
    """The button of the screen whose label holds `name`."""
    return main(page).get_by_role("button", name=name)


def quiz_of(server: Server, open_page: Callable[..., Page], kind: Kind) -> Page:
    """The quiz in a new browser, narrowed to one kind of card."""
    page = open_page(f"{server.url}/quiz")
    narrow(page, kind)
    return page


def narrow(page: Page, kind: Kind) -> None:
    """Have the quiz ask one kind of card, and wait for a card."""
    button(page, "Asking: everything").click(timeout=SLOW_MS)
    page.get_by_test_id("stPopoverBody").get_by_role("button", name=KINDS[kind], exact=True).click()
    expect(button(page, "Asking: 1 chosen")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    expect(button(page, "I don't know")).to_be_visible(timeout=3 * SLOW_MS)  # numbers wait for torch to be loaded
    settled(page)


def editor(page: Page) -> FrameLocator:
    """The code editor, which lives in a frame of its own. The newest: one that is replaced stays for a moment."""
    return page.locator("iframe[title='streamlit_ace.streamlit_ace']").last.content_frame


def wait_until_idle(server: Server, *, seconds: float = 120) -> None:
    """Processes of the server that replace used ones have loaded torch: from now on, a busy one works for somebody."""
    assert server.process is not None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        children = psutil.Process(server.process.pid).children(recursive=True)
        before = {child.pid: _cpu_seconds(child) for child in children}
        time.sleep(1)
        if all(_cpu_seconds(child) - before[child.pid] < 0.05 for child in children):
            return


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:  # it has ended meanwhile
        return 0.0
    return float(times.user + times.system)
