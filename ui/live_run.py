"""The moving part of a lab panel: how far a run is, its curves as they grow, and its verdict at once when it ends."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from demos import catalogue
from demos.base import Frame, Lab, LabConfig, Outcome
from demos.runner import Run
from demos.runs import ACTIVE
from ui import look, session, verdict_view, watching

REDRAWS = 3
"""About how often a run is drawn again. The screen competes with the experiment for the same cores (decision 10)."""

LEAST_SECONDS, MOST_SECONDS = 1.0, 3.0
"""Between two drawings, however short or long the run."""

LOOK_SECONDS = 0.05
"""How often it looks, in between, whether the run has ended or the learner has clicked."""

FIRST_FRAME_SECONDS = 0.3


def show(lab: Lab, config: LabConfig, run: Run | None, predicted: Outcome | None, *, active: bool) -> None:
    """Draw the run until its verdict, and then the screen anew. Without a run: the axes that are about to be filled.

    It draws again from inside one run of a fragment, this one or the one around it, in which it comes last: each new
    run has the client render more, and the verdict need not wait for one either. In a run of the whole screen it makes
    room for what follows, and comes back a second later. The empty axes stand in the same place of the screen as the
    curves, so that the client keeps the chart that it has made.

    `active` is what the rest of the screen was drawn by: a run that has ended since has the screen drawn anew too.
    """
    if run is not None:
        watching.watch(run)

    @st.fragment(run_every=LEAST_SECONDS if active else None)
    def live() -> None:
        if run is None:
            st.empty()
            _curves(lab, config, ())
            return
        if active:
            _await_first_frame(run)
        above, below = st.empty(), None
        while True:
            with above:
                if run.state == "finished":
                    verdict_view.say(lab, config, run, predicted)
                else:
                    _status(run)
            if run.state != "finished":
                below = _curves(lab, config, run.frames, below)
            if run.state not in ACTIVE or not session.is_fragment_run() or session.is_awaited():
                break
            _await_change(run)
        if active and run.state not in ACTIVE:
            session.let_it_be_shown()
            st.rerun()

    live()


def _await_first_frame(run: Run) -> None:
    """A running experiment's first frame is there within a blink: better to wait for it than for the next drawing."""
    until = time.monotonic() + FIRST_FRAME_SECONDS
    while run.state == "running" and not run.frames_since(0)[1] and time.monotonic() < until:
        time.sleep(0.02)


def _await_change(run: Run) -> None:
    """Wait until it is time to draw again, the run has begun or ended, or somebody wants something else."""
    state, until = run.state, time.monotonic() + _pace(run)
    while run.state == state and time.monotonic() < until and not session.is_awaited():
        run.wait(LOOK_SECONDS)


def _pace(run: Run) -> float:
    """Seconds to the next drawing."""
    if run.seconds_left is None:
        return LEAST_SECONDS
    return min(MOST_SECONDS, max(LEAST_SECONDS, (run.seconds + run.seconds_left) / REDRAWS))


def _curves(
    lab: Lab, config: LabConfig, frames: Sequence[Frame], place: DeltaGenerator | None = None
) -> DeltaGenerator:
    """The live chart, in the place of an earlier one. The spec never changes during a run: the client only moves the
    marks."""
    figures = catalogue.figure_module(lab.name)
    rows = pd.DataFrame(figures.live_rows(config, frames), columns=list(figures.COLUMNS))
    draw = st.vega_lite_chart if place is None else place.vega_lite_chart
    return draw(rows, figures.live_spec(config, look.theme()), width="stretch", theme=None, alt=lab.summary)


def _status(run: Run) -> None:
    if run.state == "queued":
        st.info(f"Waiting for a free worker: place {run.place} in the queue.", icon=":material/hourglass_top:")
    elif run.state == "running":
        text = "Training" if run.frames_since(0)[1] else "Starting ..."
        if run.seconds_left is not None:
            text += f" · about {max(1, round(run.seconds_left))} s left"
        st.progress(run.progress, text=text)
    elif run.state == "stopped":
        st.info(
            f"Stopped after {run.seconds:.1f} s. The curves so far are kept; there is no verdict on half a run.",
            icon=":material/stop_circle:",
        )
    elif run.state == "failed":
        st.error(run.error or "The run failed. Press Run again.", icon=":material/error:")
