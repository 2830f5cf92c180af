"""One browser, one server per test module, and pages that remember what must not happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Page

from tests.support.chromium import browser
from tests.support.server import Server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser() as launched:
        yield launched


@pytest.fixture(scope="module")
def workers_at_start(request: pytest.FixtureRequest) -> bool:
    """Whether the module's servers start their workers at once: yes, unless it says `WORKERS_AT_START = False`."""
    return getattr(request.module, "WORKERS_AT_START", True)


@pytest.fixture(scope="module")
def server(workers_at_start: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an empty database, shared by the module's tests."""
    with Server(tmp_path_factory.mktemp("home"), workers_at_start=workers_at_start) as running:
        yield running


@pytest.fixture
def fresh_server(workers_at_start: bool, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own. Ask for it before `open_page`: pages have to be closed before it ends."""
    with Server(tmp_path, workers_at_start=workers_at_start) as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts of their own; at the end, none may have logged an error or asked another host."""
    complaints: list[str] = []
    contexts = []

    def watch(page: Page) -> None:
        page.on("console", lambda message: message.type == "error" and complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("request", lambda request: _foreign(request.url) and complaints.append(f"request to {request.url}"))

    def opened(url: str, *, width: int = 1440, height: int = 900, scheme: str = "light") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _foreign(url: str) -> bool:
    parts = urlparse(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("localhost", "127.0.0.1")
