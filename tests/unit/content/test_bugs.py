"""Every shipped bug item: its mistake is real, its fix mends it, and the marked line is the one to change."""

from __future__ import annotations

import difflib
import itertools

import pytest

from content.bugs import SEEDS, BugRun, run_bugs
from content.items import ITEMS, Bug
from content.loader import DECKS
from content.yamltext import parse_yaml

TIMEOUT_SECONDS = 120

CLASSICS = {
    "optimiser built before the head was attached": "01-feature-extraction-vs-fine-tuning/optimiser-before-the-head",
    "optimiser built before freezing": "05-catastrophic-forgetting/optimiser-from-before-the-freeze",
    "model.train() wakes BatchNorm": "01-feature-extraction-vs-fine-tuning/validation-wakes-batchnorm",
    "head replaced before freezing": "10-layer-freezing/head-frozen-with-the-rest",
    "missing add_param_group": "10-layer-freezing/rate-for-the-wrong-group",
    "wrong normalisation": "09-why-imagenet/constants-known-by-heart",
    "class token interpolated with the grid": "07-input-resolution/class-token-at-the-wrong-end",
}


Outcomes = dict[str, list[BugRun]]
"""By item: the runs of its code and of its fix, each for every seed."""


def _shipped() -> dict[str, Bug]:
    """By `question folder/key`."""
    found: dict[str, Bug] = {}
    for file in sorted(DECKS.glob("*/*/items.yaml")):
        for item in ITEMS.validate_python(parse_yaml(file.read_text(encoding="utf-8")).data):
            if isinstance(item, Bug):
                found[f"{file.parent.name}/{item.key}"] = item
    return found


BUGS = _shipped()
each_bug = pytest.mark.parametrize("name", BUGS)


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """All runs in one process, because importing torch takes longer than running them."""
    found = dict(zip(BUGS, run_bugs(list(BUGS.values()), TIMEOUT_SECONDS), strict=True))
    for runs in found.values():
        assert [(run.fixed, run.seed) for run in runs] == list(itertools.product((False, True), SEEDS))
    return found


def test_the_classic_mistakes_are_there() -> None:
    assert {what: key for what, key in CLASSICS.items() if key not in BUGS} == {}
    assert len(BUGS) >= 36
    assert {name.split("/")[0] for name in BUGS} == {path.parent.name for path in DECKS.glob("*/*/items.yaml")}


@each_bug
def test_the_mistake_is_real(name: str, outcomes: Outcomes) -> None:
    for run in (run for run in outcomes[name] if not run.fixed):
        assert run.snippet is None, f"seed {run.seed}: a silent mistake must not stop the snippet: {run.snippet}"
        assert run.check is not None, f"seed {run.seed}: the check passes on the mistake"
        assert run.check.startswith("AssertionError: "), f"seed {run.seed}: {run.check}"


@each_bug
def test_the_fix_mends_it(name: str, outcomes: Outcomes) -> None:
    for run in (run for run in outcomes[name] if run.fixed):
        assert (run.snippet, run.check) == (None, None), f"seed {run.seed}"


@each_bug
def test_the_check_says_what_went_wrong(name: str, outcomes: Outcomes) -> None:
    error = outcomes[name][0].check
    assert error is not None
    assert "assert " not in error, "an assertion without a message shows its own code"


@each_bug
def test_the_fix_changes_the_marked_line(name: str) -> None:
    bug = BUGS[name]
    code, fix = bug.code.splitlines(), bug.fix.splitlines()
    assert code[bug.line - 1].strip()
    assert fix[bug.line - 1] != code[bug.line - 1]


@each_bug
def test_the_fix_changes_little_else(name: str) -> None:
    bug = BUGS[name]
    changes = [line[0] for line in difflib.ndiff(bug.code.splitlines(), bug.fix.splitlines())]
    assert changes.count("-") <= 2
    assert changes.count("+") <= 2
