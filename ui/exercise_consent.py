"""Whether a learner's code may run here, and what she has to know before it does."""

from __future__ import annotations

import ipaddress

import streamlit as st

from study.sandbox import fence
from ui import services

_AGREED = "runs_code_unfenced"


def may_run() -> bool:
    """Whether the exercises run here; if not, says why, and asks once where the learner may decide."""
    available = _availability()
    if available == "read_only":
        st.info(
            "Exercises can be read but not run here: this server has no sandbox (bubblewrap) and is open to other "
            "machines. Install bubblewrap on the server, or run the app on your own machine.",
            icon=":material/lock:",
        )
    if available == "ask":
        _ask()
    return available in ("sandboxed", "plain")


def read_only() -> bool:
    """Whether exercises cannot be run here, whatever the learner says."""
    return _availability() == "read_only"


def has_agreed() -> bool:
    """Whether the learner has agreed that her code runs without the sandbox."""
    agreed: bool = services.store().setting(_AGREED, False, learner=services.LEARNER)
    return agreed


def _availability() -> fence.Availability:
    return fence.availability(bound_to_localhost=_is_local(), consented=has_agreed())


def _ask() -> None:
    with st.container(border=True, key="consent"):
        st.markdown(
            "**Your code would run without a sandbox.** This machine has no bubblewrap, so what you write here runs as "
            "an ordinary program of yours: with time and memory limits, in an empty folder, but it could read and "
            "change your files and use the network. That is no different from running your own script, as long as you "
            "only run code that you wrote. For a real fence install bubblewrap (`sudo apt-get install bubblewrap`) and "
            "start the app again."
        )
        st.button(
            "I understand: run my code on this machine",
            icon=":material/check:",
            key="agree",
            on_click=services.store().set_setting,
            args=(_AGREED, True),
            kwargs={"learner": services.LEARNER},
        )


def _is_local() -> bool:
    """Whether only this machine can reach the server."""
    address = st.get_option("server.address")
    if address == "localhost":
        return True
    try:
        return bool(address) and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
