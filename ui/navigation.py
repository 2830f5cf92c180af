"""Addresses, and links between screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.navigation.page import Page

from content.schema import Deck, Question
from ui import services

FIXED_PATHS = ("home", "search", "quiz", "exercises", "interview", "progress", "plan", "cards", "export")
"""Addresses of the screens that are not made from content."""

_PAGES = "navigation.pages"


def question_path(deck: Deck, question: Question) -> str:
    """URL path of a question. The first deck's have short addresses, the others carry their deck's key."""
    first = services.decks()[0].meta.key
    taken = question.meta.key in FIXED_PATHS or question.meta.key.startswith(lab_path(""))
    return question.meta.key if deck.meta.key == first and not taken else f"{deck.meta.key}-{question.meta.key}"


def lab_path(name: str) -> str:
    """URL path of a lab's own screen."""
    return f"lab-{name.replace('_', '-')}"


def remember(sections: Mapping[str, Sequence[Page]]) -> None:
    """Keep this run's pages, so that screens can link to one another by path."""
    st.session_state[_PAGES] = {page.url_path: page for pages in sections.values() for page in pages}


def page(path: str) -> Page:
    """The page at `path` ("" is Home)."""
    found: Page = st.session_state[_PAGES][path]
    return found


def link(path: str, label: str, *, icon: str | None = None, query: Mapping[str, str] | None = None) -> None:
    """A link to the screen at `path`; switches without a reload."""
    st.page_link(page(path), label=label, icon=icon, query_params=query)


def asked_for(parameter: str) -> str | None:
    """What this parameter of the address names, None if it is absent. The address is made to say the same.

    A link from a screen to itself leaves the browser's address as it was, and the next click would ask for that again.
    """
    value = st.query_params.get(parameter)
    if value is None:
        st.query_params.clear()
    else:
        st.query_params[parameter] = value
    return value
