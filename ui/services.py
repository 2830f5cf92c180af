"""Process-wide services: decks, search index, study store, lab runner, the quiz's desk. Made once, on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from content.loader import ContentError, Problem, deck_roots, read_decks
from content.schema import Deck, Question
from content.search import SearchIndex
from demos import quadrants
from demos.quadrants import Point
from demos.runner import Run, Runner
from study.desk import Desk
from study.records import LabRun
from study.store import Store

T = TypeVar("T")

LEARNER = "local"
"""The only learner until the shared server brings sign-in."""

_made: dict[str, object] = {}
_lock = threading.RLock()


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What `make` returns, made on first use and kept for the whole process, until `close`."""
    name = f"{make.__module__}.{make.__name__}"

    @wraps(make)
    def get() -> T:
        found = _made.get(name)
        if found is None:
            with _lock:
                found = _made.get(name)
                if found is None:
                    found = _made[name] = make()
        return found  # type: ignore[return-value]

    return get


def now() -> datetime:
    """The current time, UTC. The only clock of the screens."""
    return datetime.now(UTC)


@once
def _content() -> tuple[list[Deck], list[Problem]]:
    return read_decks(*deck_roots())


def decks() -> list[Deck]:
    """All decks, in order. Questions with mistakes are left out: one file does not stop all (`deck_problems` names it).

    Raises `content.loader.ContentError` if nothing usable is left.
    """
    found, problems = _content()
    if not found:
        raise ContentError(problems)
    return found


def deck_problems() -> list[Problem]:
    """What is wrong with the questions that were left out."""
    return _content()[1]


def question(deck_key: str, question_key: str) -> tuple[Deck, Question]:
    """The question of this identity, with its deck. Raises `KeyError` if there is none."""
    for deck in decks():
        for found in deck.questions:
            if (deck.meta.key, found.meta.key) == (deck_key, question_key):
                return deck, found
    raise KeyError(f"no question {question_key!r} in deck {deck_key!r}")


@once
def search_index() -> SearchIndex:
    return SearchIndex.build(decks())


@once
def store() -> Store:
    """The study store. Raises `study.store.StoreError`, which names the file and the remedy."""
    return Store()


@once
def desk() -> Desk:
    """What needs torch in the quiz: drawing numbers, grading exercises. Its worker is warming up in the background."""
    made = Desk()
    made.start()
    return made


@once
def runner() -> Runner:
    """The lab runner, its workers warming up in the background."""
    made = Runner(on_end=_record)
    made.start()
    return made


def _record(run: Run) -> None:
    """Log a finished run and settle the prediction that was made for it, whoever is still looking."""
    if run.verdict is None or run.replayed:
        return
    store().log_run(
        run.lab,
        run.config.model_dump(mode="json"),
        run.seconds,
        run.verdict.outcome,
        now(),
        run_id=run.id,
        measured=_measured(run),
        learner=LEARNER,
    )
    store().settle_prediction(run.id, run.verdict.outcome, now(), learner=LEARNER)


def _measured(run: Run) -> dict[str, Any] | None:
    """The run's point on the size x similarity map, if its lab has one (`demos.quadrants`)."""
    point = quadrants.point(run.lab, run.config, run.frames)
    return None if point is None else {"quadrant_point": asdict(point)}


def quadrant_points() -> list[Point]:
    """The points that the learner's finished runs have put on the size x similarity map, oldest first."""
    points = []
    for run in store().lab_runs(learner=LEARNER):
        found = (run.measured or {}).get("quadrant_point")
        if found is not None and not _mixes_two_probes(run, found["transfer"]):
            points.append(Point(**found))
    return points


def _mixes_two_probes(run: LabRun, transfer: str) -> bool:
    """Until November 2026 a probe at another depth was put beside the similarity that the last block's probe gave."""
    return run.config.get("probe_depth", "last") != "last" and ", probe after " not in transfer


def close() -> None:
    """End what was made, the newest first: processes and database connections. The next use makes new ones."""
    with _lock:
        for service in reversed(_made.values()):
            if hasattr(service, "close"):
                service.close()
        _made.clear()
