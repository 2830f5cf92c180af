"""The quiz: one card at a time, by keyboard or mouse, scheduled by memory."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from study.cards import Card
from study.queue import Queue
from study.scheduling import Rating
from study.statistics import SessionSummary, session_summary
from study.words import counted, duration, percent
from ui import (
    asking,
    card_actions,
    cards,
    catalogue,
    look,
    navigation,
    preferences,
    quiz_filter,
    reviews,
    services,
    session,
)
from ui.asking import Asked
from ui.catalogue import Entry

CARD_WIDTH = 760
"""Pixels: about 75 characters a line."""

_LABELS = {Rating.AGAIN: "Again", Rating.HARD: "Hard", Rating.GOOD: "Good", Rating.EASY: "Easy"}


def show() -> None:
    """The quiz screen, at a width that reads well."""
    with st.container(width=CARD_WIDTH):
        _quiz()


def _quiz() -> None:
    started = _started()
    queue = reviews.queue(quiz_filter.wanted())
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(key="eyebrow", width="content"):
            st.markdown(f"Quiz · {len(queue.due)} due · {len(queue.new)} new")
        quiz_filter.show()
    message = session.kept("quiz:message", None)
    if asking.changed_elsewhere():
        message = "The card that lay here was answered or changed elsewhere meanwhile. Here is what comes next."
    if message:
        st.warning(message, icon=":material/sync_problem:")
        session.keep("quiz:message", None)
    asked = asking.on_the_table()
    if asked is None and queue.next is not None and (not _only_early(queue) or session.kept("quiz:early", False)):
        asked = asking.lay(queue.next)
    if asked is None:
        _finished(queue, started)
    else:
        _card(asked)
    _undo(started)


def _started() -> datetime:
    """When she began to answer in this visit, today: the next day is another session."""
    started = session.kept("quiz:started", services.now())
    if started < session.day_start():
        started = services.now()
        session.keep("quiz:started", started)
    return started


def _only_early(queue: Queue) -> bool:
    """Nothing is left but cards that are still being learned and whose time has not come."""
    return not queue.due and not queue.new


def _card(asked: Asked) -> None:
    entry = catalogue.entry(asked.item_id)
    with st.container(border=True, key="quiz-card"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(key="eyebrow-card", width="content"):
                st.markdown(entry.source)
            card = services.store().card(entry.item_id, learner=services.LEARNER)
            card_actions.menu(entry.item_id, card, asked.answer_id, after=asking.clear)
        if asked.answered is None:
            given = cards.front(entry, asked.answer_id, asked.seed)
            if given is not None:
                asked.answered = given
                st.rerun()
        else:
            asked.answered = cards.back(entry, asked.answered, asked.answer_id)
    if asked.answered is not None:
        _ratings(entry, asked)
        navigation.link(entry.path, "Read the whole question", icon=":material/menu_book:", query={"reveal": "1"})


def _ratings(entry: Entry, asked: Asked) -> None:
    """The four ratings, each with the interval it leads to; the one that the answer suggests stands out."""
    now = services.now()
    card: Card | None = services.store().card(asked.item_id, learner=services.LEARNER)
    scheduler = preferences.scheduler()
    preview = scheduler.preview(card.memory if card else scheduler.new_memory(now), now)
    suggested = cards.suggestion(entry, asked.answered or {})
    st.caption(
        "How well did you know it?"
        if suggested is None
        else f"Your answer suggests **{_LABELS[suggested]}**; you decide."
    )
    with st.container(horizontal=True, key="ratings"):
        for rating, label in _LABELS.items():
            st.button(
                f"{label} · {preview[rating].label}",
                shortcut=str(int(rating)),
                key=f"rate-{label.lower()}",
                type="primary" if rating is (suggested or Rating.GOOD) else "secondary",
                on_click=_answer,
                args=(asked, rating),
            )


def _answer(asked: Asked, rating: Rating) -> None:
    message = asking.rate(asked, rating)
    if message:
        session.keep("quiz:message", message)


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
    started = _started()
    taken = services.store().undo_last(services.now(), since=started, learner=services.LEARNER)
    if taken is not None:
        asking.lay(taken.item_id, answered=taken.answered or {}, spent_seconds=taken.duration_seconds)


def _finished(queue: Queue, started: datetime) -> None:
    session.keep("quiz:early", False)  # those that were near have been asked: later ones are offered again
    done = services.store().reviews(since=started, learner=services.LEARNER)
    if done:
        _summary(session_summary(done))
    else:
        st.title("Nothing to ask right now", anchor=False)
        st.markdown(_why_nothing())
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


def _why_nothing() -> str:
    if quiz_filter.wanted() is not None:
        return "Of what you have chosen, nothing is due or new now. Choose more, or come back later."
    if preferences.settings().new_per_day == 0:
        return "Everything that is due has been answered, and your plan has no new cards: see *Plan*."
    return "Everything that is due has been answered. New cards come tomorrow; any question can be added from its page."


def _cards(count: int) -> str:
    return f"{counted(count, 'card')} {'is' if count == 1 else 'are'}"


def _summary(summary: SessionSummary) -> None:
    st.title("Session done", anchor=False)
    look.figures(
        {
            "Answered": summary.answered,
            "Remembered": percent(summary.remembered_share or 0),
            "Time": duration(summary.seconds),
        }
    )
    st.markdown(" · ".join(f"**{summary.per_rating.get(rating, 0)}** {label}" for rating, label in _LABELS.items()))
