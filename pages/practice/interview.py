"""The mock interview: set it up, go through it, read the report."""

from __future__ import annotations

import uuid

import streamlit as st

from content.items import Level
from study.interviewing import clock
from study.interviewing.model import LENGTHS, InterviewError
from ui import (
    catalogue,
    exercise_consent,
    interview_report,
    interview_room,
    interviews,
    navigation,
    services,
    session,
)
from ui.interviews import Saved

PARAMETER = "interview"
WIDTH = 760
_NEXT = "interview-next"
"""Kept for the visit: the identity of the interview that Begin begins, the same for every click on it."""
LEVELS: dict[Level, str] = {
    "junior": "Junior: the core of each answer",
    "senior": "Senior: trade-offs and evidence too",
}


def show() -> None:
    """The screen: the interview that the address names, or setting one up."""
    identity = navigation.asked_for(PARAMETER)
    with st.container(width=WIDTH):
        try:
            saved = interviews.find(identity) if identity else None
        except InterviewError as error:
            st.error(f"This interview cannot be opened: {error} It is kept as it is.", icon=":material/error:")
            saved = None
        if saved is None:
            if identity:
                st.warning("There is no such interview. Begin one here:", icon=":material/search_off:")
            _set_up()
        elif saved.interview.ended_at is not None:
            interview_report.show(saved)
        elif clock.gap(saved.interview, services.now()) is not None:
            interview_room.welcome_back(saved)
        else:
            interview_room.show(saved)


def _set_up() -> None:
    st.title("Mock interview", anchor=False)
    st.markdown(
        "Questions as an interviewer asks them: broad first, deeper where you were weak; in your own words, by "
        "choice, by numbers, in code. Nothing is marked until the end. Then the report shows what you covered, what "
        "you missed and where you were slow, and puts it into your reviews."
    )
    earlier = interviews.all_saved()
    running = next((saved for saved in earlier if saved.interview.ended_at is None), None)
    if running is not None:
        _resume(running)
    length = st.segmented_control(
        "Length", LENGTHS, default=20, format_func=lambda minutes: f"{minutes} min", key="interview-length"
    )
    level = st.radio("Level", list(LEVELS), format_func=lambda each: LEVELS[each], key="interview-level")
    topics = st.pills(
        "Topics",
        _topics(),
        selection_mode="multi",
        key="interview-topics",
        help="None chosen means all of them",
        wrap=True,
    )
    identity = session.kept(_NEXT, uuid.uuid4().hex)
    if st.button(
        "Begin", type="primary" if running is None else "secondary", icon=":material/play_arrow:", key="interview-begin"
    ):
        try:
            _open(interviews.begin(identity, length or 20, level, topics))
        except InterviewError as error:
            st.error(str(error), icon=":material/error:")
    elif any(saved.id == identity for saved in earlier):
        # Not as soon as it is open: the second click of a double click may still be on its way then.
        session.keep(_NEXT, uuid.uuid4().hex)
    if length == 10:
        st.caption("In ten minutes there is no case and no exercise: they take several minutes each.")
    elif exercise_consent.read_only():
        st.caption("There will be no exercise: code cannot be run on this server.")
    _earlier([saved for saved in earlier if saved.interview.ended_at is not None])


def _topics() -> list[str]:
    questions = [entry.question.meta for entry in catalogue.entries().values() if entry.is_question]
    return [f"{meta.number} · {meta.short}" for meta in questions]


def _resume(saved: Saved) -> None:
    step = saved.interview.current
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        place = f"at question {step.number}" if step else "between two questions"
        st.markdown(f"**An interview of {saved.interview.length_minutes} minutes is open**, {place}.", width="stretch")
        if st.button("Go on", type="primary", icon=":material/play_arrow:", key="interview-resume"):
            _open(saved)


def _earlier(found: list[Saved]) -> None:
    if not found:
        return
    st.header("Earlier interviews", anchor=False)
    for saved in found[:12]:
        ended = saved.interview.ended_at
        when = ended.astimezone(session.timezone()) if ended else services.now()
        label = f"{when:%d %b %Y, %H:%M} · {saved.interview.length_minutes} min · {saved.interview.level}"
        navigation.link("interview", label, icon=":material/description:", query={PARAMETER: saved.id})


def _open(saved: Saved) -> None:
    st.query_params[PARAMETER] = saved.id
    st.rerun()
