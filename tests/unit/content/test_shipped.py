"""The shipped deck: without mistakes, and its card answers word for word those of the ten questions."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from pathlib import Path

import pytest

from content.items import Case, Computed
from content.linter import check
from content.loader import DECKS, load_decks
from content.tree import read_tree

DECK = DECKS / "transfer-learning"

ANSWERS = {
    "01-feature-extraction-vs-fine-tuning": "6a37e9cb894bae6eb278524820cad663a8b14a831e6ab4c17e8ab45fc36d8ef4",
    "02-lower-learning-rate": "6704886cce0330dff510b7f955d4f374304a78ccd3fa4ff5278bd3afc595be87",
    "03-small-similar-dataset": "d659d7cb6165c328abf9383e50a0ed9eb2b4c8a1005494b7c8c397234d2c511a",
    "04-large-different-dataset": "df696b7a3bfe6640e03a3fc6459cf3c25ed6348912de4fffce28dcd4f58ee018",
    "05-catastrophic-forgetting": "825e89ccc174222e911117cbd7066e4d3964882048f16e4b76f3557a42178530",
    "06-domain-adaptation": "5e853c00859b07411135fecf562772e015bb9d187be9070552c57436e7a55bd7",
    "07-input-resolution": "0882a12b542c0c2eb677d00a33dc4d44b30a6e7b831e1a4a885ee970ed388062",
    "08-discriminative-learning-rates": "c6d4312f69d3dffd131f9d0927515d26ad95e27a23028991a575879f4d71256b",
    "09-why-imagenet": "7256ad7397beb1ddc053c420ec390c609c51fa224f5e11567d57de8971618cfa",
    "10-layer-freezing": "cbddeaf6ee1e8acda057eb9e8ea88cfe2ae66fab04730c19a594ce6f6af92a8d",
}
"""SHA-256 of the answer's text, without space around it, as it was handed to us."""


def test_shipped_decks_have_no_mistakes() -> None:
    report = check((DECKS,))
    assert [str(problem) for problem in report.problems] == []
    assert sum(len(deck.questions) for deck in report.decks if deck.meta.key == "transfer-learning") == 10


def test_exactly_these_questions() -> None:
    (deck,) = (deck for deck in read_tree((DECKS,))[0] if deck.path == DECK)
    assert [question.path.name for question in deck.questions] == sorted(ANSWERS)


@pytest.mark.parametrize("folder", ANSWERS)
def test_card_answer_is_kept_whole(folder: str) -> None:
    text = Path(DECK / folder / "answer.md").read_text(encoding="utf-8").strip()
    assert hashlib.sha256(text.encode()).hexdigest() == ANSWERS[folder]


def test_enough_to_practise_with() -> None:
    """The quantities that the quiz was ordered with: cards by kind and question, cases, generators, exercises."""
    (deck,) = load_decks(DECKS)
    items = {question.meta.key: question.items for question in deck.questions}
    assert sum(map(len, items.values())) >= 150
    assert {key: len(found) for key, found in items.items() if len(found) < 15} == {}
    every = [item for found in items.values() for item in found]
    recall = sum(1 + len(question.followups) for question in deck.questions)
    exercises = [exercise for question in deck.questions for exercise in question.exercises]
    counts = Counter(item.kind for item in every) | Counter(recall=recall, exercise=len(exercises))
    assert set(counts) == {"recall", "choice", "typed", "bug", "case", "computed", "exercise"}
    cases = [(item.size, item.similarity) for item in every if isinstance(item, Case)]
    assert len(cases) >= 10
    assert set(cases) == set(itertools.product(("small", "large"), ("similar", "different")))
    assert len({item.generator for item in every if isinstance(item, Computed)}) >= 20
    assert len(exercises) >= 12
    assert sum(len(exercise.wrong) for exercise in exercises) >= 36
    assert all(len(exercise.wrong) >= 3 for exercise in exercises)


def test_every_card_has_its_own_identity() -> None:
    (deck,) = load_decks(DECKS)
    for question in deck.questions:
        keys = [each.key for each in (*question.followups, *question.items, *question.exercises)]
        assert len(set(keys)) == len(keys), question.meta.key
