"""Reviews, as the reading screens see them: where a question stands, and the button that adds it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from content.schema import Deck, FollowUp, Question
from study.queue import Card, Queue, plan
from study.scheduling import interval_label
from ui import navigation, services, session

NEW_PER_DAY = 10
"""New cards per day: a deck's ten questions fit into the first day, its follow-ups into the week."""


def question_item(deck: Deck, question: Question) -> str:
    """Identity of a question's recall card."""
    return f"{deck.meta.key}/{question.meta.key}"


def followup_item(deck: Deck, question: Question, followup: FollowUp) -> str:
    """Identity of a follow-up's recall card."""
    return f"{question_item(deck, question)}/{followup.key}"


def catalogue_items() -> list[str]:
    """Every recall card that the decks hold: all questions first, then their follow-ups."""
    decks = services.decks()
    questions = [question_item(deck, q) for deck in decks for q in deck.questions]
    return questions + [followup_item(deck, q, f) for deck in decks for q in deck.questions for f in q.followups]


def status(card: Card | None) -> str:
    """Where a card stands, in a few words."""
    if card is None:
        return "Not in your reviews yet"
    if card.is_new:
        return "In your reviews, not asked yet"
    wait = card.memory.due - services.now()
    return "Due now" if wait.total_seconds() <= 0 else f"Due again in {interval_label(wait)}"


def add_button(deck: Deck, question: Question) -> None:
    """*Add to my reviews*, or where the question stands if it is there already."""
    item = question_item(deck, question)
    card = services.store().card(item, learner=services.LEARNER)
    if card is None:
        st.button(
            "Add to my reviews",
            icon=":material/bookmark_add:",
            key="add-to-reviews",
            help="Asks this question in the quiz, and again when memory says so",
            on_click=_add,
            args=(item,),
        )
    else:
        st.caption(f":material/bookmark_added: {status(card)}")


def _add(item_id: str) -> None:
    services.store().add(item_id, services.now(), learner=services.LEARNER)


@dataclass(frozen=True)
class Face:
    """The two sides of a recall card."""

    source: str
    prompt: str
    answer: str
    key_points: tuple[str, ...]
    path: str
    """URL path of the question's screen."""


def face(item_id: str) -> Face:
    """The card `item_id`. Raises `KeyError` if no deck holds it."""
    deck_key, question_key, *followup_key = item_id.split("/")
    deck, question = services.question(deck_key, question_key)
    path = navigation.question_path(deck, question)
    source = f"Question {question.meta.number} · {question.meta.topic}"
    if not followup_key:
        return Face(source, question.meta.title, question.answer, tuple(question.meta.key_points), path)
    followup = next(item for item in question.followups if item.key == followup_key[0])
    return Face(f"{source} · follow-up", followup.question, followup.answer, (), path)


def group_of(item_id: str) -> str:
    """The question that a card belongs to."""
    return "/".join(item_id.split("/")[:2])


def queue() -> Queue:
    """What to ask now: due cards first, then new ones within the day's limit."""
    store = services.store()
    day = session.day_start()
    return plan(
        store.cards(learner=services.LEARNER),
        catalogue_items(),
        services.now(),
        new_per_day=store.setting("new_per_day", NEW_PER_DAY, learner=services.LEARNER),
        introduced_today=store.introduced_since(day, learner=services.LEARNER),
    )
