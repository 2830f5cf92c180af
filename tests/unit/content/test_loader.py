"""Decks from folders: a second deck is a second folder, and mistakes keep the rest usable."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from content.loader import DECKS, ContentError, Problem, deck_roots, load_decks, read_decks
from content.search import SearchIndex
from tests.unit.content.deck_factory import DECK, FIRST, SECOND, make_decks, substitute, write


def test_a_question_is_whole(decks: Path) -> None:
    (deck,) = load_decks(decks)
    first, second = deck.questions
    assert (deck.meta.key, first.deck, first.meta.number, second.meta.number) == (DECK, DECK, 1, 2)
    assert first.answer.startswith("It orders elements.\n*   **Stable:**")
    assert first.answer.endswith("```")
    assert [followup.key for followup in first.followups] == ["equal-keys", "worst-case", "in-place"]
    assert first.followups[0].evidence[0].ref == "knuth-1998"
    assert (len(first.corrections), len(first.mistakes)) == (1, 2)


def test_second_deck_is_a_second_folder(decks: Path) -> None:
    make_decks(decks, "heaps", order=2)
    loaded = load_decks(decks)
    assert [deck.meta.key for deck in loaded] == [DECK, "heaps"]
    hits = SearchIndex.build(loaded).search("stable")
    assert {(hit.deck, hit.question) for hit in hits} >= {(DECK, "stable-sort"), ("heaps", "stable-sort")}


def test_second_deck_from_another_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_decks(tmp_path / "shipped")
    make_decks(tmp_path / "mine", "heaps", order=0 + 1)
    monkeypatch.setattr("content.loader.DECKS", tmp_path / "shipped")
    monkeypatch.setenv("TLI_DECKS", os.pathsep.join([str(tmp_path / "mine"), "", str(tmp_path / "shipped")]))
    assert deck_roots() == (tmp_path / "shipped", tmp_path / "mine")
    assert [deck.meta.key for deck in load_decks()] == ["heaps", DECK]


def test_missing_root_is_named(tmp_path: Path, decks: Path) -> None:
    _, problems = read_decks(decks, tmp_path / "gone")
    assert [str(problem) for problem in problems] == [
        f"{tmp_path / 'gone'}:1: folder: does not exist | remedy: name a folder that holds decks, as content/decks does"
    ]


def test_questions_come_by_number(decks: Path) -> None:
    (decks / FIRST).rename(decks / DECK / "10-stable-sort")
    substitute(decks / DECK / "10-stable-sort/question.yaml", "number: 1\n", "number: 10\n")
    assert [question.meta.number for question in load_decks(decks)[0].questions] == [2, 10]


def test_all_mistakes_are_listed_and_the_rest_is_read(decks: Path) -> None:
    substitute(decks / FIRST / "question.yaml", "labs: []", "labs: 3")
    (decks / FIRST / "spoken.md").unlink()
    (deck,), problems = read_decks(decks)
    assert [question.meta.key for question in deck.questions] == ["quick-sort"]
    assert [(problem.file, problem.line, problem.field) for problem in problems] == [
        (f"{FIRST}/question.yaml", 10, "labs"),
        (f"{FIRST}/spoken.md", 1, "file"),
    ]
    with pytest.raises(ContentError) as caught:
        load_decks(decks)
    assert caught.value.problems == problems
    assert str(caught.value).count("\n") == 1


def test_of_two_alike_the_first_is_kept(decks: Path) -> None:
    substitute(decks / SECOND / "question.yaml", "key: quick-sort", "key: stable-sort")
    (deck,), problems = read_decks(decks)
    assert [question.meta.number for question in deck.questions] == [1]
    assert len(problems) == 1


def test_a_problem_is_one_line() -> None:
    problem = Problem("a\nb.md", 3, "x\u2028y", "m\x1b[31m\r\nn" * 200, "r\udcff")
    assert str(problem).isprintable()
    assert len(str(problem)) < 700


def test_line_ends_and_byte_order_mark(decks: Path) -> None:
    path = decks / FIRST / "spoken.md"
    path.write_bytes(b"\xef\xbb\xbfOne.\r\nTwo.\r\n")
    assert load_decks(decks)[0].questions[0].spoken == "One.\nTwo."


def test_hidden_and_shared_files_do_not_matter(decks: Path) -> None:
    for name in (".git/HEAD", ".DS_Store", "README.md", "LICENSE", f"{DECK}/README.md", f"{FIRST}/.answer.md.swp"):
        write(decks / name, "x")
    assert len(load_decks(decks)) == 1


def test_loading_is_fast() -> None:
    """Ten questions load no slower than Python counts to 30 million: a ratio, since machines differ.

    Each loading is held against the counting beside it: a shared machine's pace can double between two of either.
    """
    read_decks(DECKS)
    ratios = [
        _seconds(lambda: read_decks(DECKS)) / (3 * _seconds(lambda: sum(1 for _ in range(10_000_000))))
        for _ in range(9)
    ]
    assert statistics.median(ratios) < 1, ratios


def _seconds(work: Callable[[], object]) -> float:
    """Of the processor: what runs beside the test does not count."""
    start = time.process_time()
    work()
    return time.process_time() - start
