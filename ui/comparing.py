"""Lay a finished run over an earlier one of the same lab: same chart, the earlier one paler, and the difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from pydantic.fields import FieldInfo

from demos import catalogue, plots
from demos.base import Lab, LabConfig
from demos.runner import Run
from demos.verdict import run_says
from ui import dials, look, recent_runs


def show(lab: Lab, config: LabConfig, run: Run) -> None:
    """Offer the earlier runs of this visit, and lay the chosen one under this one."""
    earlier = {kept.id: kept for kept in recent_runs.earlier(lab, config)}
    if not earlier:
        return
    chosen = st.selectbox(
        "Lay over an earlier run",
        options=list(earlier),
        format_func=lambda run_id: difference(lab, config, earlier[run_id].config),
        index=None,
        placeholder="Choose one of this visit's runs",
        key=f"compare:{lab.name}",
    )
    if chosen in earlier:
        _overlay(lab, config, run, earlier[chosen])


def difference(lab: Lab, config: LabConfig, earlier: LabConfig) -> str:
    """What was set otherwise in the earlier run, in the words of the dials."""
    now, then = config.model_dump(), earlier.model_dump()
    changed = [name for name in now if now[name] != then[name]]
    return "; ".join(_changed(lab.config.model_fields[name], name, then[name], now[name]) for name in changed)


def _changed(field: FieldInfo, name: str, then: object, now: object) -> str:
    before, after = (dials.value_in_words(field, value) for value in (then, now))
    return f"{field.title or name} {before} (now {after})"


def _overlay(lab: Lab, config: LabConfig, run: Run, earlier: Run) -> None:
    figures = catalogue.figure_module(lab.name)
    labels_now = {arm.key: arm.label for arm in lab.arms(config)}
    labels_then = {arm.label: labels_now.get(arm.key, arm.label) for arm in lab.arms(earlier.config)}
    rows = [{**row, "run": "this"} for row in figures.live_rows(config, run.frames)]
    rows += [
        {**row, "arm": labels_then.get(row.get("arm"), row.get("arm")), "run": "earlier"}
        for row in figures.live_rows(earlier.config, earlier.frames)
    ]
    columns = [*figures.COLUMNS, "run"]
    st.vega_lite_chart(
        pd.DataFrame(rows, columns=columns),
        plots.laid_over(figures.live_spec(config, look.theme())),
        width="stretch",
        theme=None,
        key=f"overlay:{lab.name}",
        alt=f"This run in full colour over the earlier one, paler: {difference(lab, config, earlier.config)}.",
    )
    st.caption("Full colour: this run. Pale: the earlier one.")
    st.dataframe(pd.DataFrame(side_by_side(lab, run, earlier)), hide_index=True, width="stretch")
    if earlier.verdict is not None:
        st.caption(f"The earlier run said: {run_says(lab, earlier.config, earlier.frames, earlier.verdict)}")


def side_by_side(lab: Lab, run: Run, earlier: Run) -> list[dict[str, Any]]:
    """A row for each arm that both runs have: the mean then and now."""
    then = {result.name: result for result in earlier.results}
    labels = {arm.key: arm.label for arm in lab.arms(run.config)}
    rows = []
    for result in run.results:
        before = then.get(result.name)
        if before is None or not before.values or not result.values:
            continue
        a, b = float(np.mean(before.values)), float(np.mean(result.values))
        rows.append(
            {
                "arm": labels.get(result.name, result.name),
                "measure": result.metric,
                "earlier run": round(a, 1),
                "this run": round(b, 1),
                "difference": round(b - a, 1),
            }
        )
    return rows
