"""What the kinds of cards share: the look of a verdict, options, and key points to tick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from content.items import Option

Answered = dict[str, Any]
"""What was answered, as JSON holds it."""

UNKNOWN: Answered = {"unknown": True}
"""Part of an answer that says: I do not know."""


def prompt(text: str) -> None:
    """What the card asks: its first paragraph as a heading if it is short and plain, the rest below."""
    first, _, rest = text.partition("\n\n")
    if len(first) > 240 or first.startswith(("```", "- ", "|", "> ")):
        st.markdown(text)
        return
    st.subheader(first, anchor=False)
    if rest:
        st.markdown(rest)


def hand_in(key: str, label: str = "Check", icon: str = ":material/check:") -> tuple[bool, bool]:
    """Two buttons: one hands the answer in (Ctrl+Enter presses it), the other says honestly that one does not know."""
    # Streamlit ignores a shortcut without Ctrl while a field has the focus, as it has when the answer was just typed.
    with st.container(horizontal=True, vertical_alignment="center"):
        given = st.button(label, key=f"{key}-check", type="primary", shortcut="Ctrl+Enter", icon=icon)
        unknown = st.button("I don't know", key=f"{key}-unknown", type="tertiary", icon=":material/visibility:")
    return given, unknown


def pick_one(label: str, options: Sequence[str], order: Sequence[int], key: str) -> list[int]:
    """Radio buttons in this order; the index of the one that is chosen, in a list."""
    chosen = st.radio(label, order, index=None, format_func=lambda index: options[index], key=key)
    return [] if chosen is None else [chosen]


def pick_several(label: str, options: Sequence[str], order: Sequence[int], key: str) -> list[int]:
    """Boxes to tick in this order; the indices of those that are ticked."""
    st.markdown(label)
    return sorted(index for index in order if st.checkbox(options[index], key=f"{key}-{index}"))


def explained(options: Sequence[Option], order: Iterable[int], chosen: Sequence[int], key: str) -> None:
    """Every option with its reason; what the learner chose is marked."""
    for index in order:
        option = options[index]
        icon = ":green[:material/check_circle:]" if option.right else ":red[:material/cancel:]"
        yours = " :gray-badge[your choice]" if index in chosen else ""
        with st.container(gap="xxsmall", key=f"reason-{key}-{index}"):
            st.markdown(f"{icon} **{'Right' if option.right else 'Wrong'}.** {option.text}{yours}")
            st.markdown(option.because)
