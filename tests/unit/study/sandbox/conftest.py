"""A small exercise, a warm pool, and what a submission must not touch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from content.exercises import Exercise
from study.sandbox import fence
from study.sandbox.pool import Pool

SOLUTION = """\
def scale(x, k):
    return k * x + x.mean()
"""
STARTER = """\
def scale(x, k):
    raise NotImplementedError
"""
DRIVE = """\
def drive(submission, given):
    return {"y": submission.scale(given["x"], given["k"])}
"""
CHECKS = """\
import torch
from study.exercises.contract import Case, expect_close, field

def cases(generator):
    draw = lambda *shape: torch.randn(*shape, generator=generator)
    k = float(draw(()))
    return [Case("a vector", {"x": draw(5), "k": k}), Case("a matrix", {"x": draw(3, 4), "k": 1 + k})]

def check(case, got):
    x = case.given["x"]
    expect_close("y", case.given["k"] * x + x.mean(), field(got, "y"))
"""


def require_sandbox() -> None:
    """Skip where there is no bubblewrap, unless `TLI_REQUIRE_SANDBOX` says that there has to be."""
    why_not = fence.why_no_fence()
    if why_not and os.environ.get("TLI_REQUIRE_SANDBOX") == "1":
        pytest.fail(f"TLI_REQUIRE_SANDBOX=1, but {why_not}")
    if why_not:
        pytest.skip(why_not)


@pytest.fixture(scope="package")
def exercise() -> Exercise:
    meta = {
        "title": "Scale and shift",
        "level": "junior",
        "minutes": 5,
        "task": "Return k times x plus the mean of x.",
        "function": "scale",
        "signature": "def scale(x, k)",
        "hints": ["Broadcast.", "Use mean."],
        "explanation": "As it says.",
        "wrong": [
            {"file": f"wrong_{name}.py", "because": "It forgets it.", "caught_by": "a vector"}
            for name in ("a", "b", "c")
        ],
    }
    wrong = {f"wrong_{name}.py": "def scale(x, k):\n    return k * x\n" for name in ("a", "b", "c")}
    return Exercise.model_validate(
        {
            "key": "scale",
            "meta": meta,
            "starter": STARTER,
            "solution": SOLUTION,
            "drive": DRIVE,
            "checks": CHECKS,
            "wrong": wrong,
        }
    )


@pytest.fixture(scope="package")
def pool() -> Iterator[Pool]:
    require_sandbox()
    with Pool(warm=2) as opened:
        assert opened.wait_ready()
        yield opened


@pytest.fixture(scope="package")
def treasure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what attackers want: a database, hidden tests, a solution, and a file to overwrite."""
    folder = tmp_path_factory.mktemp("treasure")
    for name in ("study.sqlite3", "checks.py", "solution.py", "canary.txt"):
        (folder / name).write_text(f"secret of {name}", encoding="utf-8")
    yield folder
    shutil.rmtree(folder)
