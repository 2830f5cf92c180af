"""Exercises: the list, and one at work."""

from __future__ import annotations

from typing import cast

import streamlit as st

from content.exercises import Exercise
from study.records import Attempt
from ui import catalogue, exercise_panel, navigation, reviews, services
from ui.catalogue import Entry
from ui.markdown import escaped

PARAMETER = "exercise"
LIST_WIDTH = 960
LONGEST_NAME = 60
"""Characters of what the address asks for that are shown."""


def show() -> None:
    """The screen: the list, or the exercise that the address names."""
    asked = navigation.asked_for(PARAMETER)
    found = {_key(entry): entry for entry in _exercises()}
    if asked in found:
        _one(found[asked])
        return
    if asked:
        named = escaped(" ".join(asked.split()), LONGEST_NAME)
        st.warning(f"There is no exercise “{named}”. These are all:", icon=":material/search_off:")
    _list(list(found.values()))


def _exercises() -> list[Entry]:
    entries = [entry for entry in catalogue.entries().values() if entry.kind == "exercise"]
    return sorted(entries, key=_place)


def _place(entry: Entry) -> tuple[int, int, bool, int]:
    """By question; within one, the easier and shorter first."""
    meta = cast(Exercise, entry.item).meta
    return entry.deck.meta.order, entry.question.meta.number, meta.level == "senior", meta.minutes


def _key(entry: Entry) -> str:
    """As the address names it: the exercise's key, with its deck's unless that is the first."""
    deck, _, key = entry.item_id.split("/")
    return key if deck == services.decks()[0].meta.key else f"{deck}-{key}"


def _list(entries: list[Entry]) -> None:
    st.title("Write PyTorch", anchor=False)
    st.markdown(
        "Short tasks as interviewers set them. Your code runs in a sandbox against tests on fresh inputs; "
        "what you type is kept.",
        width=LIST_WIDTH,
    )
    attempts: dict[str, list[Attempt]] = {}
    for attempt in services.store().attempts(learner=services.LEARNER):
        attempts.setdefault(attempt.exercise, []).append(attempt)
    with st.container(key="questions-exercises", gap="xxsmall", width=LIST_WIDTH):
        for entry in entries:
            _row(entry, attempts.get(entry.item_id, []))


def _row(entry: Entry, attempts: list[Attempt]) -> None:
    meta = cast(Exercise, entry.item).meta
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        navigation.link("exercises", meta.title, query={PARAMETER: _key(entry)})
        state = "" if not attempts else " · :green[passed]" if any(each.passed for each in attempts) else " · tried"
        st.caption(f"Question {entry.question.meta.number} · {meta.level} · {meta.minutes} min{state}", width="content")


def _one(entry: Entry) -> None:
    exercise = cast(Exercise, entry.item)
    key = f"exercise-{_key(entry)}"
    with st.container(key="eyebrow", horizontal=True, vertical_alignment="center"):
        meta = exercise.meta
        st.markdown(f"{entry.source} · {meta.level} · about {meta.minutes} min")
    reading, working = st.columns([2, 3], gap="large")
    with reading:
        exercise_panel.task(exercise)
        exercise_panel.hints(exercise, key)
        _solution(exercise, key)
        reviews.add_item(entry.item_id, f"{key}-add")
        with st.container(horizontal=True):
            navigation.link("exercises", "All exercises", icon=":material/list:")
            navigation.link(entry.path, f"Question {entry.question.meta.number}", icon=":material/menu_book:")
    with working:
        _work(entry, key)


@st.fragment
def _work(entry: Entry, key: str) -> None:
    """A fragment: typing reruns the editor alone."""
    exercise_panel.workbench(entry, key, exercise_panel.draft_key(entry.item_id))


def _solution(exercise: Exercise, key: str) -> None:
    with st.expander("The reference solution", key=f"{key}-solution", on_change="rerun") as expander:
        if expander.open:
            exercise_panel.solution(exercise)
