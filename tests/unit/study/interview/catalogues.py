"""Catalogues to interview from: the shipped content, and tiny ones."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from content.exercises import ExerciseMeta
from content.items import ITEMS, Level, Typed
from content.loader import DECKS
from content.schema import FollowUp, QuestionMeta
from study.interviewing.model import USUAL_SECONDS, Entry, Kind


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


@lru_cache(maxsize=1)
def shipped() -> tuple[Entry, ...]:
    """What the content has today, kinds that are not written yet left out."""
    found: list[Entry] = []
    for file in sorted(DECKS.glob("*/*/question.yaml")):
        meta = QuestionMeta.model_validate(_read(file))
        question = f"{_read(file.parent.parent / 'deck.yaml')['key']}/{meta.key}"

        def add(
            key: str | None, kind: Kind, level: Level, seconds: int, question: str = question, topic: str = meta.topic
        ) -> None:
            item = question if key is None else f"{question}/{key}"
            found.append(Entry(item, question, kind, level, topic, seconds))

        add(None, "recall", "junior", USUAL_SECONDS["recall"])
        for entry in _read(file.parent / "followups.yaml"):
            add(FollowUp.model_validate(entry).key, "recall", "senior", USUAL_SECONDS["recall"])
        for item in ITEMS.validate_python(_read(file.parent / "items.yaml")):
            add(item.key, item.kind, item.level, item.seconds if isinstance(item, Typed) else USUAL_SECONDS[item.kind])
        for exercise in sorted((file.parent / "exercises").glob("*/exercise.yaml")):
            exercise_meta = ExerciseMeta.model_validate(_read(exercise))
            add(exercise.parent.name, "exercise", exercise_meta.level, exercise_meta.minutes * 60)
    return tuple(found)


@lru_cache(maxsize=1)
def complete() -> tuple[Entry, ...]:
    """The shipped catalogue, with two computed items and an exercise for every question that has none yet."""
    found = list(shipped())
    for question in {entry.question_id: entry.topic for entry in shipped()}.items():
        question_id, topic = question
        kinds = {entry.kind for entry in shipped() if entry.question_id == question_id}
        if "computed" not in kinds:
            found.append(Entry(f"{question_id}/number", question_id, "computed", "junior", topic, 75))
            found.append(Entry(f"{question_id}/shape", question_id, "computed", "senior", topic, 90))
        if "exercise" not in kinds:
            found.append(Entry(f"{question_id}/write-it", question_id, "exercise", "junior", topic, 420))
    return tuple(found)


def recall_only() -> tuple[Entry, ...]:
    """A foreign deck with two questions of two follow-ups each."""
    return tuple(
        Entry(f"d/{name}{suffix}", f"d/{name}", "recall", "junior", "T", 60)
        for name in ("a", "b")
        for suffix in ("", "/x", "/y")
    )
