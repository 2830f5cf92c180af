"""Right or not, wherever something was answered."""

from __future__ import annotations

import streamlit as st


def verdict(right: bool, words: str) -> None:
    """Right or not, in words and not by colour alone."""
    if right:
        st.success(words, icon=":material/check_circle:")
    else:
        st.error(words, icon=":material/cancel:")
