"""All cards: find one, see where it stands, put it off, suspend it, start it again, keep a note on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from study.cards import Card
from study.words import counted
from ui import asking, card_actions, catalogue, navigation, reviews, services, session
from ui.catalogue import KINDS, Entry
from ui.markdown import escaped

PAGE_SIZE = 20
WIDTH = 1040

_STATES: dict[str, Callable[[Card | None], bool]] = {
    "Due": lambda card: card is not None and not card.is_new and card.memory.due <= services.now(),
    "In memory": lambda card: card is not None and not card.is_new,
    "Not asked yet": lambda card: card is None or card.is_new,
    "With a note": lambda card: card is not None and bool(card.note.strip()),
    "Put off": lambda card: card is not None and card.held_back(services.now()) and not card.suspended,
    "Suspended": lambda card: card is not None and card.suspended,
}


def show() -> None:
    """The screen of all cards."""
    st.title("Cards", anchor=False)
    session.head_start()
    cards = {card.item_id: card for card in services.store().cards(learner=services.LEARNER)}
    found = _filtered(cards)
    page = _page(len(found))
    if not found:
        st.markdown("No card is like this. Clear a filter to see more.")
    with st.container(key="questions-cards", gap="xxsmall", width=WIDTH):
        for entry in found[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]:
            _row(entry, cards.get(entry.item_id))


def _filtered(cards: dict[str, Card]) -> list[Entry]:
    with st.container(width=WIDTH):
        words = st.text_input("Find", placeholder="Words of the card", key="cards-words", icon=":material/search:")
        left, right = st.columns(2)
        with left:
            kinds = st.pills(
                "Kind", list(KINDS), selection_mode="multi", format_func=lambda kind: KINDS[kind], wrap=True
            )
        with right:
            state = st.pills("State", list(_STATES), key="cards-state", wrap=True)
    wanted = words.casefold().split()
    return [
        entry
        for entry in sorted(catalogue.entries().values(), key=lambda entry: entry.question.meta.number)
        if (not kinds or entry.kind in kinds)
        and (state is None or _STATES[state](cards.get(entry.item_id)))
        and all(word in _searched(entry, cards.get(entry.item_id)) for word in wanted)
    ]


def _searched(entry: Entry, card: Card | None) -> str:
    return f"{entry.heading} {entry.asks} {entry.source} {card.note if card else ''}".casefold()


def _page(count: int) -> int:
    pages = max(1, -(-count // PAGE_SIZE))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", width=WIDTH):
        st.caption(counted(count, "card"))
        if pages == 1:
            return 0
        number = st.segmented_control(
            "Page",
            list(range(1, pages + 1)),
            default=1,
            key=f"cards-page-{pages}",
            label_visibility="collapsed",
            wrap=True,
        )
    return (number or 1) - 1


def _row(entry: Entry, card: Card | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        with st.container(gap="xxsmall", width="stretch"):
            st.markdown(entry.heading)
            first = _first_line(card.note) if card else ""
            note = f" · :material/sticky_note_2: {escaped(first, 60)}" if first else ""
            st.caption(f"{entry.source} · {reviews.status(card)}{note}")
        if st.button("Ask me", key=f"ask-{entry.item_id}", help="Ask this card in the quiz, now"):
            asking.lay(entry.item_id)
            st.switch_page(navigation.page("quiz"))
        taken_away = partial(asking.clear_if, entry.item_id)
        card_actions.menu(entry.item_id, card, key=f"row-{entry.item_id}", after=taken_away)


def _first_line(note: str) -> str:
    """Its first line that says something; "" if there is none."""
    return next((line.strip() for line in note.splitlines() if line.strip()), "")
