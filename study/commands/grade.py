"""`python -m study grade EXERCISE FILE`: run a solution in the sandbox, and say which tests it passes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from content.exercises import Exercise
from content.loader import ContentError, load_decks
from study.exercises.graded import Graded
from study.sandbox.pool import Pool, SandboxError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("grade", help="run a solution of an exercise in the sandbox")
    parser.add_argument("exercise", metavar="EXERCISE", help="key of the exercise, or question/exercise")
    parser.add_argument("file", metavar="FILE", type=Path, help="the solution, a Python file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--allow-unsandboxed",
        action="store_true",
        help="where bubblewrap is missing, run the file as a plain process that can read your files",
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """0 if it passed, 1 if not, 2 if there is no such exercise or file, or no sandbox."""
    try:
        exercise = find_exercise(options.exercise, exercises())
        code = options.file.read_text(encoding="utf-8")
    except (LookupError, ContentError, OSError, UnicodeDecodeError) as error:
        print(f"{error.args[0] if isinstance(error, LookupError) else error}", file=sys.stderr)
        return 2
    try:
        with Pool(consent=options.allow_unsandboxed) as pool:
            from study.exercises.grading import grade  # torch, which warms up meanwhile in the sandbox too

            graded = grade(exercise, code, pool)
    except SandboxError as error:
        print(
            f"{error}\nWith --allow-unsandboxed it runs as a plain process that can read your files.", file=sys.stderr
        )
        return 2
    print(json.dumps(_plain(graded), indent=2) if options.json else _text(graded))
    return 0 if graded.passed else 1


def exercises() -> dict[str, Exercise]:
    """All exercises, by `question/exercise`."""
    return {
        f"{question.meta.key}/{exercise.key}": exercise
        for deck in load_decks()
        for question in deck.questions
        for exercise in question.exercises
    }


def find_exercise(name: str, known: dict[str, Exercise]) -> Exercise:
    """By `question/exercise`, or by the exercise's key if it is the only one. `LookupError` names the choices."""
    found = [key for key in known if name in (key, key.split("/")[1])]
    if len(found) != 1:
        raise LookupError(f"{'No' if not found else 'More than one'} exercise '{name}'. There are: {_listed(known)}")
    return known[found[0]]


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys)) or "none"


def _plain(graded: Graded) -> dict[str, object]:
    data = graded.as_data()
    return {
        "passed": graded.passed,
        "tests": data["tests"],
        "error": graded.error or None,
        "seconds": round(graded.seconds, 3),
    }


def _text(graded: Graded) -> str:
    lines: list[str] = []
    for test in graded.tests:
        lines.append(f"{'passed' if test.passed else 'FAILED'}  {test.name}")
        lines += [f"        {test.message}"] if test.message else []
    printed = [f"It printed:\n{graded.printed.rstrip()}"] if graded.printed else []
    verdict = f"{'Passed' if graded.passed else 'Not passed'} in {graded.seconds:.2f} s."
    return "\n".join([*lines, *printed, *filter(None, [graded.error]), verdict])
