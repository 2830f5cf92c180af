"""Recall: say the answer aloud, then compare. In an interview it is written, and compared in the report."""

from __future__ import annotations

import streamlit as st

from content.schema import FollowUp, Question
from study.scheduling import Rating
from ui.cards import points
from ui.cards.shared import Answered
from ui.catalogue import Entry


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """The question, and the button that reveals the answer."""
    _question(entry)
    st.caption("Say the answer aloud, then compare.")
    pressed = st.button("Reveal", type="primary", shortcut="Space", key="quiz-reveal", icon=":material/visibility:")
    return {} if pressed else None


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """The answer, and what a good one contains."""
    _question(entry)
    if answered.get("text"):
        points.quoted(answered["text"], key)
    st.divider()
    item = entry.item
    with st.container(key=f"card-answer-{key}"):
        st.markdown(item.answer if isinstance(item, Question | FollowUp) else "")
    if "ticks" in answered:
        return points.ticked(entry, answered, key_points(entry), key)
    if isinstance(item, Question):
        with st.expander("A good answer contains"):
            st.markdown("\n".join(f"- {point}" for point in item.meta.key_points))
    return answered


def suggestion(entry: Entry, answered: Answered) -> Rating | None:
    """Only the learner knows how it went."""
    return None


def key_points(entry: Entry) -> list[str]:
    """What a good answer contains; of a follow-up, whose answer is short, the answer as such."""
    return entry.item.meta.key_points if isinstance(entry.item, Question) else ["The core of this answer"]


def _question(entry: Entry) -> None:
    item = entry.item
    st.header(item.meta.title if isinstance(item, Question) else getattr(item, "question", ""), anchor=False)
