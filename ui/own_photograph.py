"""What the lab `resolution` has beyond the usual panel: a photograph of one's own, shown at several sizes."""

from __future__ import annotations

from typing import cast

import streamlit as st

from demos import uploads
from demos.base import Lab, LabConfig
from demos.resolution.lab import Config
from demos.runner import Run
from demos.uploads import UploadError
from ui import dials, services, session
from ui.markdown import escaped

_KEPT = "own_photograph"
"""Setting: the picture that is kept on this machine, one at most. A preset, or a new visit, forgets it in the dials."""


def before(lab: Lab, plain: LabConfig) -> str | None:
    """Bring the photograph. Returns what is still missing before the lab can run, or None."""
    config = cast(Config, plain)
    if config.photograph != "own":
        return None
    brought = st.file_uploader(
        "Your photograph",
        type=list(uploads.SUFFIXES),
        help="It is scaled to 512 pixels and kept on the computer that runs this app; nothing is sent elsewhere.",
        key="own-photograph",
    )
    if brought is not None and session.kept("own-photograph-taken", "") != brought.file_id:
        _take(lab, config, brought.file_id, brought.name, brought.getvalue())
    if not config.upload and (earlier := _kept()):
        dials.choose(lab, {**config.model_dump(), "upload": earlier})
        st.rerun()
    try:
        pixels = uploads.load_photograph(config.upload)
    except UploadError as error:
        if not config.upload:
            return str(error)
        # Another tab, or a link, still names a picture that was replaced or removed. A run of it that has not reached
        # the picture yet fails with this sentence; one that has ended shows what it found, without the picture.
        st.warning(str(error), icon=":material/image_not_supported:")
        return "Bring your photograph first."
    st.image(pixels, width=160, alt="Your photograph, its middle square")
    st.button(
        "Remove it from this machine",
        icon=":material/delete:",
        type="tertiary",
        key="own-photograph-delete",
        on_click=_delete,
        args=(lab, config),
    )
    return None


def _take(lab: Lab, config: Config, file_id: str, name: str, content: bytes) -> None:
    try:
        key = uploads.keep_photograph(name, content)
    except UploadError as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    replaced = {config.upload, _kept()} - {key}
    _keep(key)
    for each in replaced:
        uploads.delete(each)
    session.keep("own-photograph-taken", file_id)
    dials.choose(lab, {**config.model_dump(), "upload": key})
    st.rerun()


def _kept() -> str:
    """The key of the picture that is kept, "" if there is none."""
    key: str = services.store().setting(_KEPT, "", learner=services.LEARNER)
    return key


def _keep(key: str) -> None:
    services.store().set_setting(_KEPT, key, learner=services.LEARNER)


def _delete(lab: Lab, config: Config) -> None:
    uploads.delete(config.upload)
    if _kept() == config.upload:
        _keep("")
    dials.choose(lab, {**config.model_dump(), "photograph": "coffee", "upload": ""})


def after(lab: Lab, plain: LabConfig, run: Run) -> None:
    """Nothing: the lab's own pictures show it."""
