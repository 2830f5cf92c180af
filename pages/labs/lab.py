"""A lab's own screen: the same panel as beside its question, with room to work."""

from __future__ import annotations

import streamlit as st

from demos.catalogue import lab as find
from ui import lab_panel, navigation, services, session


def show(name: str) -> None:
    """The screen of lab `name`."""
    lab = find(name)
    st.title(lab.title, anchor=False)
    with st.container(horizontal=True):
        for deck in services.decks():
            for question in deck.questions:
                if name in question.meta.labs:
                    navigation.link(
                        navigation.question_path(deck, question),
                        f"Question {question.meta.number} · {question.meta.short}",
                        icon=":material/menu_book:",
                    )
    session.head_start()
    lab_panel.show(name, place="own")
