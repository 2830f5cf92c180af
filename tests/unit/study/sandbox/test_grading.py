"""Grading: right, wrong and broken submissions, fresh inputs each time, and the words for each."""

from __future__ import annotations

import pytest
import torch

from content.exercises import Exercise
from study.exercises.graded import Graded
from study.exercises.grading import BrokenExerciseError, grade
from study.sandbox.pool import MOST_CODE, Pool
from tests.unit.study.sandbox.conftest import SOLUTION, STARTER

NAMES = ["a vector", "a matrix"]


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_the_reference_passes(exercise: Exercise, pool: Pool, seed: int | None) -> None:
    graded = grade(exercise, SOLUTION, pool, seed)
    assert [(test.name, test.passed, test.message) for test in graded.tests] == [(name, True, "") for name in NAMES]
    assert graded.passed
    assert graded.error == ""
    assert graded.seconds > 0
    assert Graded.from_data(graded.as_data()) == graded


def test_a_wrong_solution_fails_with_what_was_expected(exercise: Exercise, pool: Pool) -> None:
    graded = grade(exercise, exercise.wrong["wrong_a.py"], pool, seed=5)
    assert not graded.passed
    assert graded.error == ""
    assert [test.passed for test in graded.tests] == [False, False]
    assert graded.tests[0].message.startswith("y: expected a tensor of shape (5,) [")


def test_one_wrong_test_is_enough(exercise: Exercise, pool: Pool) -> None:
    graded = grade(exercise, "def scale(x, k):\n    return k * x + x.mean() if x.ndim == 1 else x\n", pool)
    assert [test.passed for test in graded.tests] == [True, False]
    assert not graded.passed


def test_the_starter_fails_by_its_own_line(exercise: Exercise, pool: Pool) -> None:
    graded = grade(exercise, STARTER, pool)
    assert not graded.passed
    assert graded.tests[0].message == "NotImplementedError (line 2: “raise NotImplementedError”)."


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (
            "def scale(x, k)\n    return x",
            "Python cannot read the code (line 1: “def scale(x, k)”): expected ':'. Mend",
        ),
        ("x = 1\n  y = 2", "Python cannot read the code (line 2: “y = 2”): unexpected indent. Mend"),
        ("x = '\0'", "Python cannot read the code"),
        ("", "The code does not define “scale”. Define it under exactly this name"),
        ("def Scale(x, k): return x", "The code does not define “scale”."),
        ("scale = 3", "The code does not define “scale”."),
        ("import torch\n1 / 0", "ZeroDivisionError: division by zero (line 2: “1 / 0”)."),
        (
            "import pandora",
            "ModuleNotFoundError: No module named 'pandora' (line 1: “import pandora”). In here there are",
        ),
        ("#" * (MOST_CODE + 1), f"The code has {MOST_CODE + 1} characters; at most {MOST_CODE} are run."),
    ],
)
def test_code_that_does_not_load_is_told_why(exercise: Exercise, pool: Pool, code: str, error: str) -> None:
    graded = grade(exercise, code, pool)
    assert not graded.passed
    assert graded.error.startswith(error)
    assert [(test.name, test.passed) for test in graded.tests] == [(name, False) for name in NAMES]


def test_an_exception_names_the_deepest_line_of_the_submission(exercise: Exercise, pool: Pool) -> None:
    code = "import torch\n\ndef helper(x):\n    return torch.cat([x, 3])\n\ndef scale(x, k):\n    return helper(x)\n"
    message = grade(exercise, code, pool).tests[0].message
    assert message.startswith("TypeError: ")
    assert "(line 4: “return torch.cat([x, 3])”)" in message


def test_an_exception_in_the_test_says_that_it_is_there(exercise: Exercise, pool: Pool) -> None:
    message = grade(exercise, "def scale(x): return x", pool).tests[0].message
    assert message == (
        "TypeError: scale() takes 1 positional argument but 2 were given "
        "(in the test that called your code, with what it gave back)."
    )


@pytest.mark.parametrize("seed", [3, 4])
def test_inputs_are_fresh_unless_seeded(exercise: Exercise, pool: Pool, seed: int) -> None:
    tell = "def scale(x, k):\n    print(x.tolist())\n    return x"
    printed = [grade(exercise, tell, pool, given).printed for given in (seed, seed, None, None)]
    assert printed[0] == printed[1]
    assert len(set(printed)) == 3


def test_a_report_that_a_check_cannot_read_is_no_pass(exercise: Exercise, pool: Pool) -> None:
    careless = exercise.checks.replace('expect_close("y"', 'got["y"].missing["key"]; expect_close("y"')
    graded = grade(exercise.model_copy(update={"checks": careless}), SOLUTION, pool)
    assert not graded.passed
    assert graded.tests[0].message.startswith("What your function gave back has not the form that is asked for (")


def test_an_answer_before_the_end_counts_but_does_not_pass(exercise: Exercise, pool: Pool) -> None:
    code = "import os\ndef scale(x, k):\n    if x.ndim == 2: os._exit(0)\n    return k * x + x.mean()"
    graded = grade(exercise, code, pool)
    assert [test.passed for test in graded.tests] == [True, False]
    assert graded.tests[1].message == graded.error
    assert graded.error.startswith("Python ended before it had answered (exit code 0).")
    assert not graded.passed


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        ("def cases(generator): return []\ndef check(case, got): pass", "has no cases"),
        ("def cases(generator): return [1]", "does not define cases"),
        ("import nothing_like_it", "cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_an_exercise_at_fault_is_not_the_learners(exercise: Exercise, pool: Pool, checks: str, message: str) -> None:
    with pytest.raises(BrokenExerciseError, match=message):
        grade(exercise.model_copy(update={"checks": checks}), SOLUTION, pool)


def test_grading_leaves_the_global_generator_alone(exercise: Exercise, pool: Pool) -> None:
    before = torch.random.get_rng_state()
    grade(exercise, SOLUTION, pool)
    assert torch.equal(torch.random.get_rng_state(), before)
