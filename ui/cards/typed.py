"""Typed: in her own words, against the clock if she wants; compared with key points, never judged by a model."""

from __future__ import annotations

from typing import cast

import streamlit as st

from content.items import Typed
from ui.cards import points, shared
from ui.cards.shared import Answered
from ui.catalogue import Entry


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """The question, a clock if wanted, and a field."""
    item = cast(Typed, entry.item)
    shared.prompt(item.prompt)
    points.clock(key, item.seconds)
    return points.written(entry, "Your answer", key)


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """Her text beside the key points, a second look at classic reversals, and a model answer."""
    item = cast(Typed, entry.item)
    shared.prompt(item.prompt)
    answered = points.compare(entry, answered, item.key_points, key)
    with st.expander("A model answer", expanded=True):
        st.markdown(item.model_answer)
    return answered
