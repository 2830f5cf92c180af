"""What a deck and a question may contain. Unknown fields are forbidden; a text is Markdown unless it says otherwise.

A deck is a folder with `deck.yaml` and one folder per question:

    <deck>/deck.yaml
    <deck>/preamble.py                   optional: what code snippets may take for granted (run before each file's code)
    <deck>/<question>/question.yaml      identity, key points, sources
    <deck>/<question>/answer.md          the card answer
    <deck>/<question>/spoken.md          Say it in 30 seconds: first person, as spoken
    <deck>/<question>/senior.md          What a senior adds
    <deck>/<question>/probing.md         What the interviewer is probing
    <deck>/<question>/followups.yaml     list of FollowUp
    <deck>/<question>/corrections.yaml   list of Correction: where the usual answer is imprecise
    <deck>/<question>/mistakes.yaml      list of Mistake
    <deck>/<question>/items.yaml         optional: list of Item, the quiz items (`content.items`)
    <deck>/<question>/exercises/<key>/   optional: a folder per exercise (`content.exercises`)
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from content.exercises import Exercise
from content.fields import ArxivId, Entry, LabName, Slug, Text
from content.items import Item


class Source(Entry):
    """Where a fact can be checked: a paper (`arxiv`) or documentation (`url`)."""

    key: Slug
    authors: Text
    year: int = Field(ge=1950, le=2100)
    title: Text
    arxiv: ArxivId | None = None
    url: Annotated[str, StringConstraints(pattern=r"^https://")] | None = None
    finding: Text
    """The one finding that is used here, with its number."""


class Evidence(Entry):
    """Why a statement may be believed. `ref` names the source's key, the lab, or the versions the code was run with."""

    kind: Literal["paper", "ran", "lab"]
    ref: Text
    note: Text | None = None


class FollowUp(Entry):
    """A question that an interviewer asks next; also a recall card of its own."""

    key: Slug
    question: Text
    answer: Text
    evidence: list[Evidence] = Field(default_factory=list)


class Correction(Entry):
    """Where the usual answer is imprecise: what it says, what is true, and the evidence."""

    key: Slug
    says: Text
    precise: Text
    evidence: list[Evidence] = Field(min_length=1)


class Mistake(Entry):
    """A common mistake of candidates, and what to say or do instead."""

    mistake: Text
    instead: Text


class QuestionMeta(Entry):
    """`question.yaml`."""

    key: Slug
    """Stable identity of the question: reviews are stored under it. Never change it."""
    number: int = Field(ge=1)
    title: Text
    """The question as the interviewer asks it; may hold $formulas$."""
    short: Annotated[str, StringConstraints(min_length=3, max_length=32)]
    """For navigation; plain text."""
    topic: Text
    hint: Text
    """Shown before the answer: what to think about first."""
    key_points: list[Text] = Field(min_length=2, max_length=8)
    """What a good answer contains, one plain sentence each."""
    labs: list[LabName] = Field(default_factory=list)
    """Labs that put the answer to the test; folder names under `demos/`."""
    sources: list[Source] = Field(min_length=1)


class Question(Entry):
    """A whole question, as the screens use it."""

    deck: Slug
    meta: QuestionMeta
    answer: Text
    spoken: Text
    senior: Text
    probing: Text
    followups: list[FollowUp] = Field(min_length=3, max_length=5)
    corrections: list[Correction] = Field(min_length=1)
    mistakes: list[Mistake] = Field(min_length=2)
    items: list[Item] = Field(default_factory=list)
    exercises: list[Exercise] = Field(default_factory=list)


class DeckMeta(Entry):
    """`deck.yaml`."""

    key: Slug
    title: Text
    description: Text
    order: int = Field(ge=1)
    """Place among the decks."""


class Deck(Entry):
    """A deck and its questions, ordered by number."""

    meta: DeckMeta
    questions: list[Question] = Field(min_length=1)
