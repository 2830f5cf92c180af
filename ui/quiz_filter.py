"""What the quiz asks about in this visit: kinds of cards, and questions."""

from __future__ import annotations

import streamlit as st

from ui import asking, catalogue, session
from ui.catalogue import KINDS, Kind


def show() -> None:
    """The filter, folded away: everything is asked unless the learner narrows it."""
    kinds, questions = _kinds(), _questions()
    narrowed = len(kinds) + len(questions)
    with st.popover(f"Asking: {narrowed} chosen" if narrowed else "Asking: everything", icon=":material/tune:"):
        st.pills(
            "Kinds of cards",
            list(KINDS),
            selection_mode="multi",
            default=kinds,
            format_func=lambda kind: KINDS[kind],
            key="quiz-kinds",
            wrap=True,
            on_change=_narrow,
            args=("kinds", "quiz-kinds"),
        )
        st.pills(
            "Questions",
            list(_names()),
            selection_mode="multi",
            default=questions,
            format_func=lambda group: _names()[group],
            key="quiz-questions",
            wrap=True,
            on_change=_narrow,
            args=("questions", "quiz-questions"),
        )
        st.caption("Nothing chosen means everything. Exercises are asked once you have added them to your reviews.")


def wanted() -> set[str] | None:
    """The cards that may be asked; None for all."""
    kinds, questions = _kinds(), _questions()
    if not kinds and not questions:
        return None
    return {
        item_id
        for item_id, entry in catalogue.entries().items()
        if (not kinds or entry.kind in kinds) and (not questions or catalogue.group_of(item_id) in questions)
    }


def _narrow(what: str, key: str) -> None:
    session.keep(f"quiz:{what}", list(st.session_state[key]))
    asked = asking.on_the_table()
    allowed = wanted()
    if asked is not None and asked.answered is None and allowed is not None and asked.item_id not in allowed:
        asking.clear()


def _kinds() -> list[Kind]:
    return session.kept("quiz:kinds", [])


def _questions() -> list[str]:
    return session.kept("quiz:questions", [])


def _names() -> dict[str, str]:
    return {
        item_id: f"{entry.question.meta.number} · {entry.question.meta.short}"
        for item_id, entry in catalogue.entries().items()
        if entry.is_question
    }
