"""Checking what decks bring for the quiz engine by running it: exercises in the sandbox, generators for many seeds.

Needs torch; for the command line and the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from content.exercises import Exercise, ExerciseMeta
from content.items import Computed
from content.loader import exercise_in
from content.problems import Problem
from content.rules import is_complete
from content.tree import RawFolder, RawQuestion, read_tree
from study.computed import draw, names
from study.exercises.graded import Graded
from study.exercises.grading import BrokenExerciseError, grade
from study.exercises.here import Here
from study.grading.numbers import grade_computed
from study.sandbox.pool import MOST_AT_ONCE, Pool

SEEDS = 100
"""Draws of every generator."""


def check_decks(roots: Sequence[Path], pool: Pool) -> list[Problem]:
    """Everything that is wrong with the exercises and the computed items of the decks below `roots`."""
    tree, _ = read_tree(roots)
    questions = [question for deck in tree for question in deck.questions]
    exercises = [folder for question in questions for folder in question.exercises if is_complete(folder)]
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        found = [
            problem for each in threads.map(lambda folder: check_exercise(folder, pool), exercises) for problem in each
        ]
    return sorted([*found, *(problem for question in questions for problem in check_generators(question))])


def check_exercise(folder: RawFolder, pool: Pool) -> list[Problem]:
    """The reference must pass, the starter and every wrong solution must fail, each where its author says.

    Reference and starter run in the sandbox, as a learner's code does; the wrong ones, which are many, in this process.
    """
    exercise = exercise_in(folder)
    try:
        return [
            *_reference(folder, exercise, pool),
            *_starter(folder, exercise, pool),
            *_wrong(folder, exercise, Here()),
        ]
    except BrokenExerciseError as error:
        return [Problem(f"{folder.label}/checks.py", 1, "code", str(error), "correct checks.py")]


def check_generators(question: RawQuestion, seeds: int = SEEDS) -> Iterator[Problem]:
    """Every generator that an item names must be there, and each draw must grade its own answer as right."""
    for index, item in enumerate(question.value("items.yaml") or ()):
        if not isinstance(item, Computed):
            continue
        line = question.line("items.yaml", index, "generator")
        where = (f"{question.label}/items.yaml", line, f"[{index}].generator")
        if item.generator not in names():
            found = f"there is no generator '{item.generator}'"
            yield Problem(*where, found, f"name one of: {', '.join(names())}")
            continue
        wrong = _wrong_draw(item.generator, seeds)
        if wrong:
            yield Problem(*where, wrong, "correct the generator in study/computed")


def _wrong_draw(generator: str, seeds: int) -> str | None:
    for seed in range(seeds):
        try:
            answer = draw(generator, seed).answer
            given = list(answer.value) if answer.kind == "names" and isinstance(answer.value, tuple) else answer.text
            if not grade_computed(answer, [str(name) for name in given] if isinstance(given, list) else given).right:
                return f"seed {seed}: its own answer, {answer.text}, does not grade as right"
        except Exception as error:  # noqa: BLE001 - whatever a generator raises is what is wrong with it
            return f"seed {seed}: {type(error).__name__}: {error}"
    return None


def _reference(folder: RawFolder, exercise: Exercise, pool: Pool) -> Iterator[Problem]:
    graded = grade(exercise, exercise.solution, pool)
    if not graded.passed:
        found = f"does not pass: {_first_failure(graded)}"
        yield Problem(f"{folder.label}/solution.py", 1, "code", found, "correct the solution, or what checks.py asks")


def _starter(folder: RawFolder, exercise: Exercise, pool: Pool) -> Iterator[Problem]:
    graded = grade(exercise, exercise.starter, pool)
    if graded.passed:
        yield Problem(f"{folder.label}/starter.py", 1, "code", "passes every test", "leave the work to the learner")
    elif not _is_named(graded):
        yield Problem(
            f"{folder.label}/starter.py", 1, "code", "fails without a message", "let checks.py say what failed"
        )


def _wrong(folder: RawFolder, exercise: Exercise, runner: Here) -> Iterator[Problem]:
    meta: ExerciseMeta = exercise.meta
    for index, wrong in enumerate(meta.wrong):
        graded = grade(exercise, exercise.wrong[wrong.file], runner)
        caught = {test.name: test.passed for test in graded.tests}
        line = folder.line("exercise.yaml", "wrong", index, "caught_by")
        where = (f"{folder.label}/exercise.yaml", line, f"wrong[{index}].caught_by")
        if wrong.caught_by not in caught:
            yield Problem(*where, f"there is no test '{wrong.caught_by}'", f"name one of: {', '.join(caught)}")
        elif graded.passed or caught[wrong.caught_by]:
            found = f"{wrong.file} passes '{wrong.caught_by}'"
            yield Problem(*where, found, "correct checks.py so that it is caught, or name the test that catches it")
        elif not _is_named(graded):
            yield Problem(*where, f"{wrong.file} fails without a message", "let checks.py say what failed")


def _is_named(graded: Graded) -> bool:
    """Whether every failed test says why."""
    return bool(graded.error) or all(test.message for test in graded.tests if not test.passed)


def _first_failure(graded: Graded) -> str:
    failed = next((test for test in graded.tests if not test.passed), None)
    return graded.error or (f"{failed.name}: {failed.message}" if failed else "no test was run")
