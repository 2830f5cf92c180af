"""Code in the content runs; a failure names its file and line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from content.loader import DECKS
from content.problems import ContentError
from content.snippets import SnippetResult, find_snippets, run_snippets
from tests.unit.content.deck_factory import ANSWER, DECK, FIRST, line_of, substitute, write

SHIPPED = sorted(path for path in DECKS.iterdir() if path.is_dir() and (path / "deck.yaml").exists())
SNIPPETS = [
    pytest.param(deck, index, id=f"{snippet.file}:{snippet.line}")
    for deck in SHIPPED
    for index, snippet in enumerate(find_snippets(deck))
]


@cache
def results(deck: Path) -> list[SnippetResult]:
    return run_snippets(deck)


def test_there_are_decks_with_code() -> None:
    assert SHIPPED
    assert SNIPPETS


@pytest.mark.parametrize(("deck", "index"), SNIPPETS)
def test_shipped_snippet(deck: Path, index: int) -> None:
    result = results(deck)[index]
    assert result.passed, str(result)


def test_snippets_are_found_with_their_lines(decks: Path) -> None:
    deck = decks / DECK
    found = find_snippets(deck)
    assert [(Path(snippet.file).name, snippet.line) for snippet in found] == [
        ("answer.md", line_of(decks / FIRST / "answer.md", "assert")),
        ("followups.yaml", line_of(decks / FIRST / "followups.yaml", "pairs =")),
    ] * 2
    assert found[1].code.startswith('pairs = [(1, "b"), (1, "a")]\nassert sorted(')
    assert all(result.passed for result in run_snippets(deck))


def test_failures_have_their_lines_and_do_not_spread(decks: Path) -> None:
    more = "\n- x\n\n  ```python\n  y = 1\n  assert y == 2, 'no'\n  ```\n\n```python\nz = y\n```\n"
    write(decks / FIRST / "answer.md", ANSWER + more)
    substitute(decks / FIRST / "followups.yaml", "lambda pair: pair[0]", "None and pair")
    first, second, third, fourth, *rest = run_snippets(decks / DECK)
    line = line_of(decks / FIRST / "answer.md", "'no'")
    assert first.passed
    assert str(second) == f"{FIRST}/answer.md:{line}: AssertionError: no"
    assert third.error == f"not run: the file failed in line {line}"
    assert (fourth.line, fourth.error) == (
        line_of(decks / FIRST / "followups.yaml", "None and pair"),
        "AssertionError: assert sorted(pairs, key=None and pair) == pairs",
    )
    assert len(rest) == 2
    assert all(result.passed for result in rest)


def test_names_are_shared_within_a_file_only(decks: Path) -> None:
    write(decks / DECK / "preamble.py", "base = []\n")
    write(
        decks / FIRST / "answer.md",
        "```python\nbase.append(1)\na = 1\n```\n\n```python\nassert (a, base) == (1, [1])\n```\n",
    )
    write(decks / FIRST / "senior.md", "```python\nassert base == []\nassert 'a' not in globals()\n```\n")
    assert [str(result) for result in run_snippets(decks / DECK) if not result.passed] == []


def test_broken_preamble_is_named(decks: Path) -> None:
    write(decks / DECK / "preamble.py", "a = 1\nb = c\n")
    found = run_snippets(decks / DECK)
    assert {result.error for result in found} == {f"not run: {DECK}/preamble.py:2: NameError: name 'c' is not defined"}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os\nos._exit(3)", "ended Python with exit code 3"),
        ("while True: pass", "not done after 2 s"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("print('{}')\nraise KeyError('k')", "KeyError: 'k'"),
        ("x = (", "SyntaxError: '(' was never closed"),
    ],
)
def test_snippets_that_end_badly(code: str, error: str, decks: Path) -> None:
    write(decks / FIRST / "answer.md", f"```python\n{code}\n```\n")
    first, *rest = run_snippets(decks / DECK, timeout_seconds=2)
    assert first.error is not None
    assert first.error.startswith(error)
    assert len(rest) == 3


def test_unreadable_file_is_not_passed_over(decks: Path) -> None:
    write(decks / FIRST / "followups.yaml", "a: [\n")
    with pytest.raises(ContentError, match="followups"):
        find_snippets(decks / DECK)
