"""Drafts: nothing that was typed is lost by starting over, by a second tab, or by typing on."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from study.store import Store
from study.storing.drafts import holds


def _versions(store: Store, key: str = "k") -> list[str]:
    return [draft.text for draft in store.draft_versions(key)]


def test_the_last_text_is_the_draft(store: Store, now: datetime) -> None:
    assert (store.draft("k"), store.draft_versions("k")) == (None, [])
    store.save_draft("k", "one", now)
    store.save_draft("k", "", now + timedelta(seconds=1))
    store.save_draft("other", "text", now)
    assert (store.draft("k"), store.draft("other"), store.draft("k", learner="bob")) == ("", "text", None)
    assert [(draft.key, draft.text, draft.updated_at) for draft in store.draft_versions("k")] == [
        ("k", "", now + timedelta(seconds=1)),
        ("k", "one", now),
    ]


def test_saving_the_same_again_changes_nothing(store: Store, now: datetime) -> None:
    store.save_draft("k", "one", now)
    store.save_draft("k", "one", now + timedelta(days=1))
    assert [(draft.text, draft.updated_at) for draft in store.draft_versions("k")] == [("one", now)]


def test_a_version_that_comes_back_is_kept_once(store: Store, now: datetime) -> None:
    """Two tabs that overwrite each other again and again do not push the rest out."""
    store.save_draft("k", "mine", now)
    for _ in range(60):
        store.save_draft("k", "tab one", now)
        store.save_draft("k", "tab two", now)
    assert _versions(store) == ["tab two", "tab one", "mine"]


def test_the_last_fifty_are_kept_whatever_they_are(store: Store, now: datetime) -> None:
    """Typed letter by letter, each holds the one before."""
    typed = ["x" * length for length in range(1, 81)]
    for text in typed:
        store.save_draft("k", text, now)
    assert _versions(store) == typed[:-51:-1]


def test_after_starting_over_the_old_code_outlives_any_typing(store: Store, now: datetime) -> None:
    solution, starter = "def freeze(model, k):\n    pass  # nearly there\n", "def freeze(model, k):\n"
    store.save_draft("k", solution, now)
    store.save_draft("k", starter, now)
    for length in range(1, 200):
        store.save_draft("k", starter + "    return " + "y" * length, now)
    versions = _versions(store)
    assert solution in versions
    assert versions.index(solution) == 50  # behind the fifty; the starter is part of it, so it is not kept beside it


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_dropped_is_held_by_a_version_that_stays(store: Store, now: datetime, seed: int) -> None:
    """Random typing, deleting, pasting and starting over: each text ever saved is there, or all its
    letters are, in order, in one that is."""
    rng = random.Random(seed)
    text, saved = "", []
    for _ in range(150):
        cut = rng.randint(0, len(text))
        choice = rng.random()
        if choice < 0.7:
            text = text[:cut] + rng.choice(["a", "b", "cd"]) + text[cut:]
        elif choice < 0.9:
            text = text[:cut] + text[cut + rng.randint(1, 4) :]
        else:
            text = rng.choice(["", "starter", "other"])
        store.save_draft("k", text, now)
        saved.append(text)
    kept = _versions(store)
    assert kept[0] == text
    assert len(set(kept)) == len(kept)
    distinct = list(dict.fromkeys(reversed(saved)))
    assert kept[:50] == distinct[:50]
    for lost in set(saved) - set(kept):
        assert any(_subsequence(lost, whole) for whole in kept)


def _subsequence(part: str, whole: str) -> bool:
    letters = iter(whole)
    return all(letter in letters for letter in part)


@pytest.mark.parametrize("seed", range(5))
def test_holds_equals_trying_every_piece(seed: int) -> None:
    rng = random.Random(seed)
    found = set()
    for _ in range(2000):
        whole, part = ("".join(rng.choices("ab", k=rng.randint(0, 6))) for _ in range(2))
        pieces = {whole[:start] + whole[end:] for start in range(7) for end in range(start, 7)}
        assert holds(whole, part) == (part in pieces)
        found.add(part in pieces)
    assert found == {True, False}
