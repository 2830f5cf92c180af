"""The memory model: whose parameters schedule the cards, and fitting them to the learner's own answers."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from study import calibration
from study import settings as study_settings
from study.words import counted
from ui import preferences, services
from ui.markdown import escaped

_ROOT = Path(__file__).parent.parent
_BROKEN_OFF = "The fit broke off: try it once more, and if it breaks off again, see the server's log for the reason."

_log = logging.getLogger(__name__)


class _Fitting:
    """The fit that runs, if one does, and what came of the last one; all tabs share it. It needs torch and takes a
    while, so it has a process of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._last: dict[str, Any] | None = None
        self._answers = 0

    def start(self, answers: int) -> None:
        """Begin a fit to so many answers, unless one runs."""
        with self._lock:
            if not self._runs():
                command = [sys.executable, "-m", "study", "fit", "--json"]
                pipe = subprocess.PIPE
                self._process = subprocess.Popen(command, cwd=_ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe)
                self._last, self._answers = None, answers

    def running(self) -> bool:
        """Whether a fit runs."""
        with self._lock:
            return self._runs()

    def last(self, answers: int) -> dict[str, Any] | None:
        """What came of the last fit; None before it, while one runs, when it was forgotten or was to other answers."""
        return self._last if self._answers == answers else None

    def forget(self) -> None:
        """The last fit was used, or given up."""
        self._last = None

    def close(self) -> None:
        """End it with the server."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def _runs(self) -> bool:
        """Whether it runs. One that has ended is read, once."""
        if self._process is not None and self._process.poll() is not None:
            out, said = self._process.communicate()
            self._process = None
            try:
                self._last = json.loads(out)
            except json.JSONDecodeError:
                _log.error("the fit of the memory model ended without a result: %s", said.strip() or "no message")
                self._last = {"error": _BROKEN_OFF}
        return self._process is not None


@services.once
def _fitting() -> _Fitting:
    return _Fitting()


def show() -> None:
    """Whose parameters are used, and the button that fits them."""
    st.header("The memory model", anchor=False)
    weights = preferences.settings().weights
    whose = "**fitted to your own answers**" if weights else "the package's **defaults**"
    scored = len(calibration.predicted(services.store().reviews(learner=services.LEARNER)))
    st.markdown(
        f"FSRS schedules your cards with 21 parameters: {whose}. They can be fitted to your own log, and are kept only "
        f"if they predict answers that they have not seen better than the defaults do. You have "
        f"{counted(scored, 'answer')} to learn from, counting those that came at least a day after the card's last one."
    )
    with st.container(horizontal=True):
        st.button("Fit to my answers", key="fit", icon=":material/tune:", on_click=lambda: _fitting().start(scored))
        if weights:
            st.button("Back to the defaults", key="fit-defaults", type="tertiary", on_click=_keep, args=(None,))
    _progress() if _fitting().running() else _outcome(_fitting().last(scored))


@st.fragment(run_every=1.0)
def _progress() -> None:
    if not _fitting().running():
        st.rerun()
    st.caption(":material/hourglass_top: Fitting: some seconds per thousand answers. You may leave the page.")


def _outcome(found: dict[str, Any] | None) -> None:
    if found is None:
        return
    if "error" in found:
        st.info(escaped(found["error"]), icon=":material/info:")
        return
    low, high = found["interval"]
    st.markdown(
        f"Fitted to {found['reviews_train']} answers, tested on the {found['reviews_test']} that came after them: log "
        f"loss {found['log_loss_default']:.4f} with the defaults, {found['log_loss_fitted']:.4f} fitted; gain "
        f"{found['gain']:.4f}, 95 % interval {low:.4f} to {high:.4f}."
    )
    if found["keep"]:
        st.button(
            "Use the fitted parameters",
            key="fit-keep",
            type="primary",
            icon=":material/check:",
            on_click=_keep,
            args=(tuple(found["weights"]),),
        )
    else:
        st.info("No clear gain: the defaults stay. More answers may change that.", icon=":material/balance:")


def _keep(weights: tuple[float, ...] | None) -> None:
    changed = replace(preferences.settings(), weights=weights)
    study_settings.save(services.store(), services.LEARNER, changed)
    _fitting().forget()
