"""The dials and the address: which of the two leads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from ui import dials

Open = Callable[..., AppTest]


def _labels(screen: AppTest) -> int:
    return int(screen.session_state["kept:dials:strategies"]["labels_per_class"])


def _with_hundred_labels(app: Open) -> AppTest:
    screen = app("lab-strategies", labels_per_class="1")
    assert _labels(screen) == 1
    screen.button_group(key="preset:strategies").set_value("hundred").run()
    assert (_labels(screen), screen.query_params["labels_per_class"]) == (100, "100")
    return screen


def _click_from(screen: AppTest, labels_per_class: str) -> None:
    """A click whose browser still shows this address, or shows it again."""
    screen.query_params["labels_per_class"] = labels_per_class
    screen.run()
    assert not screen.exception


def test_a_click_on_its_way_does_not_bring_the_old_dials_back(app: Open) -> None:
    screen = _with_hundred_labels(app)
    _click_from(screen, "1")
    assert (_labels(screen), screen.query_params["labels_per_class"]) == (100, "100"), "and the address is corrected"


def test_going_back_in_the_browser_brings_the_old_dials_back(app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _with_hundred_labels(app)
    screen.session_state["dials-own"] = True  # the expander is open
    monkeypatch.setattr(dials, "STALE_SECONDS", 0.0)
    _click_from(screen, "1")
    assert _labels(screen) == 1
    assert screen.select_slider(key="dial:strategies:labels_per_class").value == 1, "and the screen shows them"


def test_another_address_leads_at_once(app: Open) -> None:
    screen = _with_hundred_labels(app)
    _click_from(screen, "5")
    assert _labels(screen) == 5
