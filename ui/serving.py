"""What happens once, when the server starts and when it ends."""

from __future__ import annotations

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from demos.catalogue import figure_module, labs
from ui import services


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Warm up before the first visitor; end the lab workers with the server."""
    # A folder `pages/` beside app.py puts the first session into the multipage mode of old, in which a deep link meets
    # a "Page not found" box. A private name, therefore pinned by constraints.txt and held by a browser test.
    PagesManager.uses_pages_directory = False
    services.runner()
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    yield
    services.close()


def warm_up() -> None:
    """Import and build what a first visit needs, then take it out of the garbage collector's sight.

    Streamlit runs a full collection after every rerun; what is frozen is not walked again. The quiz's worker comes
    last: a first visitor reads, or runs an experiment, before she is asked for numbers.
    """
    services.store()
    services.search_index()
    for name in labs():
        figure_module(name)
    gc.collect()
    gc.freeze()
    services.runner().wait_ready()
    services.desk()
