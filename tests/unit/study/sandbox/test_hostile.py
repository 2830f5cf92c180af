"""Hostile submissions: none passes, none harms, and each author reads what happened, within 10 s."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import torch

from content.exercises import Exercise
from study.exercises.graded import Graded
from study.exercises.grading import grade
from study.sandbox.pool import Pool
from study.sandbox.usage import tree
from tests.unit.study.sandbox.attacks import ATTACKS, Attack
from tests.unit.study.sandbox.conftest import SOLUTION

PROJECT = Path(__file__).resolve().parents[4]
SECRET = "sesame-4711"


def everything_said(graded: Graded) -> str:
    return "\n".join([graded.error, graded.printed, *(test.message for test in graded.tests)])


def strangers(pool: Pool) -> list[int]:
    """Descendants of this process that are no warm sandbox of the pool's."""
    known = {member for pid in pool.pids() for member in tree(pid)}
    return [pid for pid in tree(os.getpid())[1:] if pid not in known]


def aimed(attack: Attack, treasure: Path) -> str:
    code = attack.code.replace("@PROJECT@", str(PROJECT)).replace("@FOLDER@", str(treasure))
    for file in treasure.iterdir():
        code = code.replace(f"@{file.name}@", str(file))
    return code


def wait_until_none(pool: Pool) -> list[int]:
    for _ in range(100):
        if not (left := strangers(pool)):
            return []
        time.sleep(0.05)
    return left


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_passes_or_harms(
    name: str, exercise: Exercise, pool: Pool, treasure: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack = ATTACKS[name]
    monkeypatch.setenv("TLI_SECRET", SECRET)
    before = {file.name: file.read_bytes() for file in treasure.iterdir()}
    environment = dict(os.environ)
    compare = torch.allclose
    assert pool.wait_ready()

    started = time.monotonic()
    graded = grade(exercise, aimed(attack, treasure), pool)
    seconds = time.monotonic() - started

    said = everything_said(graded)
    print(f"{name}: {seconds:.2f} s: {graded.error or [test.message for test in graded.tests]}")
    assert not graded.passed
    assert any(not test.passed for test in graded.tests)
    assert attack.message in said
    assert seconds < 10
    assert "secret of" not in said
    assert SECRET not in said
    assert {file.name: file.read_bytes() for file in treasure.iterdir()} == before
    assert dict(os.environ) == environment
    assert torch.allclose is compare
    assert wait_until_none(pool) == []

    if graded.error:  # the process was ended: the next one has to be as good
        assert grade(exercise, SOLUTION, pool).passed


def test_there_are_more_than_thirty_attacks() -> None:
    assert len(ATTACKS) >= 30
    assert len({attack.code for attack in ATTACKS.values()}) == len(ATTACKS)
