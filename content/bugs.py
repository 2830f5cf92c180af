"""Running the bugs of a deck: the mistake must be real, and the fix must mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from content.items import Bug
from content.problems import Problem
from content.snippets import Snippet, run_blocks
from content.tree import RawQuestion, read_deck

SEEDS = (0, 1)
"""Of torch's generator; what a bug shows must not depend on it."""

_PER_RUN = 3


@dataclass(frozen=True)
class BugRun:
    """One run of `code` or `fix`, then of `check`: the error of each, None where there was none."""

    fixed: bool
    seed: int
    snippet: str | None
    check: str | None


def run_bugs(bugs: Sequence[Bug], timeout_seconds: float = 240) -> list[list[BugRun]]:
    """For each bug its runs: the mistake and the fix, each for every seed. One process for all: importing torch takes
    longer than running them."""
    plans = [(bug, fixed, seed) for bug in bugs for fixed in (False, True) for seed in SEEDS]
    blocks = []
    for number, (bug, fixed, seed) in enumerate(plans):
        # Seeding binds no name, so that a forgotten import still fails.
        codes = (f"__import__('torch').manual_seed({seed})", bug.fix if fixed else bug.code, bug.check)
        blocks += [Snippet(f"run {number}", 1, code) for code in codes]
    errors = [result.error for result in run_blocks(blocks, timeout_seconds)]
    runs = [
        BugRun(fixed, seed, errors[_PER_RUN * number + 1], errors[_PER_RUN * number + 2])
        for number, (_, fixed, seed) in enumerate(plans)
    ]
    each = 2 * len(SEEDS)
    return [runs[start : start + each] for start in range(0, len(runs), each)]


def bug_problems(deck: Path) -> list[Problem]:
    """What is wrong with the bugs of the folder `deck`, by running them."""
    raw, _ = read_deck(deck, deck.name)
    found = [
        (question, index, item)
        for question in raw.questions
        for index, item in enumerate(question.value("items.yaml") or ())
        if isinstance(item, Bug)
    ]
    runs = run_bugs([bug for _, _, bug in found])
    return [
        problem
        for (question, index, _), of_bug in zip(found, runs, strict=True)
        for problem in _problems(question, index, of_bug)
    ]


def _problems(question: RawQuestion, index: int, runs: Sequence[BugRun]) -> Iterator[Problem]:
    label = f"{question.label}/items.yaml"
    for run in runs:
        name = "fix" if run.fixed else "code"
        wrong = _wrong(run)
        if wrong:
            line = question.line("items.yaml", index, name)
            yield Problem(label, line, f"[{index}].{name}", *wrong)
            return


def _wrong(run: BugRun) -> tuple[str, str] | None:
    if run.snippet is not None:
        return f"does not run: {run.snippet}", "a silent mistake lets the snippet run to its end"
    if run.fixed and run.check is not None:
        return f"does not mend it: {run.check}", "correct 'fix', or what 'check' asks of it"
    if not run.fixed and run.check is None:
        return "passes its check, so that there is no mistake in it", "make 'check' fail on what is wrong"
    if not run.fixed and run.check is not None and not _says_what_is_wrong(run.check):
        return f"fails its check with {run.check}", "let 'check' say what is wrong, with assert and a message"
    return None


def _says_what_is_wrong(error: str) -> bool:
    """Of an assertion without a message, the worker tells the code."""
    return error.startswith("AssertionError: ") and not error.startswith("AssertionError: assert ")
