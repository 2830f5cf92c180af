"""A small deck with an item of every kind, the shipped decks, and a database with a history in every table."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from content.exercises import Exercise, ExerciseMeta
from content.items import ITEMS
from content.loader import load_decks
from content.schema import Deck, DeckMeta, Question, QuestionMeta
from study.scheduling import Rating, Scheduler
from study.store import Store

ITEMS_YAML = [
    {
        "kind": "choice",
        "key": "pick",
        "level": "junior",
        "prompt": "Which hold if $a < b$ & $c > 0$?",
        "options": [
            {"text": "$a$ is smaller", "right": True, "because": "By $a < b$."},
            {"text": "Neither", "because": "No.\n\n```python\nx = a < b\n```"},
            {"text": "Both", "right": True, "because": "Yes."},
        ],
    },
    {
        "kind": "typed",
        "key": "say",
        "level": "senior",
        "prompt": "Say it.",
        "seconds": 60,
        "key_points": [
            {"point": f"Point {number}", "level": "junior", "words": ["one", "two"]} for number in (1, 2, 3)
        ],
        "contradictions": [{"says": "Up is down.", "instead": "It is not."}],
        "model_answer": "I would say it.",
    },
    {
        "kind": "bug",
        "key": "find",
        "level": "senior",
        "prompt": "Find the line.",
        "code": 'import torch\nif 1 < 2 and True:\n    print("a & b")',
        "line": 2,
        "reasons": [
            {"text": "First", "right": True, "because": "So."},
            {"text": "Second", "because": "Not so."},
            {"text": "Third", "because": "Nor so."},
        ],
        "fix": "pass",
        "check": "assert True",
        "explanation": "It was line two.",
    },
    {
        "kind": "case",
        "key": "case",
        "level": "senior",
        "scenario": "800 images.",
        "size": "small",
        "similarity": "different",
        "check_first": "The labels.",
        "key_points": [{"point": f"Touch {number}", "level": "senior"} for number in (1, 2, 3, 4)],
        "discussion": "It depends:\n\n$$\n\\frac{a}{b} < 1\n- c\n$$\n\nso wait.",
    },
    {"kind": "computed", "key": "count", "level": "junior", "generator": "trainable_parameters"},
]


@pytest.fixture(scope="session")
def exercise() -> Exercise:
    wrong = [
        {"file": f"wrong_{name}.py", "because": "It is.", "caught_by": "a test"} for name in ("one", "two", "three")
    ]
    meta = {
        "title": "Freeze the model",
        "level": "junior",
        "minutes": 5,
        "task": "Freeze `model` while $k < 3$.",
        "function": "freeze",
        "signature": "def freeze(model): ...",
        "hints": ["Look.", "Loop."],
        "explanation": "It loops.",
        "wrong": wrong,
    }
    return Exercise(
        key="freeze",
        meta=ExerciseMeta.model_validate(meta),
        starter="def freeze(model):\n    pass",
        solution="def freeze(model):\n    model.requires_grad_(False)",
        drive="x = 1",
        checks="x = 1",
        wrong={entry["file"]: "pass" for entry in wrong},
    )


@pytest.fixture(scope="session")
def small(exercise: Exercise) -> Deck:
    """One question with a recall card, three follow-ups, an item of each kind and an exercise."""
    source = {"key": "s", "authors": "A", "year": 2020, "title": "T", "url": "https://x.test", "finding": "F"}
    meta = QuestionMeta.model_validate(
        {
            "key": "first",
            "number": 1,
            "title": "Is $1 < 2$ & <b>bold</b>?",
            "short": "First",
            "topic": "Basics & more",
            "hint": "Think.",
            "key_points": ["One is less.", "Two is *more*."],
            "sources": [source],
        }
    )
    question = Question.model_validate(
        {
            "deck": "small",
            "meta": meta,
            "answer": "Yes: $x_1 < x_2$ \\$5.\n\n* **a** is `1 < 2`\n* [b](https://x.test)",
            "spoken": "S",
            "senior": "S",
            "probing": "P",
            "followups": [{"key": f"why-{n}", "question": f"Why {n}?", "answer": f"Because {n}."} for n in (1, 2, 3)],
            "corrections": [
                {"key": "c", "says": "It is $y$.", "precise": "Not quite.", "evidence": [{"kind": "lab", "ref": "l"}]}
            ],
            "mistakes": [{"mistake": "M", "instead": "I"}] * 2,
            "items": ITEMS.validate_python(ITEMS_YAML),
            "exercises": [exercise],
        }
    )
    return Deck(meta=DeckMeta(key="small", title="Small", description="A deck.", order=2), questions=[question])


@pytest.fixture(scope="session")
def decks() -> list[Deck]:
    """The shipped decks."""
    return load_decks()


@pytest.fixture
def answer(now: datetime) -> Callable[..., None]:
    """Give one answer: (store, item, answer id, rating, minutes after `now`)."""

    def give(store: Store, item: str, answer_id: str, rating: Rating = Rating.GOOD, minutes: float = 0) -> None:
        card = store.card(item)
        store.answer(
            item,
            rating,
            now + timedelta(minutes=minutes),
            answer_id=answer_id,
            expected_version=0 if card is None else card.version,
            duration_seconds=7.25,
            scheduler=Scheduler(),
            answered={"text": '=1+1 „ü“\n"quoted"', "chosen": [0, 2]},
            kind="recall",
        )

    return give


@pytest.fixture
def history(store: Store, now: datetime, answer: Callable[..., None]) -> Store:
    """A store with entries in every table, among them an undone answer, a reset card, nulls and odd texts."""
    for number in range(12):
        answer(store, f"d/q{number % 5}", f"answer-{number}", Rating(number % 4 + 1), minutes=number * 700)
    store.undo_last(now + timedelta(days=9))
    store.add("d/added", now)
    store.set_note("d/q0", '=HYPERLINK("x")\nä ‘note’ \x7f', now)
    store.suspend("d/q1", True, now)
    store.bury("d/q2", now + timedelta(days=1), now)
    store.reset("d/q3", now + timedelta(days=10))
    store.log_prediction("forgetting", {"rate": 0.1}, "holds", now, prediction_id="p1")
    store.log_prediction("forgetting", {"rate": 1e-300}, "cannot_tell", now, prediction_id="p2")
    store.settle_prediction("p1", "holds", now + timedelta(minutes=2))
    store.log_run("forgetting", {"seed": 1}, 1 / 3, "holds", now, run_id="r1", measured={"accuracy": 0.1 + 0.2})
    store.log_run("forgetting", {"seed": 2}, 2.0, "holds", now, run_id="r2")
    store.set_setting("desired_retention", 0.93)
    store.set_setting("nothing", None)
    store.save_draft("exercise/freeze", "def freeze():\n\tpass", now)
    store.save_draft("exercise/freeze", "def freeze():\n    return 1", now + timedelta(hours=2))
    store.log_attempt("freeze", "code", False, [{"name": "t", "passed": False}], 0.5, now, attempt_id="t1")
    store.start_interview("i1", {"minutes": 10, "asked": []}, now)
    return store


@pytest.fixture
def empty(tmp_path: Path, empty_database: Path) -> Path:
    """A database without rows, in a folder of its own."""
    folder = tmp_path / "wiped"
    folder.mkdir()
    return Path(shutil.copy(empty_database, folder / "study.sqlite3"))


@pytest.fixture
def raw() -> Callable[[Path], list[str]]:
    """The whole content of an SQLite file as SQL, by SQLite's own means: equal lists are identical databases."""

    def read(file: Path) -> list[str]:
        connection = sqlite3.connect(file)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    return read
