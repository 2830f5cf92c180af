"""An exercise at work: task, an editor that keeps every word, tests that run in the sandbox, hints, solution."""

from __future__ import annotations

import uuid
from typing import Any

import streamlit as st

from content.exercises import Exercise
from demos.style import DARK
from study.desk import DeskError
from study.words import counted
from ui import catalogue, exercise_consent, feedback, look, services, session, trouble
from ui.catalogue import Entry
from ui.markdown import escaped

Graded = dict[str, Any]
"""A run of the tests, as JSON holds it: `passed`, `tests` (each `name`, `passed`, `message`), `error`, `seconds`."""


def task(exercise: Exercise) -> None:
    """What is asked."""
    st.header(exercise.meta.title, anchor=False)
    st.markdown(exercise.meta.task)
    st.code(exercise.meta.signature, language="python", wrap_lines=True)


def workbench(entry: Entry, key: str, name: str) -> Graded | None:
    """The editor, the button that runs the tests and what they said. Returns the last run under this `key`.

    What is typed is kept under `name` (`draft_key` for practice).
    """
    exercise = catalogue.exercise(entry.item_id)
    code = _editor(exercise, key, name)
    allowed = exercise_consent.may_run()
    # Kept: a press alone is gone if the editor's last key, which comes 0.2 s late, breaks this run of the script off.
    wanted = f"{key}-wanted"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run the tests",
            key=f"{key}-run",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not allowed,
            on_click=session.keep,
            args=(wanted, True),
        )
        _versions(exercise, key, name)
    # A disabled button is drawn by the browser, and a forged click would come through.
    if session.kept(wanted, False) and allowed:
        _run(entry, exercise, code, key, wanted)
    graded = _graded().get(key)
    if graded is not None:
        if graded["code"] != code:
            st.caption(":material/edit: You have changed the code since this run.")
        outcome(graded)
    return graded


def outcome(graded: Graded) -> None:
    """What a run of the tests said: the verdict, what stopped it, each test, what was printed."""
    tests = graded["tests"]
    passed = sum(test["passed"] for test in tests)
    words = f"{passed} of {len(tests)} tests passed"
    feedback.verdict(graded["passed"], f"All {len(tests)} tests passed." if graded["passed"] else f"{words}.")
    if graded["error"]:
        st.warning(escaped(graded["error"]), icon=":material/report:")
    results(tests)
    if graded["printed"]:
        with st.expander("What your code printed"):
            st.code(graded["printed"], language=None)
    st.caption(f"Run in {graded['seconds']:.1f} s, on inputs drawn just now.")


def results(tests: list[dict[str, Any]]) -> None:
    """Each test by its name, with what was expected and what came if it failed."""
    for test in tests:
        icon = ":green[:material/check_circle:]" if test["passed"] else ":red[:material/cancel:]"
        st.markdown(f"{icon} {test['name']}")
        if test["message"] and not test["passed"]:
            st.code(test["message"], language=None, wrap_lines=True)


def hints(exercise: Exercise, key: str) -> None:
    """One hint more with each press."""
    name = f"{key}-hints"
    shown: int = session.kept(name, 0)
    for number, hint in enumerate(exercise.meta.hints[:shown], 1):
        st.info(f"**Hint {number}.** {hint}", icon=":material/lightbulb:")
    if shown < len(exercise.meta.hints):
        label = f"Hint {shown + 1} of {len(exercise.meta.hints)}"
        st.button(label, key=f"{name}-next", icon=":material/lightbulb:", on_click=session.keep, args=(name, shown + 1))


def solution(exercise: Exercise) -> None:
    """The reference, why it is right, and what people write instead."""
    st.markdown("**A reference solution**")
    st.code(exercise.solution, language="python", line_numbers=True)
    st.markdown(exercise.meta.explanation)
    st.markdown("**What people write instead**")
    for wrong in exercise.meta.wrong:
        with st.expander(f"Caught by: {wrong.caught_by}"):
            st.code(exercise.wrong[wrong.file], language="python")
            st.markdown(wrong.because)


def draft_key(item_id: str) -> str:
    """Name under which the code of an exercise is kept."""
    return f"code:{item_id}"


def _editor(exercise: Exercise, key: str, name: str) -> str:
    """The editor, with the code as it was left. What is typed is kept a moment after the last key."""
    # A component registers itself with the running server when it is imported; app.py is imported before there is one.
    from streamlit_ace import st_ace

    store = services.store()
    saved = store.draft(name, learner=services.LEARNER)
    # A new epoch makes a new editor, which is the only way to put another text into it.
    epoch: int = session.kept(f"{name}-epoch", 0)
    widget, start = f"ace-{key}-{epoch}", f"{name}-start-{epoch}"
    if widget not in st.session_state:  # drawn anew, after another screen: it knows nothing of what was typed
        session.keep(start, session.kept(trouble.unsaved(widget), None) or saved or exercise.starter)
        session.keep(trouble.unsaved(widget), None)
    code: str = st_ace(
        value=session.kept(start, exercise.starter),
        language="python",
        theme="tomorrow_night" if look.theme() is DARK else "chrome",
        keybinding="vscode",
        min_lines=14,
        max_lines=32,
        font_size=15,
        tab_size=4,
        wrap=True,
        auto_update=True,
        key=widget,
    )
    if code != (saved if saved else exercise.starter):
        store.save_draft(name, code, services.now(), learner=services.LEARNER)
    return code


def _versions(exercise: Exercise, key: str, name: str) -> None:
    """Start over, or go back: nothing is lost by either, every version stays on the list."""
    with st.popover("Earlier versions", icon=":material/history:"):
        st.button(
            "Start over from the starter",
            key=f"{key}-starter",
            icon=":material/restart_alt:",
            on_click=_put,
            args=(name, exercise.starter),
        )
        for version in services.store().draft_versions(name, learner=services.LEARNER)[:12]:
            lines = counted(len(version.text.splitlines()), "line")
            when = version.updated_at.astimezone(session.timezone())
            st.button(
                f"{when:%d %b, %H:%M:%S} · {lines}",
                key=f"{key}-version-{version.updated_at.isoformat()}",
                type="tertiary",
                on_click=_put,
                args=(name, version.text),
            )


def _put(name: str, code: str) -> None:
    """Put this code into the editor. What was there is on the list of versions."""
    services.store().save_draft(name, code, services.now(), learner=services.LEARNER)
    session.keep(f"{name}-epoch", session.kept(f"{name}-epoch", 0) + 1)


def _graded() -> dict[str, Graded]:
    """The last run of each editor in this visit, by the editor's key: a card that is asked again begins without one."""
    return session.kept("graded", {})


def _run(entry: Entry, exercise: Exercise, code: str, key: str, wanted: str) -> None:
    desk, store, runs, consent = services.desk(), services.store(), _graded(), exercise_consent.has_agreed()
    try:
        with st.spinner("Running your code on fresh inputs ..."):
            session.keep(wanted, False)
            graded = desk.grade(exercise, code, consent=consent)
            # Still in here, and without asking Streamlit for anything (hence the lines above): it would break off for a
            # key that was pressed meanwhile.
            data = graded.as_data()
            runs[key] = data | {"code": code}
            store.log_attempt(
                entry.item_id,
                code,
                graded.passed,
                data["tests"],
                graded.seconds,
                services.now(),
                attempt_id=uuid.uuid4().hex,
                learner=services.LEARNER,
            )
    except DeskError as error:
        st.error(str(error), icon=":material/error:")
