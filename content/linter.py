"""Everything that can be said against a folder of decks: files, schema, references, and how the Markdown is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from content.loader import assemble
from content.markdown_rules import flaws, python_mistake
from content.problems import Problem
from content.rules import identity_problems, reference_problems
from content.schema import Deck
from content.tree import RawDeck, RawFile, read_tree
from content.validation import MARKDOWN_FIELDS
from content.yamltext import dotted

DEMOS = Path(__file__).parent.parent / "demos"

_NOT_MARKDOWN = {
    *("key", "short", "arxiv", "url", "kind", "ref", "labs", "level", "size", "similarity", "words", "generator"),
    *("title", "function", "file", "caught_by"),
}
_PYTHON = {"code", "fix", "check"}
"""Fields of a bug that hold Python."""


@dataclass(frozen=True)
class Report:
    """What `check` found: the usable decks and the mistakes, sorted by file and line."""

    decks: list[Deck]
    problems: list[Problem]


def check(roots: Sequence[Path], demos: Path | None = None) -> Report:
    """Judge the decks below `roots`; labs are looked up in `demos`. Reads files, runs none of their code."""
    tree, problems = read_tree(roots)
    problems += identity_problems(tree)
    problems += reference_problems(tree, demos or DEMOS)
    for file in _files(tree):
        problems += _text_problems(file)
    return Report(assemble(tree), sorted(set(problems)))


def _files(tree: Sequence[RawDeck]) -> Iterator[RawFile]:
    for deck in tree:
        exercises = (exercise for question in deck.questions for exercise in question.exercises)
        for folder in (deck, *deck.questions, *exercises):
            yield from folder.files.values()


def _text_problems(file: RawFile) -> Iterator[Problem]:
    if file.name.endswith(".py"):
        wrong = python_mistake(file.text)
        if wrong:
            yield Problem(file.label, wrong[0], "code", wrong[1], "correct the code")
    elif file.name in MARKDOWN_FIELDS:
        for flaw in flaws(file.text):
            yield Problem(file.label, flaw.line + 1, flaw.field, flaw.message, flaw.remedy)
    elif file.doc:
        yield from _yaml_problems(file)


def _yaml_problems(file: RawFile) -> Iterator[Problem]:
    for location, string in file.doc.strings.items() if file.doc else ():
        if _NOT_MARKDOWN & set(location[-2:]):
            continue
        field = dotted(location)
        if file.name == "items.yaml" and _PYTHON & set(location[-1:]):
            wrong = python_mistake(string.text)
            if wrong:
                yield Problem(file.label, string.line + wrong[0] - 1, field, wrong[1], "correct the code")
            continue
        if not string.literal and ("```" in string.text or "~~~" in string.text):
            found = "a code block in a text that is not '|-' loses its lines"
            yield Problem(file.label, string.line, field, found, "begin the text with '|-' on the line of its field")
            continue
        for flaw in flaws(string.text):
            line = string.line + (flaw.line if string.literal else 0)
            yield Problem(file.label, line, f"{field} ({flaw.field})", flaw.message, flaw.remedy)
