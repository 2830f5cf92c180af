"""Every card that the decks hold: questions, follow-ups, items and exercises, by identity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from content.exercises import Exercise
from content.items import Bug, Case, Choice, Computed, Typed
from content.schema import Deck, FollowUp, Question
from ui import navigation, services

Kind = Literal["recall", "choice", "computed", "typed", "bug", "case", "exercise"]
KINDS: dict[Kind, str] = {
    "recall": "Recall",
    "choice": "Choice",
    "computed": "Numbers",
    "typed": "In your words",
    "bug": "Spot the bug",
    "case": "Case",
    "exercise": "Exercise",
}
"""Kinds of cards, and what the screens call them."""

HEADING_CHARACTERS = 140

Item = Question | FollowUp | Choice | Computed | Typed | Bug | Case | Exercise


@dataclass(frozen=True)
class Entry:
    """One card: its identity (`deck/question` or `deck/question/key`), and where it stands in the content."""

    item_id: str
    kind: Kind
    deck: Deck
    question: Question
    item: Item

    @property
    def source(self) -> str:
        """Where the card comes from, for the line above it."""
        meta = self.question.meta
        what = "follow-up" if isinstance(self.item, FollowUp) else KINDS[self.kind].lower()
        return f"Question {meta.number} · {meta.topic}" + ("" if self.is_question else f" · {what}")

    @property
    def is_question(self) -> bool:
        """Whether it is the recall card of the question itself."""
        return isinstance(self.item, Question)

    @property
    def asks(self) -> str:
        """What the card asks, as written. Of numbers, whose text is drawn, what they are about."""
        item = self.item
        if isinstance(item, Question | Exercise):
            return item.meta.title
        if isinstance(item, FollowUp):
            return item.question
        if isinstance(item, Computed):
            return item.key.replace("-", " ").capitalize()
        return item.scenario if isinstance(item, Case) else item.prompt

    @property
    def heading(self) -> str:
        """What the card asks, on one line of at most `HEADING_CHARACTERS`."""
        return _shortened(self.asks.split("\n\n")[0].split())

    @property
    def path(self) -> str:
        """URL path of the question's screen."""
        return navigation.question_path(self.deck, self.question)


def _shortened(words: list[str]) -> str:
    """The words as a line. One that is too long ends with a whole word, and outside of code and formulas."""
    line = " ".join(words)
    if len(line) <= HEADING_CHARACTERS:
        return line
    while len(line) >= HEADING_CHARACTERS or line.count("`") % 2 or line.count("$") % 2:
        words = words[:-1]
        line = " ".join(words)
    return f"{line.rstrip('.,:;')}…"


def question_item(deck: Deck, question: Question) -> str:
    """Identity of a question's recall card."""
    return f"{deck.meta.key}/{question.meta.key}"


@services.once
def entries() -> dict[str, Entry]:
    """All cards by identity, questions first; then in the order in which new ones are introduced."""
    questions = [(deck, question) for deck in services.decks() for question in deck.questions]
    first = [Entry(question_item(deck, question), "recall", deck, question, question) for deck, question in questions]
    rest = _in_turn([_of_question(deck, question) for deck, question in questions])
    return {entry.item_id: entry for entry in (*first, *rest)}


def introduced() -> list[str]:
    """The cards that the quiz introduces by itself, in order. Exercises come only when the learner adds them."""
    return [entry.item_id for entry in entries().values() if entry.kind != "exercise"]


def entry(item_id: str) -> Entry:
    """The card of this identity. Raises `KeyError` if no deck holds it."""
    return entries()[item_id]


def group_of(item_id: str) -> str:
    """The question that a card belongs to."""
    return "/".join(item_id.split("/")[:2])


def exercise(item_id: str) -> Exercise:
    """The exercise behind a card. Raises `KeyError` if there is none."""
    found = entry(item_id).item
    if not isinstance(found, Exercise):
        raise KeyError(f"{item_id} is no exercise")
    return found


def _of_question(deck: Deck, question: Question) -> list[Entry]:
    """Follow-ups and items of a question, its kinds in turn."""
    base = question_item(deck, question)
    recall = [Entry(f"{base}/{each.key}", "recall", deck, question, each) for each in question.followups]
    items = [Entry(f"{base}/{each.key}", each.kind, deck, question, each) for each in question.items]
    tasks = [Entry(f"{base}/{each.key}", "exercise", deck, question, each) for each in question.exercises]
    return _in_turn([[each for each in (*recall, *items, *tasks) if each.kind == kind] for kind in KINDS])


def _in_turn(groups: Sequence[Iterable[Entry]]) -> list[Entry]:
    """One of each group, then the next of each: neighbours differ, so that one does not give away the other."""
    return [each for turn in zip_longest(*groups) for each in turn if each is not None]
