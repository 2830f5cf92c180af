"""Grades a submission: fresh cases go into the sandbox, reports come out, and `checks.py`, outside, decides."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from content.exercises import Exercise
from study.exercises import words
from study.exercises.contract import Case, Mismatch, Plain
from study.exercises.graded import Graded, TestResult
from study.sandbox.pool import MOST_CODE, Answer, Transcript
from study.sandbox.process import Limits


class Runner(Protocol):
    """What runs a submission: `study.sandbox.pool.Pool`, or `study.exercises.here.Here` for an author's own code."""

    limits: Limits

    def run(self, code: str, drive: str, function: str, cases: Sequence[dict[str, Plain]]) -> Transcript:
        """Load `code`, then `drive` it with one case after the other."""


class BrokenExerciseError(RuntimeError):
    """The exercise's own `checks.py` or `drive.py` is at fault, not the submission."""


def grade(exercise: Exercise, code: str, pool: Runner, seed: int | None = None) -> Graded:
    """Run `code` in the sandbox on cases drawn from `seed`, or from the operating system's randomness.

    Raises `BrokenExerciseError`, and `SandboxError` if nothing could be run.
    """
    checks = _checks(exercise)
    generator = torch.Generator().manual_seed(int.from_bytes(os.urandom(7), "little") if seed is None else seed)
    cases = _cases(checks, exercise.key, generator)
    if len(code) > MOST_CODE:
        return _unanswered(cases, Transcript(), words.too_long(len(code), MOST_CODE))
    transcript = pool.run(code, exercise.drive, exercise.meta.function, [case.given for case in cases])
    error = words.what_stopped(transcript, exercise.meta.function, code, pool.limits)
    if not transcript.answers:
        return _unanswered(cases, transcript, error)
    pairs = zip(cases, transcript.answers, strict=False)  # answers may be fewer
    tests = [_judged(case, answer, checks.check, code) for case, answer in pairs]
    tests += [
        TestResult(case.name, False, error if not place else words.NOT_RUN)
        for place, case in enumerate(cases[len(tests) :])
    ]
    return Graded(
        not error and all(test.passed for test in tests), tests, error, transcript.seconds, transcript.printed
    )


def _unanswered(cases: list[Case], transcript: Transcript, error: str) -> Graded:
    tests = [TestResult(case.name, False, words.NOT_RUN) for case in cases]
    return Graded(False, tests, error, transcript.seconds, transcript.printed)


def _judged(case: Case, answer: Answer, check: Callable[[Case, Plain], None], code: str) -> TestResult:
    if answer.raised is not None:
        return TestResult(case.name, False, words.raised(answer.raised, code))
    try:
        check(case, answer.report)
    except Mismatch as mismatch:
        return TestResult(case.name, False, str(mismatch))
    except Exception as error:  # noqa: BLE001 - a report of another shape may break a check anywhere; that is no pass
        return TestResult(case.name, False, words.unreadable(error))
    return TestResult(case.name, True, "")


def _cases(checks: types.ModuleType, key: str, generator: torch.Generator) -> list[Case]:
    try:
        cases: list[Case] = list(checks.cases(generator))
    except Exception as error:
        raise BrokenExerciseError(f"checks.py of '{key}' makes no cases: {type(error).__name__}: {error}") from error
    if not cases:
        raise BrokenExerciseError(f"checks.py of '{key}' has no cases")
    return cases


def _checks(exercise: Exercise) -> types.ModuleType:
    """The exercise's `checks.py` as a module. It is part of the project and trusted."""
    name = f"checks_of_{exercise.key.replace('-', '_')}"
    module = types.ModuleType(name)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        exec(compile(exercise.checks, f"{exercise.key}/checks.py", "exec", dont_inherit=True), module.__dict__)
    except Exception as error:
        raise BrokenExerciseError(
            f"checks.py of '{exercise.key}' cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not callable(getattr(module, "cases", None)) or not callable(getattr(module, "check", None)):
        raise BrokenExerciseError(
            f"checks.py of '{exercise.key}' does not define cases(generator) and check(case, got)"
        )
    return module
