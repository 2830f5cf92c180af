"""One question: think first, then reveal; its live experiment beside it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from content.schema import Deck, Evidence, FollowUp, Question, Source
from demos import catalogue
from ui import lab_panel, navigation, reviews, session


def show(deck: Deck, question: Question) -> None:
    """The screen of one question of one deck."""
    reading, beside = st.columns([1, 1] if question.meta.labs else [2, 1], gap="large")
    with reading:
        _read(deck, question)
        _neighbours(deck, question)
    session.head_start()
    with beside:
        lab_panel.show_one_of(question.meta.labs, place=question.meta.key)


@st.fragment
def _read(deck: Deck, question: Question) -> None:
    """A fragment: revealing the answer leaves the experiment beside it alone, and is as fast as it can be."""
    standing = _head(deck, question)
    if not _is_revealed(question):
        with standing:
            reviews.add_button(deck, question)
        _think_first(question)
        return
    _answer(question)
    session.head_start()
    _spoken(question)
    with standing:  # the answer does not wait for the database
        reviews.add_button(deck, question)
    _deeper(question)


def _is_revealed(question: Question) -> bool:
    if st.query_params.get("reveal") == "1":
        session.keep(f"revealed:{question.meta.key}", True)
    return session.kept(f"revealed:{question.meta.key}", False)


def _head(deck: Deck, question: Question) -> DeltaGenerator:
    """Number and title. Returns the place below them, for where the question stands in her reviews."""
    with st.container(key="eyebrow", horizontal=True, vertical_alignment="center"):
        st.markdown(f"Question {question.meta.number} of {len(deck.questions)} · {question.meta.topic}")
    st.title(question.meta.title, anchor=False)
    return st.container()


def _think_first(question: Question) -> None:
    st.markdown(f"**Think first.** {question.meta.hint}")
    st.button(
        "Reveal the answer",
        type="primary",
        icon=":material/visibility:",
        shortcut="Space",
        key="reveal",
        on_click=_reveal,
        args=(question,),
    )


def _reveal(question: Question) -> None:
    session.keep(f"revealed:{question.meta.key}", True)
    session.look_anew()


def _answer(question: Question) -> None:
    st.header("The card answer", anchor="answer")
    with st.container(key="card-answer"):
        st.markdown(question.answer)


def _spoken(question: Question) -> None:
    st.header("Say it in 30 seconds", anchor="say-it")
    with st.container(key="spoken"):
        st.markdown(question.spoken)


def _deeper(question: Question) -> None:
    st.header("A good answer contains", anchor="key-points")
    st.markdown("\n".join(f"- {point}" for point in question.meta.key_points))
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
        return f"the live experiment *{catalogue.lab(item.ref).title}*{note}"
    return f"run with {item.ref}{note}"


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
