"""Chromium from the system, driven by Playwright, with everything that would reach other hosts switched off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str:
    """Path of Chromium. Raises RuntimeError with the remedy if there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise RuntimeError("Chromium is not installed. On Debian: apt-get update && apt-get install -y chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless browser; one per test session is enough, pages get their own contexts."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield launched
        launched.close()


def settled(page: Page, *, timeout: float = 20_000) -> None:
    """Wait until Streamlit has run the script and rendered its result."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible(timeout=timeout)
