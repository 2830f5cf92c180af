"""Full-text search over all questions."""

from __future__ import annotations

import streamlit as st

from content.search import Hit
from study.words import counted
from ui import navigation, services
from ui.markdown import escaped


def show() -> None:
    """The search screen. The query stands in the address, so that a search can be shared."""
    st.title("Search", anchor=False)
    query = st.text_input(
        "Search all questions and answers",
        type="search",
        key="q",
        bind="query-params",
        live="300ms",
        placeholder="BatchNorm, catastrophic, LP-FT, requires_grad ...",
        icon=":material/search:",
    )
    if not query or not query.strip():
        st.caption("Searches answers, follow-ups, corrections, mistakes and sources. Whole words rank first.")
        return
    hits = services.search_index().search(query)
    st.caption(_count(len(hits), query))
    for hit in hits:
        _hit(hit)


def _count(found: int, query: str) -> str:
    if found == 0:
        return f"Nothing found for “{escaped(query, 60)}”. Try fewer or shorter words."
    return counted(found, "question")


def _hit(hit: Hit) -> None:
    deck, question = services.question(hit.deck, hit.question)
    with st.container(border=True):
        navigation.link(
            navigation.question_path(deck, question),
            f"**{question.meta.number} · {question.meta.title}**",
            query={"reveal": "1"},
        )
        st.markdown(f":gray[{escaped(hit.section)}]  \n{_marked(hit)}")


def _marked(hit: Hit) -> str:
    """The snippet with its matches in bold, everything else as plain text."""
    parts, end = [], 0
    for start, stop in hit.ranges:
        parts += [escaped(hit.snippet[end:start]), f"**{escaped(hit.snippet[start:stop])}**"]
        end = stop
    return "".join([*parts, escaped(hit.snippet[end:])])
