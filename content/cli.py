"""`python -m content`: check decks, list them, print their schema."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from content.linter import Report, check
from content.loader import deck_roots
from content.running import run_code
from content.schema import Deck, Question
from content.validation import schemas


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 mistakes in a deck. Wrong usage exits with 2."""
    return run(_parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Run `options.command` and return its exit code, 1 if the reader of its output has gone (`| head`)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit is quiet too
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m content", description="Decks of interview questions.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    folder = "folder that holds decks; without it content/decks and the folders that TLI_DECKS names"

    checking = commands.add_parser(
        "check", help="report every mistake: file, line, field, remedy; runs the decks' code if the files are right"
    )
    checking.add_argument("dir", nargs="?", type=Path, metavar="DIR", help=folder)
    checking.add_argument("--static", action="store_true", help="read the files only, run none of their code")
    checking.set_defaults(command=_check)

    listing = commands.add_parser("list", help="show decks and questions")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.add_argument("dir", nargs="?", type=Path, metavar="DIR", help=folder)
    listing.set_defaults(command=_list)

    schema = commands.add_parser("schema", help="print the JSON schema of every kind of file, by file name")
    schema.set_defaults(command=_schema)
    return parser


def roots(options: argparse.Namespace) -> tuple[Path, ...]:
    """The folders of decks that a command is about."""
    return (options.dir,) if options.dir is not None else deck_roots()


def _report(options: argparse.Namespace) -> Report:
    return check(roots(options))


def _check(options: argparse.Namespace) -> int:
    report = _report(options)
    problems = report.problems
    if not problems and not options.static:
        problems = run_code(roots(options))
    if problems:
        print(*problems, sep="\n")
        return 1
    questions = sum(len(deck.questions) for deck in report.decks)
    print(f"{_count(len(report.decks), 'deck')}, {_count(questions, 'question')}: no mistakes")
    return 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _list(options: argparse.Namespace) -> int:
    """Usable decks on stdout, mistakes on stderr."""
    report = _report(options)
    decks = [_deck(deck) for deck in report.decks]
    if options.json:
        print(json.dumps(decks, indent=2, ensure_ascii=False))
    else:
        for deck in decks:
            print(f"{deck['title']} ({deck['key']}): {_count(len(deck['questions']), 'question')}")
            for question in deck["questions"]:
                labs = f" [lab: {', '.join(question['labs'])}]" if question["labs"] else ""
                print(f"{question['number']:4}. {question['title']}{labs}")
    if report.problems:
        print(*report.problems, sep="\n", file=sys.stderr)
    return 1 if report.problems else 0


def _deck(deck: Deck) -> dict[str, Any]:
    questions = [_question(question) for question in deck.questions]
    kinds = sorted({kind for question in questions for kind in question["items"]})
    return {
        "key": deck.meta.key,
        "title": deck.meta.title,
        "description": deck.meta.description,
        "items": {kind: sum(question["items"].get(kind, 0) for question in questions) for kind in kinds},
        "questions": questions,
    }


def _question(question: Question) -> dict[str, Any]:
    meta = question.meta
    return {
        "number": meta.number,
        "key": meta.key,
        "title": meta.title,
        "short": meta.short,
        "topic": meta.topic,
        "labs": meta.labs,
        "followups": [followup.key for followup in question.followups],
        "exercises": [exercise.key for exercise in question.exercises],
        "items": _items(question),
    }


def _items(question: Question) -> dict[str, int]:
    """How many cards of each kind a question gives."""
    counts = Counter({"recall": 1 + len(question.followups), "exercise": len(question.exercises)})
    counts.update(item.kind for item in question.items)
    return {kind: count for kind, count in counts.items() if count}


def _schema(options: argparse.Namespace) -> int:
    print(json.dumps(schemas(), indent=2, ensure_ascii=False))
    return 0
