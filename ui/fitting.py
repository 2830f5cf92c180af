"""The memory model: whose parameters schedule the cards, and fitting them to the learner's own answers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from study import calibration
from study import settings as study_settings
from ui import preferences, services, session

_ROOT = Path(__file__).parent.parent
_RESULT = "plan:fit"


@dataclass
class _Fitting:
    """The fit that runs, if one does. It needs torch and takes a while, so it has a process of its own."""

    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        if self.process is None:
            command = [sys.executable, "-m", "study", "fit", "--json"]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, cwd=_ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe)

    def result(self) -> dict[str, Any] | None:
        """What came of it, once; None while it runs."""
        if self.process is None or self.process.poll() is None:
            return None
        out, error = self.process.communicate()
        self.process = None
        try:
            found: dict[str, Any] = json.loads(out)
        except json.JSONDecodeError:
            return {"error": f"The fit ended without a result: {error.strip()[-300:] or 'no message'}"}
        return found

    def close(self) -> None:
        """End it with the server."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


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
        f"if they predict answers that they have not seen better than the defaults do. You have {scored} answers to "
        "learn from: those that came at least a day after the card's last one."
    )
    with st.container(horizontal=True):
        st.button("Fit to my answers", key="fit", icon=":material/tune:", on_click=_begin)
        if weights:
            st.button("Back to the defaults", key="fit-defaults", type="tertiary", on_click=_keep, args=(None,))
    running = _fitting().process is not None
    _progress() if running else _outcome(session.kept(_RESULT, None))


def _begin() -> None:
    session.keep(_RESULT, None)
    _fitting().start()


@st.fragment(run_every=1.0)
def _progress() -> None:
    found = _fitting().result()
    if found is None:
        st.caption(":material/hourglass_top: Fitting: some seconds per thousand answers. You may leave the page.")
        return
    session.keep(_RESULT, found)
    st.rerun()


def _outcome(found: dict[str, Any] | None) -> None:
    if found is None:
        return
    if "error" in found:
        st.info(found["error"], icon=":material/info:")
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
    session.keep(_RESULT, None)
