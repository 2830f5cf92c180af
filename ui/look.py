"""The look that the theme's settings cannot express: a little CSS, and the theme for figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from demos.style import DARK, LIGHT, Theme

FIGURE_WIDTH = 160
"""Pixels."""

_CSS = Path(__file__).with_name("look.css")
_KEYBOARD = Path(__file__).with_name("keyboard.js").read_text(encoding="utf-8")


def apply() -> None:
    """Add our style sheet and our way with the keyboard to the page."""
    st.html(_CSS)
    with st.container(key="keyboard"):
        st.html(f"<script>{_KEYBOARD}</script>", unsafe_allow_javascript=True)


def figures(named: Mapping[str, str | int]) -> None:
    """A row of figures with their names; two by two on a phone."""
    with st.container(horizontal=True, gap="medium"):
        for name, value in named.items():
            st.metric(name, value, width=FIGURE_WIDTH)


def theme() -> Theme:
    """The figures' theme that matches what the learner sees."""
    return DARK if st.context.theme.type == "dark" else LIGHT
