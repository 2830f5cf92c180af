"""Answers in her own words: the field and its clock, and the comparison with key points that she ticks herself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import streamlit as st

from content.items import Case, CasePoint, Contradiction, KeyPoint, Typed
from study.grading import typed
from study.grading.typed import PointHint
from study.scheduling import Rating
from ui import services, session
from ui.cards.shared import UNKNOWN, Answered, hand_in
from ui.catalogue import Entry
from ui.markdown import escaped

Points = Sequence[KeyPoint | CasePoint | str]

BLANK: Answered = {"text": "", "ticks": []} | UNKNOWN

_OFF = "Off"


def draft(label: str, name: str, key: str) -> str:
    """A field for her answer. What she writes is kept under `name` until it is answered, whatever happens."""
    field = f"{key}-text"
    if field not in st.session_state:
        st.session_state[field] = services.store().draft(name, learner=services.LEARNER) or ""
    return st.text_area(
        label,
        key=field,
        height=190,
        max_chars=20_000,
        on_change=_save,
        args=(name, field),
        placeholder="Type, or say it aloud",
    )


def written(entry: Entry, label: str, key: str) -> Answered | None:
    """The field, and the buttons that hand it in. Returns the answer in the run in which it was given, None before."""
    text = draft(label, draft_key(entry.item_id), key)
    pressed, unknown = hand_in(key, "Compare", icon=":material/compare_arrows:")
    if unknown:
        return BLANK | {"text": text}
    return {"text": text, "ticks": []} if pressed else None


def blank(entry: Entry, seed: int) -> Answered:
    """Nothing was said or written, nothing ticked."""
    return dict(BLANK)


def draft_key(item_id: str) -> str:
    """Name under which an answer that is being written is kept."""
    return f"answer:{item_id}"


def _save(name: str, field: str) -> None:
    services.store().save_draft(name, st.session_state[field], services.now(), learner=services.LEARNER)


def clock(key: str, suggested_seconds: int) -> None:
    """Optional: seconds that count down while she answers. Nothing is cut off when they are over."""
    choices = [_OFF, "30 s", "60 s", "120 s"]
    chosen = st.segmented_control(
        "Against the clock",
        choices,
        default=_OFF,
        key=f"{key}-clock",
        help=f"Suggested here: {suggested_seconds} s. When time is up you may still finish.",
    )
    if chosen and chosen != _OFF:
        seconds = int(chosen.split()[0])
        started = session.kept(f"{key}-clock-{seconds}", services.now())
        _countdown(started, seconds)


@st.fragment(run_every=1.0)
def _countdown(started: datetime, seconds: int) -> None:
    left = seconds - (services.now() - started).total_seconds()
    text = f"{left:.0f} s left" if left > 0 else f"Time is up, {-left:.0f} s over: finish your sentence."
    st.progress(min(1.0, max(0.0, left / seconds)), text=f":material/timer: {text}")


def compare(entry: Entry, answered: Answered, key_points: Points, key: str) -> Answered:
    """Her text, the key points with a hint beside each, and boxes for what she covered. Returns the ticks with it."""
    text = answered["text"].strip()
    if text:
        quoted(text, key)
        _second_look(text, _reversals(entry))
    return ticked(entry, answered, key_points, key)


def quoted(text: str, key: str) -> None:
    """What she wrote."""
    st.markdown("**You wrote**")
    with st.container(border=True, key=f"{key}-yours"):
        st.text(text)


def ticked(entry: Entry, answered: Answered, key_points: Points, key: str) -> Answered:
    """Boxes for what she covered, with hints if she wrote something. Returns the ticks with the answer."""
    text = answered["text"].strip()
    st.markdown("**Tick what you covered**")
    hints = typed.missing_points(text, key_points) if text and len(key_points) > 1 else []
    ticks = [
        index
        for index, point in enumerate(key_points)
        if st.checkbox(
            _label(point, hints[index] if hints else None),
            value=index in answered["ticks"],
            key=f"{key}-tick-{index}",
        )
    ]
    if hints:
        st.caption(
            "The hints look for words and know nothing of meaning: a point that you deny seems to be there too. "
            "The ticks are yours."
        )
    return answered | {"ticks": ticks}


def suggestion(entry: Entry, answered: Answered) -> Rating:
    """From the points that she ticked."""
    item = cast(Typed | Case, entry.item)
    return typed.suggest_rating(answered["ticks"], item.key_points, item.level)


def _reversals(entry: Entry) -> list[Contradiction]:
    """The classic reversals of the whole question."""
    return [each for item in entry.question.items if isinstance(item, Typed) for each in item.contradictions]


def _second_look(text: str, reversals: Sequence[Contradiction]) -> None:
    for flag in typed.contradictions(text, reversals):
        hers = escaped(flag.sentence)
        st.warning(
            f"Have a second look at “{hers}”. A classic reversal says “{flag.says}”.  \n{flag.instead}",
            icon=":material/compare_arrows:",
        )


def _label(point: KeyPoint | CasePoint | str, hint: PointHint | None) -> str:
    words = ""
    if hint is not None:
        words = " :green-badge[seems to be there]" if hint.seems_covered else " :orange-badge[missing?]"
    if isinstance(point, str):
        return f"{point}{words}"
    senior = " :violet-badge[senior]" if point.level == "senior" else ""
    return f"{point.point}{senior}{words}"
