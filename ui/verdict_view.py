"""The end of a run: the verdict, what was predicted, the final figure, the numbers."""

from __future__ import annotations

import io

import pandas as pd
import streamlit as st
from matplotlib.figure import Figure

from demos import catalogue
from demos.base import Lab, LabConfig, Outcome
from demos.runner import Run
from demos.style import Theme
from demos.verdict import verdict_sentence
from ui import look

_BOX = {"holds": st.success, "does_not_hold": st.error, "cannot_tell": st.warning}
_ICON = {"holds": ":material/check_circle:", "does_not_hold": ":material/cancel:", "cannot_tell": ":material/help:"}


def show(lab: Lab, config: LabConfig, run: Run, predicted: Outcome | None) -> None:
    """Draw the verdict of a finished run, and what it rests on."""
    verdict = run.verdict
    if verdict is None:
        return
    _BOX[verdict.outcome](f"**{verdict_sentence(verdict)}**", icon=_ICON[verdict.outcome])
    if predicted is not None:
        right = predicted == verdict.outcome
        st.markdown(
            f"You predicted: *{lab.prediction.options[predicted]}*. "
            + ("**Right.**" if right else "**Not this time.**")
        )
    st.markdown(f"**The paper says:** {lab.paper_says}  \n**Your run says:** {verdict_sentence(verdict)}")
    figures = catalogue.figure_module(lab.name)
    text = figures.alt_text(config, run.frames)
    st.image(_png(lab.name, config, run, look.theme()), width="stretch", alt=text)
    st.caption(text)
    st.dataframe(pd.DataFrame(figures.table(config, run.frames)), hide_index=True, width="stretch")
    when = "replayed from an earlier run" if run.replayed else f"{run.seconds:.1f} s"
    st.caption(f"{len(run.frames)} frames over {config.replicates} replicates, {when}.")


def _png(name: str, config: LabConfig, run: Run, theme: Theme) -> bytes:
    figure: Figure = catalogue.figure_module(name).figure(config, run.frames, theme)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=200)
    return target.getvalue()
