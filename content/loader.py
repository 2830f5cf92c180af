"""Decks from folders. Adding a deck means adding a folder: to `content/decks`, or to a folder named in `TLI_DECKS`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from content.exercises import EXERCISE_FILES, Exercise
from content.problems import ContentError, Problem
from content.rules import identity_problems, is_complete
from content.schema import Deck, Question
from content.tree import RawDeck, RawFolder, RawQuestion, read_tree
from content.validation import LIST_FIELDS, MARKDOWN_FIELDS, QUESTION_FILES

__all__ = ["DECKS", "ContentError", "Problem", "deck_roots", "load_decks", "read_decks"]

DECKS = Path(__file__).parent / "decks"


def deck_roots() -> tuple[Path, ...]:
    """The shipped folder of decks, and those that the environment variable `TLI_DECKS` adds (as PATH lists folders)."""
    extra = [Path(name).expanduser() for name in os.environ.get("TLI_DECKS", "").split(os.pathsep) if name.strip()]
    return tuple({path.resolve(): path for path in (DECKS, *extra)}.values())


def load_decks(root: Path | None = None) -> list[Deck]:
    """All decks by their order, questions by number: those in `root`, or in all `deck_roots()`.

    Raises `ContentError` with every mistake that keeps a file from being used. What merely reads badly is the linter's.
    """
    decks, problems = read_decks(*((root,) if root else deck_roots()))
    if problems:
        raise ContentError(problems)
    return decks


def read_decks(*roots: Path) -> tuple[list[Deck], list[Problem]]:
    """The usable decks below `roots`, and what is wrong with the rest. Questions with mistakes are left out."""
    tree, problems = read_tree(roots)
    problems += identity_problems(tree)
    return assemble(tree), sorted(problems)


def assemble(tree: Sequence[RawDeck]) -> list[Deck]:
    """Decks of what is complete and valid; of two with the same key or number the first."""
    decks: dict[str, Deck] = {}
    for raw in tree:
        meta = raw.value("deck.yaml")
        questions = _questions(meta.key, raw.questions) if meta else []
        if meta and questions:
            decks.setdefault(meta.key, Deck(meta=meta, questions=questions))
    return sorted(decks.values(), key=lambda deck: (deck.meta.order, deck.meta.key))


def _questions(deck: str, folders: Iterable[RawQuestion]) -> list[Question]:
    keys: set[str] = set()
    numbers: dict[int, Question] = {}
    for folder in folders:
        if any(folder.value(name) is None for name in QUESTION_FILES):
            continue
        question = _question(deck, folder)
        if question.meta.key not in keys and question.meta.number not in numbers:
            keys.add(question.meta.key)
            numbers[question.meta.number] = question
    return [numbers[number] for number in sorted(numbers)]


def _question(deck: str, folder: RawQuestion) -> Question:
    fields = {field: folder.value(name) for name, field in (MARKDOWN_FIELDS | LIST_FIELDS).items()}
    items = folder.value("items.yaml") or []
    exercises = [exercise_in(inside) for inside in folder.exercises if is_complete(inside)]
    return Question(deck=deck, meta=folder.value("question.yaml"), **fields, items=items, exercises=exercises)


def exercise_in(folder: RawFolder) -> Exercise:
    """The exercise in a folder that is complete (`content.rules.is_complete`)."""
    code = {name: file.text for name, file in folder.files.items() if name.endswith(".py")}
    fields = {Path(name).stem: code.pop(name) for name in EXERCISE_FILES if name.endswith(".py")}
    return Exercise(key=folder.path.name, meta=folder.value("exercise.yaml"), **fields, wrong=code)
