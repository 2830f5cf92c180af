"""Reviews, as the screens see them: what to ask now, where a card stands, and the button that adds it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from content.schema import Deck, Question
from study.cards import Card
from study.plan import pulled_since
from study.queue import Queue, plan
from study.scheduling import interval_label
from ui import catalogue, preferences, services, session


def status(card: Card | None) -> str:
    """Where a card stands, in a few words."""
    if card is None:
        return "Not in your reviews yet"
    if card.suspended:
        return "Suspended"
    if card.held_back(services.now()):
        return "Put off until tomorrow"
    if card.is_new:
        return "In your reviews, not asked yet" if card.in_reviews else "Not in your reviews yet"
    wait = card.memory.due - services.now()
    return "Due now" if wait.total_seconds() <= 0 else f"Due again in {interval_label(wait)}"


def add_button(deck: Deck, question: Question) -> None:
    """*Add to my reviews*, or where the question stands if it is there already."""
    add_item(catalogue.question_item(deck, question), "add-to-reviews")


def add_item(item_id: str, key: str) -> None:
    """*Add to my reviews* for any card, or where it stands if it is there already."""
    card = services.store().card(item_id, learner=services.LEARNER)
    if card is None or not card.in_reviews:
        st.button(
            "Add to my reviews",
            icon=":material/bookmark_add:",
            key=key,
            help="Asks this in the quiz, and again when memory says so",
            on_click=_add,
            args=(item_id,),
        )
    else:
        st.caption(f":material/bookmark_added: {status(card)}")


def _add(item_id: str) -> None:
    services.store().add(item_id, services.now(), learner=services.LEARNER)


def asked_items(cards: Sequence[Card]) -> list[str]:
    """All items that the quiz asks sooner or later: those that it introduces by itself, then what she added herself.

    Exercises are introduced by the learner, not by the quiz.
    """
    known = catalogue.entries()
    hers = (card.item_id for card in cards if card.item_id in known and card.in_reviews)
    return list(dict.fromkeys([*catalogue.introduced(), *hers]))


def queue(wanted: set[str] | None = None) -> Queue:
    """What to ask now: due cards first, then new ones within the day's limit; of the cards `wanted` only, if given."""
    store, now, day = services.store(), services.now(), session.day_start()
    scheduler = preferences.scheduler()
    cards = store.cards(learner=services.LEARNER)
    return plan(
        cards,
        [item_id for item_id in asked_items(cards) if wanted is None or item_id in wanted],
        now,
        new_per_day=preferences.settings().new_per_day,
        introduced_today=store.introduced_since(day, learner=services.LEARNER),
        scheduler=scheduler,
        tz=session.timezone(),
        pulled_today=pulled_since(store.reviews(since=day, learner=services.LEARNER), day, scheduler),
    )
