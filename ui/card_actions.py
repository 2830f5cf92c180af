"""What can be done with a card besides answering: a note, putting it off, suspending it, starting it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from study.cards import Card
from ui import services, session


def menu(item_id: str, card: Card | None, key: str, after: Callable[[], None] = lambda: None) -> None:
    """The menu behind three dots; its icon shows that there is a note. `after` runs when the card leaves the quiz."""
    note = card.note if card else ""
    icon = ":material/sticky_note_2:" if note.strip() else ":material/more_horiz:"
    with st.popover("", icon=icon, help="Note, put off, suspend", key=f"menu-{key}"):
        st.text_area(
            "Your note on this card",
            value=note,
            key=f"note-{key}",
            max_chars=4000,
            on_change=_note,
            args=(item_id, f"note-{key}"),
        )
        if card is not None and card.suspended:
            st.button("Resume", icon=":material/play_circle:", key=f"resume-{key}", on_click=_resume, args=(item_id,))
        else:
            st.button(
                "Not today", icon=":material/bedtime:", key=f"bury-{key}", on_click=_put_off, args=(item_id, after)
            )
            st.button(
                "Suspend",
                icon=":material/pause_circle:",
                key=f"suspend-{key}",
                on_click=_suspend,
                args=(item_id, after),
            )
        if card is not None and not card.is_new:
            st.button(
                "Start again as new",
                icon=":material/restart_alt:",
                key=f"reset-{key}",
                on_click=_reset,
                args=(item_id, after),
                help="Its memory begins anew; the answers stay in the log",
            )


def _note(item_id: str, key: str) -> None:
    text: str = st.session_state[key]
    services.store().set_note(item_id, text if text.strip() else "", services.now(), learner=services.LEARNER)


def _put_off(item_id: str, after: Callable[[], None]) -> None:
    # Days last 23 to 25 hours: six hours into tomorrow is tomorrow wherever clocks change.
    tomorrow = session.day_start_of(session.day_start() + timedelta(hours=30))
    services.store().bury(item_id, tomorrow, services.now(), learner=services.LEARNER)
    after()


def _suspend(item_id: str, after: Callable[[], None]) -> None:
    services.store().suspend(item_id, True, services.now(), learner=services.LEARNER)
    after()


def _resume(item_id: str) -> None:
    services.store().suspend(item_id, False, services.now(), learner=services.LEARNER)


def _reset(item_id: str, after: Callable[[], None]) -> None:
    services.store().reset(item_id, services.now(), learner=services.LEARNER)
    after()
