"""One question: think first, then reveal; its live experiment beside it."""

from __future__ import annotations

import streamlit as st

from content.schema import Deck, Evidence, FollowUp, Question, Source
from ui import lab_panel, navigation, reviews, session


def show(deck: Deck, question: Question) -> None:
    """The screen of one question of one deck."""
    revealed = _is_revealed(question)
    if question.meta.labs:
        reading, beside = st.columns([1, 1], gap="large")
    else:
        reading, beside = st.columns([2, 1], gap="large")
    with reading:
        _head(deck, question)
        if revealed:
            _answer(question)
            _deeper(question)
        else:
            _think_first(question)
        _neighbours(deck, question)
    with beside:
        for name in question.meta.labs:
            lab_panel.show(name, place=question.meta.key)
        if not question.meta.labs:
            _key_points(question, revealed)


def _is_revealed(question: Question) -> bool:
    if st.query_params.get("reveal") == "1":
        session.keep(f"revealed:{question.meta.key}", True)
    return session.kept(f"revealed:{question.meta.key}", False)


def _head(deck: Deck, question: Question) -> None:
    with st.container(key="eyebrow", horizontal=True, vertical_alignment="center"):
        st.markdown(f"Question {question.meta.number} of {len(deck.questions)} · {question.meta.topic}")
    st.title(question.meta.title, anchor=False)
    reviews.add_button(deck, question)


def _think_first(question: Question) -> None:
    st.markdown(f"**Think first.** {question.meta.hint}")
    st.button(
        "Reveal the answer",
        type="primary",
        icon=":material/visibility:",
        shortcut="Space",
        key="reveal",
        on_click=session.keep,
        args=(f"revealed:{question.meta.key}", True),
    )


def _answer(question: Question) -> None:
    st.header("The card answer", anchor="answer")
    with st.container(key="card-answer"):
        st.markdown(question.answer)
    st.header("Say it in 30 seconds", anchor="say-it")
    with st.container(key="spoken"):
        st.markdown(question.spoken)


def _deeper(question: Question) -> None:
    st.header("What the interviewer is probing", anchor="probing")
    st.markdown(question.probing)
    st.header("What a senior adds", anchor="senior")
    st.markdown(question.senior)
    st.header("Follow-ups", anchor="follow-ups")
    for followup in question.followups:
        _followup(question, followup)
    st.header("Where the usual answer is imprecise", anchor="imprecise")
    for correction in question.corrections:
        st.markdown(f"> {_quoted(correction.says)}")
        st.markdown(correction.precise)
        _evidence(question, correction.evidence)
    st.header("Common mistakes", anchor="mistakes")
    st.markdown("\n".join(f"- **{item.mistake}**  \n  {item.instead}" for item in question.mistakes))
    st.header("Sources", anchor="sources")
    st.markdown("\n".join(f"- {_source(source)}" for source in question.meta.sources))


def _followup(question: Question, followup: FollowUp) -> None:
    """Question first, answer on demand: good practice, and the reveal need not wait for its code and formulas."""
    expander = st.expander(followup.question, key=f"followup-{followup.key}", on_change="rerun")
    if expander.open:
        with expander:
            st.markdown(followup.answer)
            _evidence(question, followup.evidence)


def _quoted(text: str) -> str:
    return "\n> ".join(text.splitlines())


def _source(source: Source) -> str:
    where = f"[arXiv {source.arxiv}](https://arxiv.org/abs/{source.arxiv})" if source.arxiv else ""
    where = where or f"[link]({source.url})"
    return f"{source.authors} ({source.year}). *{source.title}.* {where}  \n  {source.finding}"


def _evidence(question: Question, evidence: list[Evidence]) -> None:
    if evidence:
        st.caption("Evidence: " + "; ".join(_one_evidence(question, item) for item in evidence))


def _one_evidence(question: Question, item: Evidence) -> str:
    note = f" ({item.note})" if item.note else ""
    if item.kind == "paper":
        source = next(source for source in question.meta.sources if source.key == item.ref)
        return f"{source.authors} {source.year}{note}"
    if item.kind == "lab":
        return f"the live experiment *{item.ref.replace('_', ' ')}*{note}"
    return f"run with {item.ref}{note}"


def _key_points(question: Question, revealed: bool) -> None:
    if revealed:
        with st.container(border=True):
            st.subheader("A good answer contains", anchor=False)
            st.markdown("\n".join(f"- {point}" for point in question.meta.key_points))


def _neighbours(deck: Deck, question: Question) -> None:
    st.divider()
    place = deck.questions.index(question)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if place > 0:
            before = deck.questions[place - 1]
            navigation.link(
                navigation.question_path(deck, before),
                f"{before.meta.number} · {before.meta.short}",
                icon=":material/arrow_back:",
            )
        if place + 1 < len(deck.questions):
            after = deck.questions[place + 1]
            navigation.link(
                navigation.question_path(deck, after),
                f"{after.meta.number} · {after.meta.short}",
                icon=":material/arrow_forward:",
            )
