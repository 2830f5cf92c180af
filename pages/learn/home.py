"""Home: what this is, where I stand, what to do next, and the ten questions."""

from __future__ import annotations

import streamlit as st

from content.schema import Deck, Question
from study.cards import Card
from study.queue import Queue
from study.words import counted
from ui import catalogue, look, navigation, reviews, services, session

LIST_WIDTH = 960
"""Pixels: wide enough for a question on one line, narrow enough to connect it with its state."""


def show() -> None:
    """The home screen."""
    _left_out()
    st.title("Be ready for the transfer-learning interview", anchor=False)
    # The title does not wait for the database.
    queue = reviews.queue()
    cards = {card.item_id: card for card in services.store().cards(learner=services.LEARNER)}
    newcomer = not any(not card.is_new for card in cards.values())
    if newcomer:
        _introduction()
    _next_step(queue, newcomer)
    if not newcomer:
        _standing(queue)
    session.head_start()
    for deck in services.decks():
        st.header(deck.meta.title, anchor=False)
        with st.container(key=f"questions-{deck.meta.key}", gap="xxsmall", width=LIST_WIDTH):
            for question in deck.questions:
                _row(deck, question, cards.get(catalogue.question_item(deck, question)))


def _left_out() -> None:
    problems = services.deck_problems()
    if problems:
        st.warning("Some questions have mistakes in their files and are left out:", icon=":material/warning:")
        st.code("\n".join(map(str, problems)), language=None, wrap_lines=True)


def _introduction() -> None:
    st.markdown(
        "Ten questions that interviewers ask. **Think, then reveal** the answer a senior would give; **test the "
        "claim** with a live PyTorch experiment beside it; let the **quiz** ask you again just before you would "
        "forget; then **rehearse** the whole interview.",
        width=LIST_WIDTH,
    )


def _next_step(queue: Queue, newcomer: bool) -> None:
    deck = services.decks()[0]
    first = deck.questions[0]
    with st.container(horizontal=True, vertical_alignment="center", key="next-step"):
        if newcomer:
            if st.button(f"Start with question {first.meta.number}", type="primary", icon=":material/arrow_forward:"):
                st.switch_page(navigation.page(navigation.question_path(deck, first)))
            navigation.link("quiz", "or go straight to the quiz")
        elif queue.due:
            if st.button(_cards(len(queue.due), "due"), type="primary", icon=":material/style:"):
                st.switch_page(navigation.page("quiz"))
        elif queue.new:
            if st.button(_cards(len(queue.new), "new"), type="primary", icon=":material/style:"):
                st.switch_page(navigation.page("quiz"))
        else:
            st.success("Nothing is due right now. Try an experiment, or read on.", icon=":material/check_circle:")


def _cards(count: int, kind: str) -> str:
    return f"Review {counted(count, f'{kind} card')}"


def _standing(queue: Queue) -> None:
    store = services.store()
    runs = store.lab_runs(learner=services.LEARNER)
    settled = [item for item in store.predictions(learner=services.LEARNER) if item.outcome is not None]
    right = sum(item.outcome == item.predicted for item in settled)
    answered = len(store.reviews(since=session.day_start(), learner=services.LEARNER))
    look.figures(
        {
            "Due now": len(queue.due),
            "Answered today": answered,
            "Experiments run": len(runs),
            "Predictions right": f"{right} of {len(settled)}" if settled else "–",
        }
    )


def _row(deck: Deck, question: Question, card: Card | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        navigation.link(navigation.question_path(deck, question), f"**{question.meta.number}** · {question.meta.title}")
        lab = " · :material/experiment: live" if question.meta.labs else ""
        st.caption(f"{reviews.status(card) if card else question.meta.topic}{lab}", width="content")
