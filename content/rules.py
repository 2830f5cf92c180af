"""What no single file can tell: identities that clash, and references that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from content.exercises import EXERCISE_FILES, ExerciseMeta
from content.problems import Problem
from content.schema import Correction, Evidence, FollowUp, QuestionMeta, Source
from content.tree import RawDeck, RawFolder, RawQuestion

Keyed = FollowUp | Correction | Source

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SLUG_LENGTH = 60
_FOLDER = re.compile(r"(\d{2,})-[a-z0-9]+(-[a-z0-9]+)*")


def identity_problems(decks: Sequence[RawDeck]) -> Iterator[Problem]:
    """Keys and numbers that are given twice: reviews are stored under them."""
    yield from _twice(decks, "deck.yaml", "key", "keep it unique among all decks")
    for deck in decks:
        yield from _twice(deck.questions, "question.yaml", "key", "keep it unique within the deck")
        yield from _twice(deck.questions, "question.yaml", "number", "give each question of the deck its own number")
        for question in deck.questions:
            yield from _twice_within(question, "followups.yaml", question.value("followups.yaml"), ())
            yield from _twice_within(question, "corrections.yaml", question.value("corrections.yaml"), ())
            meta = question.value("question.yaml")
            yield from _twice_within(question, "question.yaml", meta.sources if meta else None, ("sources",))
            yield from _cards(question)
            for exercise in question.exercises:
                yield from _exercise(exercise)


def reference_problems(decks: Sequence[RawDeck], demos: Path) -> Iterator[Problem]:
    """Folder names, labs, sources and evidence of every question. `demos` is the folder of labs; none is imported."""
    for deck in decks:
        for question in deck.questions:
            yield from _folder_name(question)
            meta: QuestionMeta | None = question.value("question.yaml")
            if meta:
                yield from _labs(question, meta, demos)
                yield from _sources(question, meta)
                yield from _evidence(question, meta, demos)


def _twice(folders: Iterable[RawFolder], file: str, field: str, remedy: str) -> Iterator[Problem]:
    seen: dict[object, str] = {}
    for folder in folders:
        value = folder.value(file)
        if value is None:
            continue
        this = getattr(value, field)
        if this in seen:
            where = f"'{this}' is also that of {seen[this]}"
            yield Problem(f"{folder.label}/{file}", folder.line(file, field), field, where, remedy)
        seen.setdefault(this, folder.label)


def _twice_within(
    folder: RawFolder, file: str, entries: Sequence[Keyed] | None, at: tuple[str, ...]
) -> Iterator[Problem]:
    seen: dict[object, int] = {}
    for index, entry in enumerate(entries or ()):
        key = entry.key
        line = folder.line(file, *at, index, "key")
        if key in seen:
            field = f"{''.join(at)}[{index}].key"
            where = f"'{key}' is also the key of the entry in line {seen[key]}"
            yield Problem(f"{folder.label}/{file}", line, field, where, "give each entry its own key")
        seen.setdefault(key, line)


def _cards(question: RawQuestion) -> Iterator[Problem]:
    """Follow-ups, items and exercises are cards under one name each."""
    seen = {entry.key: "a follow-up" for entry in question.value("followups.yaml") or ()}
    for index, item in enumerate(question.value("items.yaml") or ()):
        if item.key in seen:
            line = question.line("items.yaml", index, "key")
            found = f"'{item.key}' is also the key of {seen[item.key]}"
            yield Problem(f"{question.label}/items.yaml", line, f"[{index}].key", found, "give each its own key")
        seen.setdefault(item.key, "another item")
    for exercise in question.exercises:
        key = exercise.path.name
        if not _is_slug(key):
            remedy = (
                "use lower-case letters, digits and single hyphens, as 'freeze-first-children', at most 60 characters"
            )
            yield Problem(exercise.label, 1, "folder", "has a name of the wrong form", remedy)
        elif key in seen:
            yield Problem(exercise.label, 1, "folder", f"'{key}' is also the key of {seen[key]}", "rename the folder")


def _is_slug(name: str) -> bool:
    return len(name) <= _SLUG_LENGTH and bool(_SLUG.fullmatch(name))


def _exercise(folder: RawFolder) -> Iterator[Problem]:
    """Wrong solutions that are named and those that are there must be the same."""
    meta: ExerciseMeta | None = folder.value("exercise.yaml")
    if meta is None:
        return
    label = f"{folder.label}/exercise.yaml"
    named: dict[str, int] = {}
    for index, wrong in enumerate(meta.wrong):
        if wrong.file in named:
            line = folder.line("exercise.yaml", "wrong", index, "file")
            found = f"'{wrong.file}' is also that of wrong[{named[wrong.file]}]"
            yield Problem(label, line, f"wrong[{index}].file", found, "name each wrong solution once")
        named.setdefault(wrong.file, index)
    there = {name for name in folder.files if name not in EXERCISE_FILES}
    for name, index in named.items():
        if name not in there:
            line = folder.line("exercise.yaml", "wrong", index, "file")
            yield Problem(label, line, f"wrong[{index}].file", f"there is no file '{name}'", "add the file")
    for name in sorted(there - set(named)):
        remedy = "add it to 'wrong' in exercise.yaml, with the reason and the test that catches it"
        yield Problem(f"{folder.label}/{name}", 1, "file", "is not named in exercise.yaml", remedy)


def is_complete(exercise: RawFolder) -> bool:
    """Whether the exercise can be used: every file is there and none has a mistake that this room can see."""
    if not _is_slug(exercise.path.name):
        return False
    named = {wrong.file for wrong in meta.wrong} if (meta := exercise.value("exercise.yaml")) else set()
    return bool(named) and {*EXERCISE_FILES, *named} <= exercise.files.keys() and not list(_exercise(exercise))


def _folder_name(question: RawFolder) -> Iterator[Problem]:
    form = _FOLDER.fullmatch(question.path.name)
    if not form:
        remedy = "name it by number and slug, as '03-small-similar-dataset'"
        yield Problem(question.label, 1, "folder", "has a name of the wrong form", remedy)
        return
    meta: QuestionMeta | None = question.value("question.yaml")
    if meta and int(form[1]) != meta.number:
        line, found = question.line("question.yaml", "number"), f"is {meta.number}, but the folder says {form[1]}"
        yield Problem(f"{question.label}/question.yaml", line, "number", found, "make the two agree")


def lab_exists(name: str, demos: Path) -> bool:
    """Whether the lab's folder is there. A package cannot have hyphens: `lr-sweep` lies in `lr_sweep`."""
    return (demos / name / "lab.py").is_file()


def known_labs(demos: Path) -> list[str]:
    return sorted(path.parent.name for path in demos.glob("*/lab.py"))


def _lab_remedy(demos: Path) -> str:
    return f"name a lab that exists ({', '.join(known_labs(demos)) or 'none does yet'}), or remove it"


def _labs(question: RawFolder, meta: QuestionMeta, demos: Path) -> Iterator[Problem]:
    for index, lab in enumerate(meta.labs):
        if not lab_exists(lab, demos):
            line = question.line("question.yaml", "labs", index)
            found = f"there is no lab '{lab}'"
            yield Problem(f"{question.label}/question.yaml", line, f"labs[{index}]", found, _lab_remedy(demos))


def _sources(question: RawFolder, meta: QuestionMeta) -> Iterator[Problem]:
    for index, source in enumerate(meta.sources):
        if source.arxiv is None and source.url is None:
            line = question.line("question.yaml", "sources", index)
            found = f"'{source.key}' says neither arxiv nor url"
            remedy = "add the one where the finding can be checked"
            yield Problem(f"{question.label}/question.yaml", line, f"sources[{index}]", found, remedy)


def _evidence(question: RawFolder, meta: QuestionMeta, demos: Path) -> Iterator[Problem]:
    sources = [source.key for source in meta.sources]
    for file in ("followups.yaml", "corrections.yaml"):
        for index, entry in enumerate(question.value(file) or ()):
            for place, evidence in enumerate(entry.evidence):
                wrong = _dangling(evidence, meta, sources, demos)
                if wrong:
                    line = question.line(file, index, "evidence", place, "ref")
                    field = f"[{index}].evidence[{place}].ref"
                    yield Problem(f"{question.label}/{file}", line, field, *wrong)


def _dangling(evidence: Evidence, meta: QuestionMeta, sources: list[str], demos: Path) -> tuple[str, str] | None:
    ref = evidence.ref
    if evidence.kind == "paper" and ref not in sources:
        return f"question.yaml has no source '{ref}'", f"add it there, or name one of: {', '.join(sources)}"
    # a lab that `labs` names but that is not there is reported once, where it is named
    if evidence.kind == "lab" and ref not in meta.labs and not lab_exists(ref, demos):
        return f"there is no lab '{ref}'", _lab_remedy(demos)
    return None
