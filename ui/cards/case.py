"""Case: a short design question; discuss it, then compare with what juniors and seniors say."""

from __future__ import annotations

from typing import cast

import streamlit as st

from content.items import Case
from ui.cards import points, shared
from ui.cards.shared import Answered
from ui.catalogue import Entry


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """The scenario, and a field for notes."""
    item = cast(Case, entry.item)
    shared.prompt(item.scenario)
    return points.written(entry, "What do you do, and what do you check first?", key)


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """Her notes beside the key points, what to check first, and a model discussion."""
    item = cast(Case, entry.item)
    shared.prompt(item.scenario)
    answered = points.compare(entry, answered, item.key_points, key)
    st.markdown(f"**Check first.** {item.check_first}")
    with st.expander("A discussion", expanded=True):
        st.markdown(item.discussion)
    return answered
