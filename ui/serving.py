"""What happens once, when the server starts and when it ends."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import platform
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from demos.catalogue import figure_module, labs
from ui import services

WORKERS_VARIABLE = "TLI_WORKERS_AT_START"
"""Environment variable: `no` leaves the worker processes, about 0.5 GB each, until a page first needs them."""

LARGE_BLOCK = 2**20
"""Bytes. Pictures are drawn on canvases of some 10 MB."""

_M_MMAP_THRESHOLD = -3  # malloc.h

_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Warm up before the first visitor; end the lab workers with the server."""
    # A folder `pages/` beside app.py puts the first session into the multipage mode of old, in which a deep link meets
    # a "Page not found" box. A private name, therefore pinned by constraints.txt and held by a browser test.
    PagesManager.uses_pages_directory = False
    return_large_blocks()
    workers = workers_at_start()
    if workers:
        services.runner()
    threading.Thread(target=warm_up, args=(workers,), name="warm-up", daemon=True).start()
    yield
    services.close()


def return_large_blocks() -> None:
    """Have glibc give large blocks back to the system when they are freed, which it stops doing after the first.

    Streamlit runs the script in a thread of its own each time; left to itself, glibc keeps a freed canvas for each of
    the places that its threads allocate from (mallopt(3): the threshold adapts itself unless it is set).
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


def workers_at_start() -> bool:
    """What `TLI_WORKERS_AT_START` says, `yes` if it is not set; anything but yes and no is logged and taken as yes."""
    said = os.environ.get(WORKERS_VARIABLE, "yes").strip().lower()
    if said not in ("yes", "no"):
        _log.warning("%s is %r; set it to yes or no. Taken as yes.", WORKERS_VARIABLE, said)
    return said != "no"


def warm_up(workers: bool) -> None:
    """Import and build what a first visit needs, then take it out of the garbage collector's sight.

    Streamlit runs a full collection after every rerun; what is frozen is not walked again. With `workers`, the quiz's
    comes last: a first visitor reads, or runs an experiment, before she is asked for numbers.
    """
    services.store()
    services.search_index()
    for name in labs():
        figure_module(name)
    gc.collect()
    gc.freeze()
    if workers:
        services.runner().wait_ready()
        services.desk()
