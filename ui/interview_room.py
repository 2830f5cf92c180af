"""In the interview: the clock, one question at a time, and nothing that gives an answer away."""

from __future__ import annotations

import streamlit as st

from content.exercises import Exercise
from content.items import Case, Typed
from content.schema import FollowUp, Question
from study.interviewing import clock
from study.interviewing.model import OPEN_KINDS, Step
from study.store import StoreError
from ui import cards, catalogue, exercise_panel, interviews, services, session, trouble
from ui.cards import Answered, points, shared
from ui.catalogue import Entry
from ui.interviews import Saved

_REASONS = {"opening": "To begin with", "follow_up": "Let me ask about that once more", "next": "Next"}


def show(saved: Saved) -> None:
    """The question that is open."""
    step = saved.interview.current
    if step is None:
        # The step after an answer is saved with it; without one there is nothing left to ask.
        interviews.finish(saved)
        st.rerun()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(key="eyebrow", width="content"):
            st.markdown(f"Mock interview · question {step.number}")
        if st.button("End the interview", type="tertiary", icon=":material/flag:", key="interview-end"):
            session.keep(_sure(saved), True)
    if session.kept(_sure(saved), False):
        _really(saved)
    _countdown(saved)
    entry = catalogue.entry(step.item_id)
    with st.container(border=True, key="interview-card"):
        with st.container(key="eyebrow-card"):
            st.markdown(_REASONS[step.reason])
        answered = _ask(saved, step, entry)
    if answered is not None:
        interviews.answer(saved, step, answered)
        st.rerun()


def welcome_back(saved: Saved) -> None:
    """After a time away: does it count?"""
    away = clock.gap(saved.interview, services.now())
    minutes = round(away.total_seconds() / 60) if away else 0
    st.title("Welcome back", anchor=False)
    st.markdown(f"You were away for {minutes} minutes. Your interview is as you left it. Shall that time count?")
    with st.container(horizontal=True):
        st.button(
            "No, go on from here",
            type="primary",
            icon=":material/play_arrow:",
            key="gap-no",
            on_click=interviews.come_back,
            args=(saved, False),
        )
        st.button(
            "Yes, the clock ran on",
            icon=":material/timer:",
            key="gap-yes",
            on_click=interviews.come_back,
            args=(saved, True),
        )


def _sure(saved: Saved) -> str:
    return f"interview-sure:{saved.id}"


def _really(saved: Saved) -> None:
    with st.container(border=True):
        st.markdown("End it now? The open question counts as skipped; the report follows.")
        with st.container(horizontal=True):
            st.button(
                "End and see the report",
                type="primary",
                key="interview-really",
                on_click=interviews.finish,
                args=(saved,),
            )
            st.button("Go on", key="interview-go-on", on_click=session.keep, args=(_sure(saved), False))


@st.fragment(run_every=1.0)
def _countdown(saved: Saved) -> None:
    left = interviews.left_seconds(saved, services.now())
    share = min(1.0, max(0.0, left / (60 * saved.interview.length_minutes)))
    minutes, seconds = divmod(max(0, round(left)), 60)
    words = f"{minutes}:{seconds:02} left" if left > 0 else "Time is up: finish this answer."
    st.progress(share, text=f":material/timer: {words}")
    try:
        interviews.heartbeat(saved)
    except StoreError as error:  # no reason to take the question away
        trouble.tell(str(error))


def _ask(saved: Saved, step: Step, entry: Entry) -> Answered | None:
    key, seed = f"interview-{saved.id}-{step.number}", interviews.seed(saved, step)
    if entry.kind in OPEN_KINDS:
        return _in_her_words(saved, step, entry, key)
    if isinstance(entry.item, Exercise):
        return _in_code(saved, step, entry, key)
    return cards.front(entry, key, seed)


def _in_her_words(saved: Saved, step: Step, entry: Entry, key: str) -> Answered | None:
    item = entry.item
    if isinstance(item, Question):
        st.header(item.meta.title, anchor=False)
    elif isinstance(item, FollowUp):
        st.header(item.question, anchor=False)
    elif isinstance(item, Typed | Case):
        shared.prompt(item.scenario if isinstance(item, Case) else item.prompt)
    text = points.draft("Your answer", interviews.draft_key(saved, step), key)
    st.caption(f"A prepared candidate needs about {step.allowed_seconds} s. Say it aloud, then write down its core.")
    given, unknown = shared.hand_in(key, "Answer", icon=":material/arrow_forward:")
    if unknown:
        return cards.blank(entry, 0) | {"text": text}
    if given and not text.strip():
        st.warning("Write a few words first, or say that you don't know.", icon=":material/edit:")
        return None
    return {"text": text, "ticks": []} if given else None


def _in_code(saved: Saved, step: Step, entry: Entry, key: str) -> Answered | None:
    """As at a real one: she may run the tests, but sees neither hints nor the solution, nor what she wrote before."""
    exercise_panel.task(catalogue.exercise(entry.item_id))
    graded = exercise_panel.workbench(entry, key, interviews.draft_key(saved, step))
    with st.container(horizontal=True):
        given = st.button("Hand in", key=f"{key}-hand-in", icon=":material/arrow_forward:", disabled=graded is None)
        unknown = st.button("I don't know", key=f"{key}-unknown", type="tertiary")
    if unknown:
        return cards.blank(entry, 0)
    if not given or graded is None:
        return None
    passed = sum(test["passed"] for test in graded["tests"])
    return {
        "right": graded["passed"],
        "score": passed / len(graded["tests"]) if graded["tests"] else 0.0,
        "tests": graded["tests"],
        "code": graded["code"],
    }
