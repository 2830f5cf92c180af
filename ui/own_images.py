"""What the lab `own_images` has beyond the usual panel: bringing pictures along, and opening a cell of its table."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import NoReturn, cast

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from demos import uploads
from demos.base import Lab, LabConfig
from demos.own_images import figure
from demos.own_images.lab import OWN, Config, PictureFrame
from demos.runner import Run
from demos.uploads import Collection, UploadError
from ui import dials, session
from ui.markdown import escaped

THUMBNAILS = 24
"""Pictures shown at once."""

_GONE = "own-images-gone"
"""Kept until other pictures are chosen: why those that were asked for are not shown."""

_NOTE = (
    "A folder with a folder of pictures per class (or a ZIP file of it): 2 to 10 classes, at least 4 pictures each, "
    "400 in all. They are scaled to 128 pixels and kept on the computer that runs this app; nothing is sent elsewhere."
)


def before(lab: Lab, plain: LabConfig) -> str | None:
    """Choose or bring the pictures. Returns what is still missing before the lab can run, or None."""
    config = cast(Config, plain)
    if config.pictures != OWN:
        return None
    collection = _loaded(config.collection)
    if config.collection and collection is None:
        _let_go(lab, config)
    gone = session.kept(_GONE, None)
    if gone:
        st.warning(escaped(gone), icon=":material/image_not_supported:")
    _offer_known(lab, config)
    with st.expander("Bring pictures", expanded=collection is None, icon=":material/add_photo_alternate:"):
        st.caption(_NOTE)
        _upload(lab, config)
    if collection is None:
        return "Bring your pictures first."
    _describe(lab, config, collection)
    return None


def _let_go(lab: Lab, config: Config) -> NoReturn:
    """The dials name pictures that are not there, by an old link or because removing them was cut short: a click that
    comes in while a callback runs ends it at its next look at the session state."""
    _choose(lab, config, "")
    st.rerun()


def _loaded(key: str) -> Collection | None:
    """The pictures of this key; None if they are not there, and the learner is told."""
    if not key:
        return None
    try:
        return _collection(key)
    except UploadError as error:
        session.keep(_GONE, str(error))
        return None


@lru_cache(maxsize=4)
def _collection(key: str) -> Collection:
    return uploads.load(key)


def _offer_known(lab: Lab, config: Config) -> None:
    """Pictures that were brought before are still there."""
    known = uploads.known()
    if not config.collection and known:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("You have brought pictures before:")
            for key in known[:3]:
                collection = _loaded(key)
                if collection is not None:
                    st.button(
                        escaped(", ".join(collection.classes), 60),
                        key=f"known:{key}",
                        on_click=_choose,
                        args=(lab, config, key),
                    )


def _choose(lab: Lab, config: Config, key: str) -> None:
    dials.choose(lab, {**config.model_dump(), "collection": key})


def _upload(lab: Lab, config: Config) -> None:
    as_folder = st.file_uploader(
        "A folder of class folders",
        type=list(uploads.SUFFIXES),
        accept_multiple_files="directory",
        key="own-images-folder",
    )
    as_zip = st.file_uploader("Or a ZIP file of it", type=["zip"], key="own-images-zip")
    if as_folder and as_zip:
        st.error("There are a folder and a ZIP file. Remove one of the two above.", icon=":material/error:")
        return
    brought = [(file.file_id, file.name) for file in [*(as_folder or []), *([as_zip] if as_zip else [])]]
    if not brought or session.kept("own-images-taken", None) == brought:
        return
    session.keep("own-images-taken", brought)
    try:
        if as_zip is not None:
            collection = uploads.from_zip(as_zip.getvalue())
        else:
            collection = uploads.from_files((file.name, file.getvalue()) for file in as_folder)
        uploads.keep(collection)
    except UploadError as error:
        session.keep("own-images-taken", None)
        st.error(escaped(str(error)), icon=":material/error:")
        return
    session.keep(_GONE, None)
    _choose(lab, config, collection.key)
    st.rerun()


def _describe(lab: Lab, config: Config, collection: Collection) -> None:
    counts = zip(collection.classes, collection.counts(), strict=True)
    classes = ", ".join(f"{escaped(name)} ({count})" for name, count in counts)
    st.markdown(f"**{len(collection.labels)} pictures:** {classes}")
    firsts = [int(np.flatnonzero(collection.labels == label)[0]) for label in range(len(collection.classes))]
    _show(collection, firsts, collection.classes)
    st.button(
        "Remove these pictures from this machine",
        icon=":material/delete:",
        type="tertiary",
        key="own-images-delete",
        on_click=_delete,
        args=(lab, config),
    )


def _delete(lab: Lab, config: Config) -> None:
    """The uploader may still hold the files: they stay noted as taken, or they would come back at once."""
    uploads.delete(config.collection)
    _collection.cache_clear()
    _choose(lab, config, "")


def _show(collection: Collection, rows: Sequence[int], names: Sequence[str]) -> None:
    captions = [escaped(name) for name in names]
    st.image([_png(collection.pixels[row]) for row in rows], caption=captions, width=104, alt=list(names))


def _png(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def after(lab: Lab, plain: LabConfig, run: Run) -> None:
    """The confusion table, whose cells open the pictures that are in them. For the learner's own pictures only: of the
    bundled ones each replicate cuts its own patches, which are not kept."""
    config = cast(Config, plain)
    if config.pictures != OWN:
        return
    collection = _loaded(config.collection)
    counts, classes = figure.confusion(cast(Sequence[PictureFrame], run.frames))
    if collection is None or not classes:
        return
    st.markdown("**Which picture was taken for what?** Choose a cell to see its pictures.")
    rows = pd.DataFrame(counts, index=pd.Index(classes, name="is"), columns=[f"taken for {name}" for name in classes])
    event = st.dataframe(
        rows, on_select="rerun", selection_mode="single-cell", key=f"confusion:{run.id}", width="stretch"
    )
    cells = event["selection"]["cells"]
    if cells:
        row, column = cells[0]
        if str(column).startswith("taken for "):
            _open(collection, run, int(row), list(rows.columns).index(column))


def _open(collection: Collection, run: Run, label: int, predicted: int) -> None:
    is_one, taken_for = (escaped(collection.classes[index]) for index in (label, predicted))
    pictures = figure.in_cell(cast(Sequence[PictureFrame], run.frames), label, predicted)
    if not pictures:
        st.caption(f"No {is_one} was taken for {taken_for}.")
        return
    more = f" (the first {THUMBNAILS} of {len(pictures)})" if len(pictures) > THUMBNAILS else ""
    st.markdown(f"**{is_one}** taken for **{taken_for}**{more}:")
    _show(collection, pictures[:THUMBNAILS], [collection.names[row] for row in pictures[:THUMBNAILS]])
