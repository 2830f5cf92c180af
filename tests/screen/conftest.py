"""The app in Streamlit's own test harness: through app.py, with an empty database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.screen.interview_steps import SEED, Clock
from tests.screen.screens import FakeDesk, go
from ui import services

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def _packages_are_scanned_once() -> Iterator[None]:
    """The harness looks through all installed packages for components each time an app is opened: a second or so."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Opens the app at a path ("" is Home), optionally with query parameters; a failing script fails the test."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'study.sqlite3'}")
    monkeypatch.setenv("TLI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TLI_UPLOADS_DIR", str(tmp_path / "pictures"))
    services.close()

    def opened(path: str = "", **query: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        for key, value in query.items():
            test.query_params[key] = value
        test.run()
        if path:
            go(test, path)
        assert not test.exception
        return test

    yield opened
    services.close()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> FakeDesk:
    """In the place of the quiz's desk, so that no worker starts."""
    made = FakeDesk()
    monkeypatch.setattr(services, "desk", lambda: made)
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The screens' clock stands still unless a test moves it; interviews draw with `SEED`."""
    made = Clock(services.now())
    monkeypatch.setattr(services, "now", lambda: made.now)
    monkeypatch.setattr("ui.interviews.secrets.randbits", lambda bits: SEED)
    return made
