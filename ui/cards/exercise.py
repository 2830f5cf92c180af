"""Exercise: write PyTorch, have it tested."""

from __future__ import annotations

from typing import cast

import streamlit as st

from content.exercises import Exercise
from study.scheduling import Rating
from ui import exercise_panel
from ui.cards.shared import UNKNOWN, Answered
from ui.catalogue import Entry


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """The task and the editor. The answer is in when the tests pass, or when she gives up."""
    exercise = cast(Exercise, entry.item)
    exercise_panel.task(exercise)
    graded = exercise_panel.workbench(entry, key, exercise_panel.draft_key(entry.item_id))
    if graded is not None and graded["passed"]:
        return {"right": True, "score": 1.0, "tests": graded["tests"]}
    if st.button("Give up and show the solution", key=f"{key}-give-up", type="tertiary", icon=":material/visibility:"):
        tests = graded["tests"] if graded else []
        passed = sum(test["passed"] for test in tests)
        return {"right": False, "score": passed / len(tests) if tests else 0.0, "tests": tests}
    return None


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """The tests as they went, the reference solution and why it is right."""
    exercise = cast(Exercise, entry.item)
    exercise_panel.task(exercise)
    if answered["tests"]:
        exercise_panel.results(answered["tests"])
    exercise_panel.solution(exercise)
    return answered


def blank(entry: Entry, seed: int) -> Answered:
    """Nothing was handed in."""
    return {"right": False, "score": 0.0, "tests": []} | UNKNOWN


def suggestion(entry: Entry, answered: Answered) -> Rating | None:
    """Good if all tests passed, Again if not."""
    return Rating.GOOD if answered["right"] else Rating.AGAIN
