"""What the decks hold, item by item, as texts in Markdown: the common source of Anki notes and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from content.exercises import Exercise
from content.items import Bug, Case, Choice, Computed, Item, KeyPoint, Option, Typed
from content.schema import Deck, FollowUp, Question
from study.exporting.markup import bullets, fenced, numbered


@dataclass(frozen=True)
class Kind:
    """Which parts an item of this kind has, in order: those of the question, and those of the answer."""

    front: tuple[str, ...]
    back: tuple[str, ...]


KINDS = {
    "recall": Kind(("Question",), ("Answer", "Key points")),
    "choice": Kind(("Question", "Options"), ("Answer", "Reasons")),
    "typed": Kind(("Question", "Time"), ("Key points", "Model answer", "Classic reversals")),
    "bug": Kind(("Question", "Code", "Options"), ("Answer", "Reasons", "Fix", "Explanation")),
    "case": Kind(("Scenario",), ("Check first", "Key points", "Discussion")),
    "exercise": Kind(("Task", "Starter"), ("Solution", "Explanation")),
}
"""The kinds that can leave the app. A computed item cannot: its numbers are drawn anew each time."""


@dataclass(frozen=True)
class Entry:
    """One item. `parts`: Markdown by the part's name, those of its kind; "" where the item has none.

    `level`: junior or senior, "" for recall cards, which have none.
    """

    item_id: str
    kind: str
    level: str
    deck: Deck
    question: Question
    parts: dict[str, str]

    @property
    def front(self) -> str:
        """The question's side, in Markdown."""
        return self._side(KINDS[self.kind].front)

    @property
    def back(self) -> str:
        """The answer's side, in Markdown."""
        return self._side(KINDS[self.kind].back)

    def _side(self, names: Sequence[str]) -> str:
        titled = [(name, self.parts[name]) for name in names if self.parts[name]]
        return "\n\n".join(text if index == 0 else f"### {name}\n\n{text}" for index, (name, text) in enumerate(titled))


def entries(decks: Iterable[Deck]) -> list[Entry]:
    """All items that can leave the app: per question the recall cards, then its items, then its exercises."""
    return [entry for deck in decks for question in deck.questions for entry in _of_question(deck, question)]


def computed(decks: Iterable[Deck]) -> list[str]:
    """Identities of the items that cannot leave the app, because their numbers are drawn anew each time."""
    return [
        f"{deck.meta.key}/{question.meta.key}/{item.key}"
        for deck in decks
        for question in deck.questions
        for item in question.items
        if isinstance(item, Computed)
    ]


def _of_question(deck: Deck, question: Question) -> Iterator[Entry]:
    item_id = f"{deck.meta.key}/{question.meta.key}"
    parts = {
        "Question": question.meta.title,
        "Answer": question.answer,
        "Key points": bullets(question.meta.key_points),
    }
    yield Entry(item_id, "recall", "", deck, question, parts)
    for followup in question.followups:
        yield Entry(f"{item_id}/{followup.key}", "recall", "", deck, question, _followup(followup))
    for item in question.items:
        if not isinstance(item, Computed):
            identity = f"{item_id}/{item.key}"
            yield Entry(identity, item.kind, item.level, deck, question, _item(item, identity))
    for exercise in question.exercises:
        identity = f"{item_id}/{exercise.key}"
        yield Entry(identity, "exercise", exercise.meta.level, deck, question, _exercise(exercise))


def _followup(followup: FollowUp) -> dict[str, str]:
    return {"Question": followup.question, "Answer": followup.answer, "Key points": ""}


def _item(item: Item, identity: str) -> dict[str, str]:
    match item:
        case Choice():
            options = _shuffled(item.options, identity)
            return {
                "Question": item.prompt,
                "Options": numbered([option.text for option in options]),
                "Answer": _right(options),
                "Reasons": _reasons(options),
            }
        case Typed():
            return _typed(item)
        case Bug():
            return _bug(item, identity)
        case Case():
            return {
                "Scenario": item.scenario,
                "Check first": item.check_first,
                "Key points": bullets([f"{point.point} ({point.level})" for point in item.key_points]),
                "Discussion": item.discussion,
            }
    raise TypeError(f"{identity} is a {type(item).__name__}, which this export does not know")


def _typed(item: Typed) -> dict[str, str]:
    return {
        "Question": item.prompt,
        "Time": f"{item.seconds} seconds, in your own words.",
        "Key points": bullets([_point(point) for point in item.key_points]),
        "Model answer": item.model_answer,
        "Classic reversals": bullets([f"*{wrong.says}* {wrong.instead}" for wrong in item.contradictions]),
    }


def _point(point: KeyPoint) -> str:
    return f"{point.point} ({point.level})"


def _bug(item: Bug, identity: str) -> dict[str, str]:
    reasons = _shuffled(item.reasons, identity)
    return {
        "Question": item.prompt,
        "Code": fenced(item.code, numbered=True),
        "Options": numbered([reason.text for reason in reasons]),
        "Answer": f"Line {item.line}, reason {_right(reasons)}.",
        "Reasons": _reasons(reasons),
        "Fix": fenced(item.fix),
        "Explanation": item.explanation,
    }


def _exercise(exercise: Exercise) -> dict[str, str]:
    return {
        "Task": f"**{exercise.meta.title}**\n\n{exercise.meta.task}\n\n{fenced(exercise.meta.signature)}",
        "Starter": fenced(exercise.starter),
        "Solution": fenced(exercise.solution),
        "Explanation": exercise.meta.explanation,
    }


def _shuffled(options: Sequence[Option], identity: str) -> list[Option]:
    """In an order that says nothing about which is right, and stays the same from one export to the next."""
    return sorted(options, key=lambda option: sha256(f"{identity}\n{option.text}".encode()).digest())


def _right(options: Sequence[Option]) -> str:
    return ", ".join(str(number) for number, option in enumerate(options, 1) if option.right)


def _reasons(options: Sequence[Option]) -> str:
    return numbered([f"**{'Right' if option.right else 'Wrong'}.** {option.because}" for option in options])
