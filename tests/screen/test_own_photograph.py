"""A photograph of one's own: one is kept at most, and whoever still names another is told."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.screen.screens import Open, press


@pytest.fixture
def folder(app: Open, tmp_path: Path) -> Path:
    """Where pictures are kept."""
    return tmp_path / "pictures"


def _kept(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _upload(screen: AppTest) -> str:
    return str(screen.session_state["kept:dials:resolution"]["upload"])


def _bring(screen: AppTest, number: int) -> str:
    """Bring a photograph; its key."""
    noise, picture = np.random.default_rng(number).integers(0, 256, (30, 40, 3), dtype=np.uint8), io.BytesIO()
    Image.fromarray(noise).save(picture, "PNG")
    screen.file_uploader(key="own-photograph").set_value((f"{number}.png", picture.getvalue(), "image/png")).run()
    assert not screen.exception
    return _upload(screen)


def test_another_photograph_replaces_the_first_and_the_other_tab_is_told(app: Open, folder: Path) -> None:
    screen = app("lab-resolution", photograph="own")
    first = _bring(screen, 1)
    other_tab = app("lab-resolution", photograph="own", upload=first)
    assert not other_tab.warning
    second = _bring(screen, 2)
    assert first != second and _kept(folder) == {f"{second}.png"}
    other_tab.run()
    assert not other_tab.exception
    assert [each.value for each in other_tab.warning] == ["This picture is no longer on this machine. Bring it again."]
    assert "Bring your photograph first." in [each.value for each in other_tab.caption]
    assert other_tab.button(key="run:resolution").disabled


def test_the_same_photograph_again_stays(app: Open, folder: Path) -> None:
    screen = app("lab-resolution", photograph="own")
    first = _bring(screen, 1)
    assert _bring(screen, 1) == first and _kept(folder) == {f"{first}.png"}


def test_one_that_the_dials_forgot_can_be_removed_and_replaced(app: Open, folder: Path) -> None:
    screen = app("lab-resolution", photograph="own")
    first = _bring(screen, 1)
    screen.button_group(key="preset:resolution").set_value("wider").run()
    assert _upload(screen) == "" and _kept(folder) == {f"{first}.png"}
    again = app("lab-resolution", photograph="own")
    assert _upload(again) == first and not again.warning
    second = _bring(again, 2)
    assert _kept(folder) == {f"{second}.png"}
    press(again, "own-photograph-delete")
    assert _kept(folder) == set()
    assert _upload(app("lab-resolution", photograph="own")) == ""
