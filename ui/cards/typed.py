"""Typed: in her own words, against the clock if she wants; compared with key points, never judged by a model."""

from __future__ import annotations

from typing import cast

import streamlit as st

from content.items import Typed
from study.scheduling import Rating
from ui.cards import points, shared
from ui.cards.shared import UNKNOWN, Answered
from ui.catalogue import Entry


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """The question, a clock if wanted, and a field."""
    item = cast(Typed, entry.item)
    shared.prompt(item.prompt)
    points.clock(key, item.seconds)
    text = points.draft("Your answer", points.draft_key(entry.item_id), key)
    pressed, unknown = shared.hand_in(key, "Compare", icon=":material/compare_arrows:")
    if unknown:
        return blank(entry, seed) | {"text": text}
    return {"text": text, "ticks": []} if pressed else None


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """Her text beside the key points, a second look at classic reversals, and a model answer."""
    item = cast(Typed, entry.item)
    shared.prompt(item.prompt)
    answered = points.compare(entry, answered, item.key_points, key)
    with st.expander("A model answer", expanded=True):
        st.markdown(item.model_answer)
    return answered


def blank(entry: Entry, seed: int) -> Answered:
    """Nothing was written, nothing ticked."""
    return {"text": "", "ticks": []} | UNKNOWN


def suggestion(entry: Entry, answered: Answered) -> Rating | None:
    """From the points that she ticked."""
    item = cast(Typed, entry.item)
    return points.suggestion(item.key_points, answered, item.level)
