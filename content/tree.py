"""A folder of decks, read and validated file by file; what the loader assembles and the linter judges."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from content.exercises import EXERCISE_FILES, WRONG_FILE
from content.files import entries, is_folder, read_text
from content.problems import Problem, one_line
from content.validation import (
    DECK_FILES,
    MARKDOWN_FIELDS,
    OPTIONAL_DECK_FILES,
    OPTIONAL_QUESTION_FILES,
    QUESTION_FILES,
    validate,
)
from content.yamltext import YamlDoc, YamlTextError, parse_yaml

EXERCISES = "exercises"
"""Folder of a question that holds its exercises, a folder each."""

_WELCOME = {"README.md", "LICENSE", "LICENSE.md"}
"""What a folder of decks that is shared as a repository holds besides."""


@dataclass(frozen=True)
class RawFile:
    """A file that could be read. `doc` is its YAML; `value` its schema object or text, None if it has mistakes."""

    label: str
    name: str
    text: str
    doc: YamlDoc | None = None
    value: Any = None


@dataclass(frozen=True)
class RawFolder:
    """A deck's, question's or exercise's folder: its readable files by name. `label`: its path below the decks."""

    path: Path
    label: str
    files: dict[str, RawFile] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """The validated content of a file, None if it is missing or has mistakes."""
        return self.files[name].value if name in self.files else None

    def line(self, name: str, *location: str | int) -> int:
        """Line of a field in one of the folder's YAML files."""
        doc = self.files[name].doc
        return doc.line(location) if doc else 1


@dataclass(frozen=True)
class RawQuestion(RawFolder):
    """A question's folder, with those of its exercises."""

    exercises: list[RawFolder] = field(default_factory=list)


@dataclass(frozen=True)
class RawDeck(RawFolder):
    """A deck's folder, with those of its questions."""

    questions: list[RawQuestion] = field(default_factory=list)


def read_tree(roots: Sequence[Path]) -> tuple[list[RawDeck], list[Problem]]:
    """Everything below the folders `roots`, and the mistakes that show in a single file or folder."""
    decks: list[RawDeck] = []
    problems: list[Problem] = []
    for root in roots:
        prefix = "" if len(roots) == 1 else f"{root.as_posix()}/"
        found, wrong = _read_root(root, prefix)
        decks += found
        problems += wrong
    if not decks and not problems:
        problems.append(_no_decks(roots[0]))
    return decks, problems


def _read_root(root: Path, prefix: str) -> tuple[list[RawDeck], list[Problem]]:
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        return [], [Problem(str(root), 1, "folder", what, "name a folder that holds decks, as content/decks does")]
    if (root / "deck.yaml").exists():
        return [], [Problem(str(root), 1, "folder", "is a deck itself", "name the folder that the deck lies in")]
    found, problems = entries(root, str(root))
    decks = []
    for path in found:
        if is_folder(path):
            deck, wrong = read_deck(path, f"{prefix}{path.name}")
            decks.append(deck)
            problems += wrong
        elif path.name not in _WELCOME:
            problems.append(_unexpected(path, f"{prefix}{path.name}", ("folders of decks",), None))
    return decks, problems


def _no_decks(root: Path) -> Problem:
    return Problem(str(root), 1, "folder", "holds no decks", "add a folder with deck.yaml and a folder per question")


def read_deck(path: Path, label: str) -> tuple[RawDeck, list[Problem]]:
    """One deck's files and the mistakes in them; `label` is how messages call its folder."""
    found, problems = entries(path, label)
    deck = RawDeck(path, label)
    for entry in found:
        if is_folder(entry) and entry.name not in (*DECK_FILES, *OPTIONAL_DECK_FILES):
            question, wrong = _read_question(entry, f"{label}/{entry.name}")
            problems += wrong
            deck.questions.append(question)
    taken = {question.path for question in deck.questions}
    files = [entry for entry in found if entry not in taken and entry.name not in _WELCOME]
    problems += _read_files(deck, files, DECK_FILES, OPTIONAL_DECK_FILES)
    if not deck.questions:
        problems.append(Problem(label, 1, "folder", "holds no questions", "add a folder '01-...' with a question"))
    return deck, problems


def _read_question(path: Path, label: str) -> tuple[RawQuestion, list[Problem]]:
    question = RawQuestion(path, label)
    found, problems = entries(path, label)
    folder = next((entry for entry in found if entry.name == EXERCISES and is_folder(entry)), None)
    files = [entry for entry in found if entry != folder]
    problems += _read_files(question, files, QUESTION_FILES, OPTIONAL_QUESTION_FILES)
    if folder:
        inside, wrong = entries(folder, f"{label}/{EXERCISES}")
        problems += wrong
        for entry in inside:
            problems += _read_exercise(question, entry)
    return question, problems


def _read_exercise(question: RawQuestion, path: Path) -> list[Problem]:
    label = f"{question.label}/{EXERCISES}/{path.name}"
    if not is_folder(path):
        return [_unexpected(path, label, ("folders of exercises",), None)]
    exercise = RawFolder(path, label)
    found, problems = entries(path, label)
    wrong = tuple(entry.name for entry in found if WRONG_FILE.fullmatch(entry.name))
    problems += _read_files(exercise, found, EXERCISE_FILES, wrong)
    question.exercises.append(exercise)
    return problems


def _read_files(
    folder: RawFolder, found: Sequence[Path], needed: tuple[str, ...], optional: tuple[str, ...]
) -> list[Problem]:
    """Read the files of `folder` into it; returns what is wrong with them, and which are missing or do not belong."""
    problems: list[Problem] = []
    missing = [name for name in needed if name not in {path.name for path in found}]
    for path in found:
        label = f"{folder.label}/{path.name}"
        if path.name in needed or path.name in optional:
            file, wrong = _read_file(path, label)
            problems += wrong
            if file:
                folder.files[path.name] = file
            continue
        meant = _closest(path.name, missing)
        problems.append(_unexpected(path, label, (*needed, *optional), meant))
        missing = [name for name in missing if name != meant]  # one typo is one mistake
    for name in missing:
        label = f"{folder.label}/{name}"
        problems.append(Problem(label, 1, "file", "is missing", "add it; see python -m content schema"))
    return problems


def _closest(name: str, known: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name[:60], known, n=1, cutoff=0.6)), None)


def _unexpected(path: Path, label: str, known: Sequence[str], meant: str | None) -> Problem:
    if path.is_symlink():
        return Problem(label, 1, "file", "is a symbolic link", "put the file or folder itself here")
    if is_folder(path):
        return Problem(label, 1, "folder", "is an unexpected folder", "remove it; only files belong here")
    remedy = f"rename it to '{meant}'" if meant else f"remove it; known here: {', '.join(known)}"
    return Problem(label, 1, "file", "is an unexpected file", remedy)


def _read_file(path: Path, label: str) -> tuple[RawFile | None, list[Problem]]:
    text, problems = read_text(path, label)
    if text is None:
        return None, problems
    if path.suffix != ".yaml":
        value = text.strip() if path.name in MARKDOWN_FIELDS else None
        return RawFile(label, path.name, text, None, value), []
    try:
        doc = parse_yaml(text)
    except YamlTextError as error:
        return None, [Problem(label, error.line, one_line(error.field), error.message, error.remedy)]
    value, problems = validate(path.name, doc, label)
    return RawFile(label, path.name, text, doc, value), problems
