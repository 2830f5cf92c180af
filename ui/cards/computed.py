"""Computed: a number, a shape or a set of names that torch works out, with fresh values each time."""

from __future__ import annotations

from typing import cast

import streamlit as st

from content.items import Computed
from study.desk import DeskError
from study.drawn import Drawn
from study.grading.numbers import AnswerError, grade_computed
from study.scheduling import Rating
from ui import feedback, services, session
from ui.cards import shared
from ui.cards.shared import UNKNOWN, Answered
from ui.catalogue import Entry

_NONE = "none of these"


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """The task with its values, and a field for the answer."""
    drawn = _drawn(entry, seed)
    if drawn is None:
        return None
    shared.prompt(drawn.prompt)
    given = _field(drawn, key)
    checked, unknown = shared.hand_in(key)
    if unknown:
        return blank(entry, seed)
    if not checked:
        return None
    if not given:
        st.warning("Write your answer first, or say that you don't know.", icon=":material/touch_app:")
        return None
    try:
        verdict = grade_computed(drawn.answer, [] if given == [_NONE] else given)
    except AnswerError as error:
        st.warning(str(error), icon=":material/edit:")
        return None
    right = verdict.right
    return {"seed": seed, "given": given, "right": right, "score": float(right), "because": verdict.because}


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """Right or not and why, then the steps with these values."""
    drawn = _drawn(entry, answered["seed"])
    if drawn is None:
        return answered
    shared.prompt(drawn.prompt)
    feedback.verdict(answered["right"], answered["because"])
    if answered["given"]:
        given = answered["given"]
        st.text(f"You wrote: {given if isinstance(given, str) else ', '.join(given)}")
    st.markdown("**Step by step**")
    st.markdown("\n".join(f"1. {step}" for step in drawn.steps))
    st.caption("Worked out by PyTorch just now; next time the values are others.")
    return answered


def blank(entry: Entry, seed: int) -> Answered:
    """Nothing was written."""
    because = "Now you can know: follow the steps."
    return {"seed": seed, "given": None, "right": False, "score": 0.0, "because": because} | UNKNOWN


def suggestion(entry: Entry, answered: Answered) -> Rating | None:
    """Good if right, Again if not."""
    return Rating.GOOD if answered["right"] else Rating.AGAIN


def _field(drawn: Drawn, key: str) -> str | list[str]:
    answer = drawn.answer
    if answer.kind == "names":
        chosen = shared.pick_several(
            "Tick **all** that apply", answer.choices, range(len(answer.choices)), f"{key}-names"
        )
        none = st.checkbox("None of these", key=f"{key}-none")
        return [answer.choices[index] for index in chosen] or ([_NONE] if none else [])
    example = "e.g. (1, 64, 7, 7)" if answer.kind == "shape" else "e.g. 0.001, 1e-3 or 1/1000"
    return st.text_input(answer.instruction, key=f"{key}-number", placeholder=example, max_chars=200)


def _drawn(entry: Entry, seed: int) -> Drawn | None:
    """The values of this asking; drawn once for a visit, the same again for the same seed."""
    generator = cast(Computed, entry.item).generator
    name = f"drawn:{generator}:{seed}"
    drawn: Drawn | None = session.kept(name, None)
    if drawn is None:
        try:
            with st.spinner("Working out fresh numbers ..."):
                drawn = services.desk().draw(generator, seed)
        except DeskError as error:
            st.error(f"The numbers cannot be worked out: {error}", icon=":material/error:")
            st.button("Try again", key=f"{name}-again")
            return None
        session.keep(name, drawn)
    return drawn
