"""Spot the bug: pick the line and the reason."""

from __future__ import annotations

from typing import cast

import streamlit as st

from content.items import Bug
from study.grading import choices
from study.scheduling import Rating
from ui import feedback
from ui.cards import shared
from ui.cards.shared import UNKNOWN, Answered
from ui.catalogue import Entry


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """The snippet with numbered lines, the line to pick, and the reasons, shuffled."""
    item = cast(Bug, entry.item)
    shared.prompt(item.prompt)
    st.code(item.code, language="python", line_numbers=True, wrap_lines=True)
    lines = item.code.splitlines()
    numbers = [number for number, text in enumerate(lines, 1) if text.strip()]
    line = st.selectbox(
        "Which line is the mistake?",
        numbers,
        index=None,
        format_func=lambda number: f"{number}: {lines[number - 1].strip()}",
        placeholder="Choose a line",
        key=f"{key}-line",
    )
    reasons = [reason.text for reason in item.reasons]
    reason = shared.pick_one("Why?", reasons, choices.order(len(reasons), seed), f"{key}-reason")
    checked, unknown = shared.hand_in(key)
    if unknown:
        return blank(entry, seed)
    if checked and (line is None or not reason):
        st.warning("Pick the line and the reason first, or say that you don't know.", icon=":material/touch_app:")
        return None
    return _answered(item, line, reason[0], seed) if checked else None


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """The line, the reason, and the code that works."""
    item = cast(Bug, entry.item)
    shared.prompt(item.prompt)
    st.code(item.code, language="python", line_numbers=True, wrap_lines=True)
    feedback.verdict(answered["right"], _words(item, answered))
    chosen = [] if answered["reason"] is None else [answered["reason"]]
    shared.explained(item.reasons, choices.order(len(item.reasons), answered["seed"]), chosen, key)
    st.markdown(item.explanation)
    st.markdown("**Mended**")
    st.code(item.fix, language="python", line_numbers=True, wrap_lines=True)
    return answered


def blank(entry: Entry, seed: int) -> Answered:
    """Nothing was picked."""
    return _answered(cast(Bug, entry.item), None, None, seed) | UNKNOWN


def suggestion(entry: Entry, answered: Answered) -> Rating | None:
    """Good if line and reason are right, Hard if one of them is, else Again."""
    return choices.suggest_rating(answered["score"])


def _answered(item: Bug, line: int | None, reason: int | None, seed: int) -> Answered:
    grade = choices.grade_bug(item, line, reason)
    return {"seed": seed, "line": line, "reason": reason, "right": grade.right, "score": grade.score}


def _words(item: Bug, answered: Answered) -> str:
    where = f"the mistake is in line {item.line}"
    if answered["right"]:
        return f"Right: {where}, and for this reason."
    if answered["line"] is None:
        return f"Now you can know: {where}."
    if answered["line"] == item.line:
        return f"The line is right ({item.line}), the reason is not."
    if item.reasons[answered["reason"]].right:
        return f"The reason is right, but {where}."
    return f"Not this one: {where}."
