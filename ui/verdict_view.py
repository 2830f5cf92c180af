"""The end of a run: the verdict, what was predicted, the final figure, the numbers."""

from __future__ import annotations

import io

import pandas as pd
import streamlit as st
from matplotlib.figure import Figure

from demos import catalogue
from demos.base import Lab, LabConfig, Outcome, Verdict
from demos.runner import Run
from demos.style import Theme
from demos.verdict import verdict_sentence
from ui import look

_LOOK = {
    "holds": ("green", ":material/check_circle:", "The claim holds here"),
    "does_not_hold": ("orange", ":material/cancel:", "The claim does not hold here"),
    "cannot_tell": ("gray", ":material/help:", "This run cannot tell"),
}


def show(lab: Lab, config: LabConfig, run: Run, predicted: Outcome | None) -> None:
    """Draw the verdict of a finished run, and what it rests on."""
    verdict = run.verdict
    if verdict is None:
        return
    colour, icon, title = _LOOK[verdict.outcome]
    with st.container(key=f"verdict-{verdict.outcome}"):
        st.markdown(f"### :{colour}[{icon}] {title}")
        st.markdown(f"**Your run says:** {_sentence(lab, config, verdict)}")
        if predicted is not None:
            st.markdown("**You predicted it.**" if predicted == verdict.outcome else "**You predicted otherwise.**")
        st.markdown(f"**The paper says:** {lab.paper_says}")
    figures = catalogue.figure_module(lab.name)
    text = figures.alt_text(config, run.frames)
    st.image(_png(lab.name, config, run, look.theme()), width="stretch", alt=text)
    with st.expander("The run in numbers", icon=":material/table:"):
        st.dataframe(pd.DataFrame(figures.table(config, run.frames)), hide_index=True, width="stretch")
        st.caption(_how_measured(config, run))


def _sentence(lab: Lab, config: LabConfig, verdict: Verdict) -> str:
    labels = {arm.key: arm.label for arm in lab.arms(config)}
    return verdict_sentence(verdict, better=labels[lab.claim.better].lower(), worse=labels[lab.claim.worse].lower())


def _how_measured(config: LabConfig, run: Run) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in run.versions.items())
    when = f", replayed from {run.computed_at:%d %b %Y}" if run.replayed and run.computed_at else ""
    return f"{config.replicates} replicates, {len(run.frames)} frames, {run.seconds:.1f} s{when}; {machine}."


def _png(name: str, config: LabConfig, run: Run, theme: Theme) -> bytes:
    figure: Figure = catalogue.figure_module(name).figure(config, run.frames, theme)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=200)
    return target.getvalue()
