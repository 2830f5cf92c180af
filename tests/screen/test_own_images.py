"""Pictures of one's own that are not there any more."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from tests.screen.screens import as_read

Open = Callable[..., AppTest]


def test_a_link_to_pictures_that_are_gone_says_so_and_lets_go_of_them(app: Open) -> None:
    screen = app("lab-own-images", pictures="own", collection="0" * 32)
    assert [as_read(warning.value) for warning in screen.warning] == [
        "These pictures are no longer on this machine. Bring them again."
    ]
    assert screen.session_state["kept:dials:own_images"]["collection"] == ""
    assert screen.query_params["collection"] == ""
    screen.radio[0].set_value("holds").run()
    assert screen.button(key="run:own_images").disabled
    assert any("Bring your pictures first." in caption.value for caption in screen.caption)
