"""What the screens know about this visit: its learner's day, and values that outlive a widget."""

from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from study import days
from ui import services

T = TypeVar("T")

FIRST_PAINT_SECONDS = 0.1
"""Head start of a screen's first lines: the client shows them at once, not together with forty elements below them.

Long enough for a slow processor: there, 40 ms could be over before the client had begun to draw, and it drew what is
below as well.
"""


def timezone() -> tzinfo:
    """The learner's time zone, as the browser tells it; UTC if it does not."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def day_start() -> datetime:
    """Midnight of the learner's today, in UTC."""
    return day_start_of(services.now())


def kept(key: str, default: T) -> T:
    """The value kept under `key` for this visit; unlike a widget's, it survives a change of screen."""
    value: T = st.session_state.setdefault(f"kept:{key}", default)
    return value


def keep(key: str, value: object) -> None:
    """Keep `value` under `key` for this visit."""
    st.session_state[f"kept:{key}"] = value


def taken(key: str) -> bool:
    """Whether something true is kept under `key`; it is gone afterwards."""
    return bool(st.session_state.pop(f"kept:{key}", False))


def arrive(path: str) -> None:
    """Note that the screen at `path` runs."""
    if kept("screen", None) != path:
        look_anew()
    keep("screen", path)


def look_anew() -> None:
    """What is drawn next is new to her, and its first lines get a head start."""
    keep("new-to-her", True)


def head_start() -> None:
    """If this is new to her, wait until the client has shown what is there so far."""
    if taken("new-to-her"):
        let_it_be_shown()


def let_it_be_shown() -> None:
    """Wait until the client has shown what is there so far."""
    time.sleep(FIRST_PAINT_SECONDS)


def day_start_of(moment: datetime) -> datetime:
    """Midnight of the learner's day that holds `moment`, in UTC."""
    return days.day_start(moment, timezone())


def is_fragment_run() -> bool:
    """Whether the script runs for a fragment alone, not for the whole screen."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def is_awaited() -> bool:
    """Whether a click waits for this run of the script to end. A loop in a fragment without widgets has to ask, or it
    holds clicks up.

    Streamlit breaks a run off for a run of the whole screen (here, where the session state is read), but never for that
    of a fragment; that one waits is only seen in Streamlit's own list of requests. A request for the fragment that asks
    is nobody's click: its clock asks every second.
    """
    _ = "any" in st.session_state
    context = get_script_run_ctx()
    if context is None or context.script_requests is None:
        return False
    requests = context.script_requests
    waiting = requests._rerun_data.fragment_id_queue if requests._state is ScriptRequestType.RERUN else []
    return len(context.fragment_ids_this_run or []) > 1 or bool(set(waiting) - {ThreadState.get().fragment_id})
