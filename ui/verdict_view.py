"""The end of a run: the verdict, what was predicted, the pictures, the numbers, and all of it to take away."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from demos import catalogue, quadrants
from demos.base import Lab, LabConfig, Outcome
from demos.export import frames_csv
from demos.plots import Extra
from demos.runner import Run
from demos.style import LIGHT
from demos.verdict import run_says
from study.words import counted
from ui import comparing, look, pictures, services, session

_LOOK = {
    "holds": ("green", ":material/check_circle:", "The claim holds here"),
    "does_not_hold": ("orange", ":material/cancel:", "The claim does not hold here"),
    "cannot_tell": ("gray", ":material/help:", "This run cannot tell"),
}

MAP_WIDTH = 680
"""Pixels; on a narrower screen it is as wide as its column."""


def say(lab: Lab, config: LabConfig, run: Run, predicted: Outcome | None) -> None:
    """Draw the verdict of a finished run."""
    verdict = run.verdict
    if verdict is None:
        return
    colour, icon, title = _LOOK[verdict.outcome]
    with st.container(key=f"verdict-{verdict.outcome}"):
        st.markdown(f"### :{colour}[{icon}] {title}")
        st.markdown(f"**Your run says:** {run_says(lab, config, run.frames, verdict)}")
        if predicted is not None:
            st.markdown("**You predicted it.**" if predicted == verdict.outcome else "**You predicted otherwise.**")
        st.markdown(f"**The paper says:** {lab.paper_says}")


def show_grounds(lab: Lab, config: LabConfig, run: Run) -> None:
    """Draw what the verdict of a finished run rests on."""
    _pictures(lab, config, run)
    _map(run)
    _numbers(lab, config, run)
    comparing.show(lab, config, run)


def _pictures(lab: Lab, config: LabConfig, run: Run) -> None:
    figures, theme, frames = catalogue.figure_module(lab.name), look.theme(), run.frames
    main = pictures.kept((run.id, theme.name), lambda: pictures.rendered(figures.figure(config, frames, theme), "png"))
    st.image(main, width="stretch", alt=figures.alt_text(config, frames))
    if hasattr(figures, "extras"):
        for title, text, picture in pictures.kept((run.id, theme.name, "extras"), lambda: _extras(lab, config, run)):
            st.markdown(f"**{title}**")
            st.image(picture, width="stretch", alt=text)
    for note in figures.notes(config, frames) if hasattr(figures, "notes") else ():
        st.markdown(note)


def _extras(lab: Lab, config: LabConfig, run: Run) -> list[tuple[str, str, bytes]]:
    """The further pictures as (title, text alternative, PNG)."""
    made: list[Extra] = catalogue.figure_module(lab.name).extras(config, run.frames, look.theme())
    return [(extra.title, extra.alt, pictures.rendered(extra.figure, "png")) for extra in made]


def _map(run: Run) -> None:
    """Where the run lies on the size x similarity map, among the learner's others."""
    here = quadrants.point(run.lab, run.config, run.frames)
    if here is None:
        return
    points = list(dict.fromkeys([*services.quadrant_points(), here]))
    theme = look.theme()
    key = (run.id, theme.name, f"map of {len(points)}")
    picture = pictures.kept(key, lambda: pictures.rendered(quadrants.quadrant_map(points, theme), "png"))
    st.markdown("**Size and similarity: your runs on the textbook's map**")
    st.image(picture, width=MAP_WIDTH, alt=quadrants.quadrant_alt(points))
    if caption := quadrants.caption(points):
        st.caption(caption)


def _numbers(lab: Lab, config: LabConfig, run: Run) -> None:
    figures = catalogue.figure_module(lab.name)
    with st.expander("The run in numbers", icon=":material/table:"):
        st.dataframe(pd.DataFrame(figures.table(config, run.frames)), hide_index=True, width="stretch")
        st.caption(_how_measured(config, run))
        _downloads(lab, config, run)


def _downloads(lab: Lab, config: LabConfig, run: Run) -> None:
    """Files are made when asked for. A figure to take away is on light ground: it will be printed or pasted."""
    figures = catalogue.figure_module(lab.name)
    name = f"{lab.name}-draw-{config.seed}"

    def drawn(kind: str) -> Callable[[], bytes]:
        return lambda: pictures.rendered(figures.figure(config, run.frames, LIGHT), kind)

    with st.container(horizontal=True):
        for label, data, suffix, mime in (
            ("Frames (CSV)", lambda: frames_csv(run.frames), "csv", "text/csv"),
            ("Figure (PNG)", drawn("png"), "png", "image/png"),
            ("Figure (SVG)", drawn("svg"), "svg", "image/svg+xml"),
        ):
            st.download_button(
                label,
                data,
                file_name=f"{name}.{suffix}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"download:{lab.name}:{suffix}",
            )


def _how_measured(config: LabConfig, run: Run) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in run.versions.items())
    when = ""
    if run.replayed and run.computed_at:
        when = f", replayed from {run.computed_at.astimezone(session.timezone()):%d %b %Y}"
    measured = f"{counted(config.replicates, 'replicate')}, {counted(len(run.frames), 'frame')}"
    return f"{measured}, {run.seconds:.1f} s{when}; {machine}."
