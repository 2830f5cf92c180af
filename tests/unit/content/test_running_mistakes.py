"""Mistakes that only running shows: bugs, generators and exercises, through `content check`. Two runs in all."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from content.cli import main
from study.sandbox import fence
from tests.unit.content.deck_factory import FIRST, substitute, write
from tests.unit.content.item_factory import CHECKS, EXERCISE, EXERCISE_FILE, ITEMS_FILE, copied, make_item_decks

MENDS, SILENT = "        x.grad = None\n", "        pass\n"


@pytest.fixture(autouse=True)
def sandbox() -> None:
    """Solutions run behind the fence. Skips where there is none, unless TLI_REQUIRE_SANDBOX=1 says that there is."""
    why_not = fence.why_no_fence()
    if why_not and os.environ.get("TLI_REQUIRE_SANDBOX") == "1":
        pytest.fail(f"TLI_REQUIRE_SANDBOX=1, but {why_not}")
    if why_not:
        pytest.skip(why_not)


def test_right_decks_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decks = make_item_decks(tmp_path / "decks")
    assert main(["check", str(decks)]) == 0
    assert capsys.readouterr() == ("1 deck, 2 questions: no mistakes\n", "")


def _bug(items: str, key: str, old: str, new: str) -> str:
    """One more bug like the first one of `items`, under another key and with one thing changed."""
    bug = items[items.index("- kind: bug") : items.index("- kind: case")]
    assert old in bug
    return items + bug.replace("key: doubled-gradient", f"key: {key}").replace(old, new)


def _break_items(decks: Path) -> list[str]:
    """Adds four broken bugs and an unknown generator; the lines that they must give."""
    items = (decks / ITEMS_FILE).read_text(encoding="utf-8")
    items = _bug(items, "no-mistake", SILENT, MENDS)
    items = _bug(items, "no-mending", MENDS, SILENT)
    items = _bug(items, "it-stops", SILENT, "        y.backward()\n")
    items = _bug(items, "no-message", '[2, 2], "gradients have added up"', "[2, 2]")
    items += "- {kind: computed, key: no-generator, level: junior, generator: no_such_thing}\n"
    write(decks / ITEMS_FILE, items)
    lines = items.split("\n")

    def place(key: str, part: str) -> str:
        return f"{ITEMS_FILE}:{lines.index(f'  {part}: |-', lines.index(f'  key: {key}')) + 1}"

    return [
        f"{place('no-mistake', 'code')}: [5].code: passes its check, so that there is no mistake in it | remedy: "
        "make 'check' fail on what is wrong",
        f"{place('no-mending', 'fix')}: [6].fix: does not mend it: AssertionError: gradients have added up | remedy: "
        "correct 'fix', or what 'check' asks of it",
        f"{place('it-stops', 'code')}: [7].code: does not run: NameError: name 'y' is not defined | remedy: "
        "a silent mistake lets the snippet run to its end",
        f"{place('no-message', 'code')}: [8].code: fails its check with AssertionError: "
        "assert x.grad.tolist() == [2, 2] | remedy: let 'check' say what is wrong, with assert and a message",
        f"{ITEMS_FILE}:{len(lines) - 1}: [9].generator: there is no generator 'no_such_thing' | remedy: "
        "name one of: ...",
    ]


def _break_exercises(decks: Path) -> list[str]:
    """Four mistakes in the exercise, and three copies of it whose checks are broken; the lines that they must give."""
    right, wrong = "def double(x):\n    return 2 * x\n", "def double(x):\n    return 3 * x\n"
    checks = {
        "cannot-load": CHECKS.replace("import torch", "import torch\n\n1 / 0"),
        "crashes": CHECKS.replace("+ 3", "+ None"),
        "no-cases": "def cases(generator):\n    return []\n\n\ndef check(case, got): ...\n",
    }
    for key, text in checks.items():
        copied(EXERCISE, f"{FIRST}/exercises/{key}")(decks)
        write(decks / f"{FIRST}/exercises/{key}/checks.py", text)
    for file, code in {"solution.py": wrong, "starter.py": right, "wrong_squares.py": right}.items():
        write(decks / EXERCISE / file, code)
    substitute(decks / EXERCISE_FILE, "caught_by: the argument stays as it is", "caught_by: no such test")
    at = f"{FIRST}/exercises"
    return [
        f"{EXERCISE}/solution.py:1: code: does not pass: numbers are doubled: the doubled numbers: expected ... | "
        "remedy: correct the solution, or what checks.py asks",
        f"{EXERCISE}/starter.py:1: code: passes every test | remedy: leave the work to the learner",
        f"{EXERCISE_FILE}:17: wrong[1].caught_by: there is no test 'no such test' | remedy: "
        "name one of: numbers are doubled, the argument stays as it is",
        f"{EXERCISE_FILE}:20: wrong[2].caught_by: wrong_squares.py passes 'numbers are doubled' | remedy: "
        "correct checks.py so that it is caught, or name the test that catches it",
        f"{at}/cannot-load/checks.py:1: code: checks.py of 'cannot-load' cannot be loaded: ZeroDivisionError: "
        "division by zero | remedy: correct checks.py",
        f"{at}/crashes/checks.py:1: code: checks.py of 'crashes' makes no cases: TypeError: "
        "unsupported operand type(s) for +: 'Tensor' and 'NoneType' | remedy: correct checks.py",
        f"{at}/no-cases/checks.py:1: code: checks.py of 'no-cases' has no cases | remedy: correct checks.py",
    ]


def test_each_mistake_gives_exactly_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decks = make_item_decks(tmp_path / "decks")
    expected = sorted([*_break_items(decks), *_break_exercises(decks)])
    assert main(["check", str(decks)]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    # Numbers are drawn anew in each run, and the list of generators grows.
    told = re.sub(r"numbers: expected .* \|", "numbers: expected ... |", out)
    told = re.sub(r"name one of: adam_first_step, .*", "name one of: ...", told)
    assert sorted(told.splitlines()) == expected
