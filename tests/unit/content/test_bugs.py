"""Every shipped bug item: its mistake is real, its fix mends it, and the marked line is the one to change."""

from __future__ import annotations

import difflib
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from content.items import ITEMS, Bug
from content.loader import DECKS
from content.yamltext import parse_yaml

ROOT = Path(__file__).parents[3]
SEEDS = (0, 1)
VERSIONS = ("code", "fix")
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


class Outcome(NamedTuple):
    """Errors of the snippet and of the check after it; None where there was none."""

    snippet: str | None
    check: str | None


Outcomes = dict[tuple[str, str, int], Outcome]
"""By item, version and seed."""


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


def _snippets(name: str, version: str, seed: int) -> list[dict[str, object]]:
    """What runs in one namespace. Seeding binds no name, so that a forgotten import still fails."""
    bug = BUGS[name]
    body = bug.code if version == "code" else bug.fix
    codes = (f"__import__('torch').manual_seed({seed})", body, bug.check)
    return [{"file": f"{name} {version} {seed}", "line": 1, "code": code} for code in codes]


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """All runs in one process, because importing torch takes longer than running them."""
    runs = list(itertools.product(BUGS, VERSIONS, SEEDS))
    job = {"preamble": "", "preamble_file": "", "snippets": [s for run in runs for s in _snippets(*run)]}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "content.snippet_worker"],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        input=json.dumps(job),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    errors = [json.loads(line)["error"] for line in done.stdout.splitlines()]
    assert len(errors) == 3 * len(runs)
    assert errors[0::3] == [None] * len(runs)
    pairs = zip(errors[1::3], errors[2::3], strict=True)
    return {run: Outcome(*pair) for run, pair in zip(runs, pairs, strict=True)}


def test_the_classic_mistakes_are_there() -> None:
    assert {what: key for what, key in CLASSICS.items() if key not in BUGS} == {}
    assert len(BUGS) >= 36
    assert {name.split("/")[0] for name in BUGS} == {path.parent.name for path in DECKS.glob("*/*/items.yaml")}


@each_bug
def test_the_mistake_is_real(name: str, outcomes: Outcomes) -> None:
    for seed in SEEDS:
        snippet, check = outcomes[name, "code", seed]
        assert snippet is None, f"seed {seed}: a silent mistake must not stop the snippet: {snippet}"
        assert check is not None, f"seed {seed}: the check passes on the mistake"
        assert check.startswith("AssertionError: "), f"seed {seed}: {check}"


@each_bug
def test_the_fix_mends_it(name: str, outcomes: Outcomes) -> None:
    for seed in SEEDS:
        assert outcomes[name, "fix", seed] == Outcome(None, None), f"seed {seed}"


@each_bug
def test_the_check_says_what_went_wrong(name: str, outcomes: Outcomes) -> None:
    error = outcomes[name, "code", SEEDS[0]].check
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
