"""The quiz: one card at a time, by keyboard or mouse, scheduled by memory."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from study.queue import Card, Queue
from study.scheduling import Rating
from study.statistics import SessionSummary, session_summary
from study.store import StaleCard
from ui import navigation, reviews, services, session

CARD_WIDTH = 760
"""Pixels: about 75 characters a line."""

_LABELS = {Rating.AGAIN: "Again", Rating.HARD: "Hard", Rating.GOOD: "Good", Rating.EASY: "Easy"}


@dataclass
class _Asked:
    """The card on the table. `answer_id` makes a double click count once."""

    item_id: str
    answer_id: str
    version: int
    shown_at: datetime
    revealed: bool = False


def show() -> None:
    """The quiz screen, at a width that reads well."""
    with st.container(width=CARD_WIDTH):
        _quiz()


def _quiz() -> None:
    started = session.kept("quiz:started", services.now())
    queue = reviews.queue()
    with st.container(key="eyebrow"):
        st.markdown(_counts(queue))
    message = session.kept("quiz:message", None)
    if message:
        st.warning(message, icon=":material/sync_problem:")
        session.keep("quiz:message", None)
    on_the_table = session.kept("quiz:asked", None) is not None
    if not on_the_table and (queue.next is None or (_only_early(queue) and not session.kept("quiz:early", False))):
        _finished(queue, started)
    else:
        _card(queue)
    _undo(started)


def _only_early(queue: Queue) -> bool:
    """Nothing is left but cards that are still being learned and whose time has not come."""
    return not queue.due and not queue.new


def _counts(queue: Queue) -> str:
    return f"Quiz · {len(queue.due)} due · {len(queue.new)} new"


def _asked(queue: Queue) -> _Asked:
    """The card on the table; a new one is laid when the last was answered."""
    asked: _Asked | None = session.kept("quiz:asked", None)
    known = set(reviews.catalogue_items())
    if asked is None or asked.item_id not in known:
        asked = _lay(str(queue.next))
    return asked


def _lay(item_id: str, *, revealed: bool = False) -> _Asked:
    card = services.store().card(item_id, learner=services.LEARNER)
    asked = _Asked(item_id, uuid.uuid4().hex, card.version if card else 0, services.now(), revealed)
    session.keep("quiz:asked", asked)
    return asked


def _card(queue: Queue) -> None:
    asked = _asked(queue)
    face = reviews.face(asked.item_id)
    with st.container(border=True, key="quiz-card"):
        with st.container(key="eyebrow-card"):
            st.markdown(face.source)
        st.header(face.prompt, anchor=False)
        if asked.revealed:
            st.divider()
            with st.container(key="card-answer"):
                st.markdown(face.answer)
            if face.key_points:
                with st.expander("A good answer contains"):
                    st.markdown("\n".join(f"- {point}" for point in face.key_points))
    if asked.revealed:
        _ratings(asked)
        navigation.link(face.path, "Read the whole question", icon=":material/menu_book:", query={"reveal": "1"})
    else:
        st.caption("Say the answer aloud, then compare.")
        st.button(
            "Reveal",
            type="primary",
            shortcut="Space",
            key="quiz-reveal",
            on_click=_reveal,
            icon=":material/visibility:",
        )


def _reveal() -> None:
    asked: _Asked | None = session.kept("quiz:asked", None)
    if asked is not None:
        asked.revealed = True


def _ratings(asked: _Asked) -> None:
    """The four ratings, each with the interval it leads to."""
    now = services.now()
    card: Card | None = services.store().card(asked.item_id, learner=services.LEARNER)
    scheduler = services.scheduler()
    preview = scheduler.preview(card.memory if card else scheduler.new_memory(now), now)
    st.caption("How well did you know it?")
    with st.container(horizontal=True, key="ratings"):
        for rating, label in _LABELS.items():
            st.button(
                f"{label} · {preview[rating].label}",
                shortcut=str(int(rating)),
                key=f"rate-{label.lower()}",
                type="primary" if rating is Rating.GOOD else "secondary",
                on_click=_answer,
                args=(asked, rating),
            )


def _answer(asked: _Asked, rating: Rating) -> None:
    now = services.now()
    try:
        services.store().answer(
            asked.item_id,
            rating,
            now,
            answer_id=asked.answer_id,
            expected_version=asked.version,
            duration_seconds=(now - asked.shown_at).total_seconds(),
            scheduler=services.scheduler(),
            learner=services.LEARNER,
        )
    except StaleCard as stale:
        session.keep("quiz:message", str(stale))
    current: _Asked | None = session.kept("quiz:asked", None)
    if current is not None and current.answer_id == asked.answer_id:
        session.keep("quiz:asked", None)


def _undo(started: datetime) -> None:
    if services.store().reviews(since=started, learner=services.LEARNER):
        st.button(
            "Undo the last answer",
            icon=":material/undo:",
            type="tertiary",
            shortcut="u",
            key="undo",
            on_click=_take_back,
        )


def _take_back() -> None:
    started: datetime = session.kept("quiz:started", services.now())
    taken = services.store().undo_last(services.now(), since=started, learner=services.LEARNER)
    if taken is not None:
        _lay(taken.item_id, revealed=True)


def _finished(queue: Queue, started: datetime) -> None:
    done = services.store().reviews(since=started, learner=services.LEARNER)
    if done:
        _summary(session_summary(done))
    else:
        st.title("Nothing to ask right now", anchor=False)
        st.markdown(
            "Everything that is due has been answered. New cards come tomorrow; "
            "any question can be added from its page."
        )
    if queue.waiting:
        minutes = max(1, round((queue.waiting[0][1] - services.now()).total_seconds() / 60))
        st.info(
            f"{_cards(len(queue.waiting))} still being learned: the next comes back in {minutes} min.",
            icon=":material/timer:",
        )
        if queue.next is not None:
            st.button(
                "Ask them now",
                icon=":material/fast_forward:",
                key="early",
                on_click=session.keep,
                args=("quiz:early", True),
            )
    with st.container(horizontal=True):
        navigation.link("progress", "See your progress", icon=":material/monitoring:")
        navigation.link("", "Back to the questions", icon=":material/home:")


def _cards(count: int) -> str:
    return f"{count} card{' is' if count == 1 else 's are'}"


def _summary(summary: SessionSummary) -> None:
    st.title("Session done", anchor=False)
    columns = st.columns(3)
    columns[0].metric("Answered", summary.answered)
    columns[1].metric("Remembered", f"{summary.remembered_share or 0:.0%}")
    columns[2].metric(
        "Time", f"{summary.seconds / 60:.0f} min" if summary.seconds >= 90 else f"{summary.seconds:.0f} s"
    )
    st.markdown(" · ".join(f"**{summary.per_rating.get(rating, 0)}** {label}" for rating, label in _LABELS.items()))
