"""A visit watches its runs: when the tab is closed, a run that nobody else watches ends after a while."""

from __future__ import annotations

import uuid

import streamlit as st

from demos.runner import Run
from demos.runs import ACTIVE


class _Watcher:
    """The runs that one visit watches."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.runs: dict[str, Run] = {}

    def leave(self) -> None:
        for run in self.runs.values():
            run.unwatch(self.id)


@st.cache_resource(scope="session", on_release=lambda watcher: watcher.leave(), show_spinner=False)
def _watcher() -> _Watcher:
    return _Watcher()


def watch(run: Run) -> None:
    """Note that this visit wants `run` to go on."""
    watcher = _watcher()
    # Runs that have ended need nobody: their frames must not stay for as long as the tab does.
    watcher.runs = {kept.id: kept for kept in (*watcher.runs.values(), run) if kept.state in ACTIVE}
    run.watch(watcher.id)
