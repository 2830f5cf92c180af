"""Exercises that live beside a question, each in a folder `<question>/exercises/<key>/`. Texts are Markdown.

exercise.yaml       ExerciseMeta: what is asked, hints, why the plausible wrong solutions are wrong
starter.py          what the learner starts from; not a solution
solution.py         the reference
wrong_<name>.py     at least three plausible wrong solutions
drive.py            runs inside the sandbox: calls the learner's function and reports what happened
checks.py           runs outside: makes fresh cases, and judges the reports (`study.exercises.contract`)
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from content.fields import Entry, Slug, Text
from content.items import Level

EXERCISE_FILES = ("exercise.yaml", "starter.py", "solution.py", "drive.py", "checks.py")
WRONG_FILE = re.compile(r"wrong_[a-z0-9]+(_[a-z0-9]+)*\.py")


class WrongSolution(Entry):
    """A plausible wrong solution, and the test that catches it."""

    file: Annotated[str, StringConstraints(pattern=f"^{WRONG_FILE.pattern}$")]
    because: Text
    """Why it is wrong; one or two sentences."""
    caught_by: Text
    """Name of a test that it fails; there may be others."""


class ExerciseMeta(Entry):
    """`exercise.yaml`. The exercise's key is the name of its folder."""

    title: Annotated[str, StringConstraints(min_length=5, max_length=70)]
    level: Level
    minutes: int = Field(ge=2, le=45)
    """What it should take a prepared candidate."""
    task: Text
    function: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """Name that the submission must define (a function, or a class such as an autograd Function's wrapper)."""
    signature: Text
    """As in `def freeze_first(model: nn.Module, k: int) -> None`."""
    hints: list[Text] = Field(min_length=2, max_length=5)
    """From a nudge to nearly the solution."""
    explanation: Text
    """Why the reference solution is right; shown with it."""
    wrong: list[WrongSolution] = Field(min_length=3, max_length=8)


class Exercise(Entry):
    """An exercise as the screens and the grader use it."""

    key: Slug
    meta: ExerciseMeta
    starter: Text
    solution: Text
    drive: Text
    checks: Text
    wrong: dict[str, Text]
    """Code of the wrong solutions by file name."""
