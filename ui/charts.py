"""Charts of the progress screen: small Altair specs, in the theme's colours, each with its finding in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import altair as alt
import streamlit as st

from study.statistics import GroupMemory
from ui import look


def days(counts: Sequence[tuple[date, int]], what: str, *, today: int) -> None:
    """Bars per day; the bar at index `today` stands out."""
    theme = look.theme()
    rows = [
        {"day": day.isoformat(), "label": f"{day:%a %d %b}", "count": count, "today": index == today}
        for index, (day, count) in enumerate(counts)
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "day:O",
                title=None,
                axis=alt.Axis(labelExpr="timeFormat(toDate(datum.value), '%d %b')", labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y("count:Q", title=what, axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(domainMin=0)),
            color=alt.condition("datum.today", alt.value(theme.accent), alt.value(theme.muted)),
            tooltip=[alt.Tooltip("label:N", title="Day"), alt.Tooltip("count:Q", title=what)],
        )
        .properties(height=220)
    )
    total, now = sum(count for _, count in counts), counts[today][1]
    st.altair_chart(chart, width="stretch", alt=f"{what}: {total} over {len(counts)} days, {now} today.")


def memory(rows: Sequence[tuple[str, GroupMemory | None]]) -> None:
    """One bar per question: predicted recall from 0 to 100 %; questions not seen yet say so."""
    theme = look.theme()
    data = [{"question": label, "recall": _percent(known), "note": _note(known)} for label, known in rows]
    order = [label for label, _ in rows]
    base = alt.Chart(alt.Data(values=data)).encode(
        y=alt.Y("question:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    )
    bars = base.mark_bar(cornerRadiusEnd=2, color=theme.accent).encode(
        x=alt.X(
            "recall:Q",
            title="Predicted recall (%)",
            scale=alt.Scale(domain=[0, 100]),
            axis=alt.Axis(values=[0, 25, 50, 75, 100]),
        )
    )
    notes = base.mark_text(align="left", dx=6, color=theme.foreground).encode(x=alt.X("recall:Q"), text="note:N")
    unseen = (
        base.transform_filter("datum.recall === null")
        .mark_text(align="left", dx=6, color=theme.faint)
        .encode(x=alt.value(0), text="note:N")
    )
    seen = [f"{label} {_note(known)}" for label, known in rows if known is not None and known.seen]
    st.altair_chart(
        (bars + notes.transform_filter("datum.recall !== null") + unseen).properties(height=32 * len(rows)),
        width="stretch",
        alt="Predicted recall: " + (", ".join(seen) or "nothing asked yet") + ".",
    )


def _percent(known: GroupMemory | None) -> float | None:
    return None if known is None or known.retrievability is None else round(100 * known.retrievability, 1)


def _note(known: GroupMemory | None) -> str:
    if known is None or known.retrievability is None:
        return "not asked yet"
    return f"{known.retrievability:.0%} · {known.seen} card{'s' if known.seen > 1 else ''} seen"
