"""Each kind of mistake in the folder of an exercise gives exactly its own line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.content.broken import Case, assert_only_line
from tests.unit.content.deck_factory import FIRST
from tests.unit.content.item_factory import (
    EXERCISE,
    EXERCISE_FILE,
    added,
    both,
    linked,
    removed,
    renamed,
    replaced,
    without,
    written,
)

X, E = EXERCISE_FILE, EXERCISE
REMOVE = (
    "remove it; known here: exercise.yaml, starter.py, solution.py, drive.py, checks.py, "
    "wrong_adds_two.py, wrong_in_place.py, wrong_squares.py"
)
REMOVE_FROM_QUESTION = (
    "remove it; known here: question.yaml, answer.md, spoken.md, senior.md, probing.md, "
    "followups.yaml, corrections.yaml, mistakes.yaml, items.yaml"
)

CASES = [
    Case(
        "exercise as a follow-up",
        renamed(E, f"{FIRST}/exercises/in-place"),
        f"{FIRST}/exercises/in-place",
        1,
        "folder: 'in-place' is also the key of a follow-up",
        "rename the folder",
    ),
    Case(
        "exercise as an item",
        renamed(E, f"{FIRST}/exercises/why-stable"),
        f"{FIRST}/exercises/why-stable",
        1,
        "folder: 'why-stable' is also the key of another item",
        "rename the folder",
    ),
    Case(
        "folder name",
        renamed(E, f"{FIRST}/exercises/Double_all"),
        f"{FIRST}/exercises/Double_all",
        1,
        "folder: has a name of the wrong form",
        "use lower-case letters, digits and single hyphens, as 'freeze-first-children', at most 60 characters",
    ),
    Case(
        "no starter",
        removed(f"{E}/starter.py"),
        f"{E}/starter.py",
        1,
        "file: is missing",
        "add it; see python -m content schema",
    ),
    Case("no exercise.yaml", removed(X), X, 1, "file: is missing", "add it; see python -m content schema"),
    Case(
        "misspelt file",
        renamed(f"{E}/solution.py", f"{E}/soluton.py"),
        f"{E}/soluton.py",
        1,
        "file: is an unexpected file",
        "rename it to 'solution.py'",
    ),
    Case(
        "empty solution",
        written(f"{E}/solution.py", ""),
        f"{E}/solution.py",
        1,
        "file: is empty",
        "write its text, or copy the form of another question",
    ),
    Case(
        "solution does not parse",
        written(f"{E}/solution.py", "def double(x):\n    return 2 *\n"),
        f"{E}/solution.py",
        "return 2 *",
        "code: Python does not parse: invalid syntax",
        "correct the code",
    ),
    Case(
        "checks do not parse",
        added(f"{E}/checks.py", "def (\n"),
        f"{E}/checks.py",
        "def (",
        "code: Python does not parse: invalid syntax",
        "correct the code",
    ),
    Case(
        "wrong solution does not parse",
        written(f"{E}/wrong_squares.py", "def double(x)\n"),
        f"{E}/wrong_squares.py",
        1,
        "code: Python does not parse: expected ':'",
        "correct the code",
    ),
    Case(
        "unlisted wrong solution",
        written(f"{E}/wrong_other.py", "x = 1\n"),
        f"{E}/wrong_other.py",
        1,
        "file: is not named in exercise.yaml",
        "add it to 'wrong' in exercise.yaml, with the reason and the test that catches it",
    ),
    Case(
        "missing wrong solution",
        removed(f"{E}/wrong_squares.py"),
        X,
        "- file: wrong_squares.py",
        "wrong[2].file: there is no file 'wrong_squares.py'",
        "add the file",
    ),
    Case(
        "unexpected file",
        written(f"{E}/notes.md", "x\n"),
        f"{E}/notes.md",
        1,
        "file: is an unexpected file",
        REMOVE,
    ),
    Case(
        "form of a wrong solution's name",
        replaced(X, "file: wrong_squares.py", "file: squares.py"),
        X,
        "- file: squares.py",
        "wrong[2].file: has the wrong form: 'squares.py'",
        "name it with lower-case letters, digits and single underscores, as 'wrong_off_by_one.py'",
    ),
    Case(
        "wrong solution named twice",
        both(replaced(X, "file: wrong_squares.py", "file: wrong_adds_two.py"), removed(f"{E}/wrong_squares.py")),
        X,
        18,
        "wrong[2].file: 'wrong_adds_two.py' is also that of wrong[0]",
        "name each wrong solution once",
    ),
    Case(
        "extra folder in exercise",
        written(f"{E}/data/x.txt", "x"),
        f"{E}/data",
        1,
        "folder: is an unexpected folder",
        "remove it; only files belong here",
    ),
    Case(
        "file among exercises",
        written(f"{FIRST}/exercises/README.md", "x"),
        f"{FIRST}/exercises/README.md",
        1,
        "file: is an unexpected file",
        "remove it; known here: folders of exercises",
    ),
    Case(
        "link to a solution",
        linked(f"{E}/solution.py"),
        f"{E}/solution.py",
        1,
        "file: is a symbolic link",
        "put the file itself here",
    ),
    Case("link to an exercise", linked(E), E, 1, "file: is a symbolic link", "put the file or folder itself here"),
    Case(
        "link to exercises",
        linked(f"{FIRST}/exercises"),
        f"{FIRST}/exercises",
        1,
        "file: is a symbolic link",
        "put the file or folder itself here",
    ),
    Case(
        "exercises is a file",
        both(lambda root: shutil.rmtree(root / FIRST / "exercises"), written(f"{FIRST}/exercises", "x")),
        f"{FIRST}/exercises",
        1,
        "file: is an unexpected file",
        REMOVE_FROM_QUESTION,
    ),
    Case(
        "long title",
        replaced(X, "title: Double every number", "title: " + "Double " * 12),
        X,
        1,
        "title: must have at most 70 characters, has 83",
        "shorten it by 13",
    ),
    Case(
        "too many minutes",
        replaced(X, "minutes: 5", "minutes: 90"),
        X,
        "minutes: 90",
        "minutes: must be at most 45, is 90",
        "correct the number",
    ),
    Case(
        "form of a function",
        replaced(X, "function: double", "function: double all"),
        X,
        "function: double all",
        "function: has the wrong form: 'double all'",
        "write a name that Python allows, as 'freeze_first'",
    ),
    Case(
        "one hint",
        without(X, "  - Multiply.\n"),
        X,
        "hints:",
        "hints: must have at least 2 entries, has 1",
        "add 1 more",
    ),
    Case(
        "two wrong solutions",
        both(
            without(X, "  - file: wrong_squares.py\n    because: It squares.\n    caught_by: numbers are doubled\n"),
            removed(f"{E}/wrong_squares.py"),
        ),
        X,
        "wrong:",
        "wrong: must have at least 3 entries, has 2",
        "add 1 more",
    ),
    Case(
        "no task",
        without(X, "task: Return twice the tensor $x$.\n"),
        X,
        1,
        "task: is missing",
        "add 'task: ...'; see python -m content schema",
    ),
    Case(
        "misspelt field of a wrong solution",
        replaced(X, "caught_by: the argument stays as it is", "caught_bye: the argument stays as it is"),
        X,
        "caught_bye: the argument stays as it is",
        "wrong[1].caught_bye: is not a known field",
        "did you mean 'caught_by'?",
    ),
    Case(
        "unknown field of an exercise",
        added(X, "difficulty: 3\n"),
        X,
        "difficulty: 3",
        "difficulty: is not a known field",
        "remove it; known here: explanation, function, hints, level, minutes, signature, task, title, wrong",
    ),
    Case(
        "unclosed formula in a task",
        replaced(X, "tensor $x$.", "tensor $x."),
        X,
        "task: Return twice the tensor $x.",
        "task (formula): a '$' has no partner",
        "close the formula, or write \\$ for a dollar sign",
    ),
    Case(
        "list in place of a mapping",
        written(X, "- 1\n"),
        X,
        1,
        "file: must be a mapping, is a list",
        "write its fields as 'field: value'",
    ),
    Case(
        "items in exercise folder",
        written(f"{E}/items.yaml", "- x\n"),
        f"{E}/items.yaml",
        1,
        "file: is an unexpected file",
        REMOVE,
    ),
    Case(
        "latin-1 in a starter",
        lambda root: (root / E / "starter.py").write_bytes(b"# caf\xe9\n"),
        f"{E}/starter.py",
        1,
        "file: is not UTF-8: byte 0xe9",
        "save it as UTF-8",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_gives_exactly_its_line(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_only_line(case, tmp_path, capsys)
