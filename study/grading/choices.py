"""Choices and bugs: the order of the options, and a verdict with the reason for every option. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from content.items import Bug, Option
from study.scheduling import Rating


@dataclass(frozen=True)
class OptionVerdict:
    """`chosen` by the learner, `right` by the content, and `because`: why it is right or wrong (Markdown)."""

    chosen: bool
    right: bool
    because: str


@dataclass(frozen=True)
class ChoiceGrade:
    """`right`: exactly the right options were chosen. `score`, 0 to 1. `verdicts`: one per option, in content order."""

    right: bool
    score: float
    verdicts: tuple[OptionVerdict, ...]


@dataclass(frozen=True)
class BugGrade:
    """Line and reason count half each in `score`. `reasons`: one verdict per reason, as in the content."""

    line_right: bool
    reason_right: bool
    score: float
    reasons: tuple[OptionVerdict, ...]

    @property
    def right(self) -> bool:
        """Whether both were found."""
        return self.line_right and self.reason_right


def order(count: int, seed: int) -> tuple[int, ...]:
    """In which order to show `count` options: a permutation of range(count). ValueError if count is negative.

    By the hashes of (seed, index), because the seed stands in the log: they are the same in every Python version, which
    `random.shuffle` does not promise.
    """
    if count < 0:
        raise ValueError(f"count is {count}")
    return tuple(sorted(range(count), key=lambda index: hashlib.sha256(f"{seed}/{index}".encode()).digest()))


def grade_choice(options: Sequence[Option], chosen: Collection[int]) -> ChoiceGrade:
    """Grades the chosen indices (as in the content, not as shown). ValueError for an index that is not there.

    The score is (right ones chosen - wrong ones chosen) / right ones, at least 0: choosing everything earns nothing.
    """
    verdicts = _verdicts(options, chosen)
    expected = sum(verdict.right for verdict in verdicts)
    if expected == 0:
        raise ValueError("no option is right")
    balance = sum(1 if verdict.right else -1 for verdict in verdicts if verdict.chosen)
    return ChoiceGrade(
        right=all(verdict.chosen == verdict.right for verdict in verdicts),
        score=max(0, balance) / expected,
        verdicts=verdicts,
    )


def grade_bug(bug: Bug, line: int | None, reason: int | None) -> BugGrade:
    """Grades a line (from 1) and the index of a reason; None was not answered. ValueError if one is not there."""
    lines = len(bug.code.splitlines())
    if line is not None and not 1 <= line <= lines:
        raise ValueError(f"line {line} of {lines}")
    reasons = _verdicts(bug.reasons, () if reason is None else (reason,))
    line_right = line == bug.line
    reason_right = any(verdict.chosen and verdict.right for verdict in reasons)
    return BugGrade(
        line_right=line_right, reason_right=reason_right, score=(line_right + reason_right) / 2, reasons=reasons
    )


def suggest_rating(score: float) -> Rating:
    """The rating that a choice's or a bug's score suggests: good for 1, hard from 0.5, else again.

    Never easy: recognising the right option is less than recalling it. ValueError outside 0 to 1.
    """
    if not 0 <= score <= 1:
        raise ValueError(f"score is {score}; it must be between 0 and 1")
    if score == 1:
        return Rating.GOOD
    return Rating.HARD if score >= 0.5 else Rating.AGAIN


def _verdicts(options: Sequence[Option], chosen: Collection[int]) -> tuple[OptionVerdict, ...]:
    unknown = set(chosen) - set(range(len(options)))
    if unknown:
        raise ValueError(f"options {sorted(unknown)} of {len(options)}; indices start at 0")
    return tuple(
        OptionVerdict(chosen=index in chosen, right=option.right, because=option.because)
        for index, option in enumerate(options)
    )
