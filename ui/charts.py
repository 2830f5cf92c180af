"""Charts of the progress screen: small Altair specs, in the theme's colours, each with its finding in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import altair as alt
import streamlit as st

from study.calibration import Bin
from study.plan import PlannedDay
from study.statistics import DayReviews, GroupMemory
from study.words import counted, percent
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
    st.altair_chart(chart, width="stretch", alt=f"{what}: {total} over {counted(len(counts), 'day')}, {now} today.")


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
    return f"{percent(known.retrievability)} · {counted(known.seen, 'card')} seen"


def plan(days: Sequence[PlannedDay]) -> None:
    """Stacked bars per day: due, pulled forward, new. Colour and order tell them apart, and so does the tooltip."""
    theme = look.theme()
    kinds = {"Due": theme.accent, "Pulled forward": theme.faint, "New": theme.muted}
    rows = [
        {"day": day.day.isoformat(), "label": f"{day.day:%a %d %b}", "kind": kind, "order": order, "count": count}
        for day in days
        for order, (kind, count) in enumerate(zip(kinds, (day.due, day.pulled_forward, day.new), strict=True))
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X(
                "day:O",
                title=None,
                axis=alt.Axis(labelExpr="timeFormat(toDate(datum.value), '%d %b')", labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y("count:Q", title="Cards", axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(domainMin=0)),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=list(kinds), range=list(kinds.values())),
                legend=alt.Legend(orient="top", title=None),
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("label:N", title="Day"),
                alt.Tooltip("kind:N", title="Cards"),
                alt.Tooltip("count:Q", title="Count"),
            ],
        )
        .properties(height=240)
    )
    said = f"{counted(sum(day.total for day in days), 'card')} over {counted(len(days), 'day')}"
    st.altair_chart(chart, width="stretch", alt=f"{said}, {days[0].total} today.")


def calibration(bins: Sequence[Bin]) -> None:
    """Measured against predicted recall, with intervals; on the diagonal the predictions are right."""
    theme = look.theme()
    rows = [
        {
            "predicted": round(100 * each.predicted, 1),
            "measured": round(100 * each.measured, 1),
            "low": round(100 * each.low, 1),
            "high": round(100 * each.high, 1),
            "count": each.count,
        }
        for each in bins
    ]
    scale = alt.Scale(domain=[0, 100])
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("predicted:Q", title="Predicted recall (%)", scale=scale))
    diagonal = (
        alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 100, "y": 100}]))
        .mark_line(color=theme.muted, strokeDash=[4, 4])
        .encode(x="x:Q", y="y:Q")
    )
    intervals = base.mark_rule(color=theme.faint, strokeWidth=2).encode(
        y=alt.Y("low:Q", title="Measured recall (%)", scale=scale), y2="high:Q"
    )
    points = base.mark_point(filled=True, size=70, color=theme.accent).encode(
        y=alt.Y("measured:Q", scale=scale),
        tooltip=[
            alt.Tooltip("predicted:Q", title="Predicted (%)"),
            alt.Tooltip("measured:Q", title="Measured (%)"),
            alt.Tooltip("count:Q", title="Answers"),
        ],
    )
    said = ", ".join(f"{row['predicted']:.0f} % predicted, {row['measured']:.0f} % measured" for row in rows)
    st.altair_chart(
        (diagonal + intervals + points).properties(height=320), width="stretch", alt=f"Calibration: {said}."
    )


def calendar(days: Sequence[DayReviews]) -> None:
    """A year of days, a column per week: the darker, the more answers."""
    theme = look.theme()
    rows = [
        {
            "week": (index // 7),
            "weekday": day.day.weekday(),
            "name": f"{day.day:%a}",
            "label": f"{day.day:%a %d %b %Y}",
            "count": day.answered,
        }
        for index, day in enumerate(days)
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_rect(cornerRadius=2, stroke=theme.background, strokeWidth=2)
        .encode(
            x=alt.X("week:O", title=None, axis=None),
            y=alt.Y(
                "weekday:O",
                title=None,
                axis=alt.Axis(
                    labelExpr="['Mon','','Wed','','Fri','','Sun'][datum.value]", ticks=False, domain=False, grid=False
                ),
            ),
            color=alt.Color(
                "count:Q",
                scale=alt.Scale(range=[theme.grid, theme.accent], domainMin=0),
                legend=None,
            ),
            tooltip=[alt.Tooltip("label:N", title="Day"), alt.Tooltip("count:Q", title="Answers")],
        )
        .properties(height=150)
    )
    busy = counted(sum(day.answered > 0 for day in days), "day")
    total = counted(sum(day.answered for day in days), "answer")
    st.altair_chart(chart, width="stretch", alt=f"{total} on {busy} of the past year.")
