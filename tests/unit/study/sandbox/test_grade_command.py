"""`python -m study grade`: exit codes, JSON, and words for wrong usage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from content.exercises import Exercise
from study.cli import main
from study.commands import grade as command
from study.sandbox import fence
from tests.unit.study.sandbox.conftest import SOLUTION, require_sandbox


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch, exercise: Exercise) -> None:
    known = {"first/scale": exercise, "first/twice": exercise, "second/twice": exercise}
    monkeypatch.setattr(command, "exercises", lambda: known)


@pytest.fixture
def right(tmp_path: Path) -> Path:
    file = tmp_path / "right.py"
    file.write_text(SOLUTION, encoding="utf-8")
    return file


def test_a_right_solution(right: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_sandbox()
    assert main(["grade", "scale", str(right), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"passed", "tests", "error", "seconds"}
    assert result["passed"] is True
    assert result["error"] is None
    assert result["tests"] == [{"name": name, "passed": True, "message": ""} for name in ("a vector", "a matrix")]
    assert 0 < result["seconds"] < 8


def test_a_wrong_solution(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_sandbox()
    file = tmp_path / "wrong.py"
    file.write_text("print('hello')\ndef scale(x, k): return x", encoding="utf-8")
    assert main(["grade", "first/scale", str(file)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAILED  a vector\n        y: expected a tensor")
    assert "It printed:\nhello\nNot passed in" in out


@pytest.mark.parametrize(
    ("name", "said"),
    [("pandora", "No exercise 'pandora'. There are: first/scale,"), ("twice", "More than one exercise 'twice'.")],
)
def test_an_exercise_that_is_not_meant(name: str, said: str, right: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", name, str(right)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(said)
    assert "first/twice, second/twice" in captured.err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "scale", str(tmp_path / "gone.py")]) == 2
    assert "gone.py" in capsys.readouterr().err


def test_without_the_fence_it_asks_for_consent(
    right: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "why_no_fence", lambda: "bubblewrap is not installed")
    assert main(["grade", "scale", str(right)]) == 2
    assert "--allow-unsandboxed" in capsys.readouterr().err
    assert main(["grade", "scale", str(right), "--allow-unsandboxed"]) == 0
