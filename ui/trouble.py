"""When the study store fails under a running screen: its message, with the remedy, and a screen that is still there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from study.store import StoreError
from ui import session
from ui.markdown import escaped

P = ParamSpec("P")

_UNTOLD = "store-trouble"
"""Kept until a screen has run to its end: what the store said in a callback."""

_BROKEN_OFF = "store-broke-off"
"""Kept until the next run: the one before did not draw everything."""

EDITORS, TEXTS = "ace-", ("-text", "note-")
"""Keys of widgets that hold what is being typed: editors begin with this, fields end or begin with one of these."""


def watched(screen: Callable[[], None]) -> None:
    """Run the screen. If the store fails on the way, what is drawn by then stays, and the message follows it."""
    if session.taken(_BROKEN_OFF):
        _put_back()
    above = st.container()  # also when it is empty: what follows keeps its place, and with it what is being typed
    untold: str | None = session.kept(_UNTOLD, None)
    if untold is not None:
        with above:
            tell(untold)
    try:
        screen()
    except StoreError as error:
        tell(str(error))
        st.button("Try again", icon=":material/refresh:", key="store-again")
        session.keep(_BROKEN_OFF, True)
        st.stop()  # so that widgets below, which were not drawn, keep what was put into them
    session.keep(_UNTOLD, None)


def watched_fragment(fragment: Callable[P, None]) -> Callable[P, None]:
    """The same for a fragment, whose errors do not reach the screen around it. What lies below is not put back."""

    @wraps(fragment)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            fragment(*args, **kwargs)
        except StoreError as error:
            tell(str(error))
            st.button("Try again", icon=":material/refresh:", key=f"store-again:{fragment.__name__}")

    return drawn


def _put_back() -> None:
    """Put what is being typed back into its fields.

    The browser has forgotten the widgets that the run before did not draw. It would show them as they began, and send
    that as the learner's own words; the server still knows better.
    """
    for key in [str(each) for each in st.session_state]:
        if key.startswith(EDITORS):
            session.keep(unsaved(key), st.session_state[key])
            del st.session_state[key]  # a component takes its text only when it is new
        elif key.startswith(TEXTS) or key.endswith(TEXTS):
            st.session_state[key] = st.session_state[key]


def unsaved(editor: str) -> str:
    """Name under which the text of this editor is kept over a run that broke off."""
    return f"unsaved:{editor}"


def tell(message: str) -> None:
    """Show what the store says."""
    st.error(escaped(message), icon=":material/error:")


def in_callback_or_fragment(error: Exception) -> bool:
    """Streamlit's `on_script_error`. True if it was the store's, which is told, so that Streamlit need not."""
    if not isinstance(error, StoreError):
        return False
    context = get_script_run_ctx()
    if context is None or context.has_script_started:
        tell(str(error))
        return True
    # A callback: the script has not run, and nothing would be drawn.
    session.keep(_UNTOLD, str(error))
    session.keep(_BROKEN_OFF, True)
    st.rerun()  # out here this only asks for it, and returns
    return True
