"""How each kind of card is asked and explained: the quiz, the mock interview and its report share it.

A card has a front, which returns what the learner answered once she did, and a back, which explains. An answer is plain
data that the review log keeps; `right` is True or False where a computer can tell, and absent where only she can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from study.scheduling import Rating
from ui.cards import bug, case, choice, computed, exercise, points, recall, typed
from ui.cards.shared import Answered
from ui.catalogue import Entry, Kind

__all__ = ["Answered", "back", "blank", "front", "suggestion"]


@dataclass(frozen=True)
class _Views:
    front: Callable[..., Answered | None]
    back: Callable[..., Answered]
    blank: Callable[[Entry, int], Answered]
    suggestion: Callable[[Entry, Answered], Rating | None]


_VIEWS: dict[Kind, _Views] = {
    "recall": _Views(recall.front, recall.back, points.blank, recall.suggestion),
    "choice": _Views(choice.front, choice.back, choice.blank, choice.suggestion),
    "computed": _Views(computed.front, computed.back, computed.blank, computed.suggestion),
    "typed": _Views(typed.front, typed.back, points.blank, points.suggestion),
    "bug": _Views(bug.front, bug.back, bug.blank, bug.suggestion),
    "case": _Views(case.front, case.back, points.blank, points.suggestion),
    "exercise": _Views(exercise.front, exercise.back, exercise.blank, exercise.suggestion),
}


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """Ask. `key` tells this asking from others; `seed` shuffles options and draws numbers, and stays in the log.

    Returns the answer in the run in which it was given, None before.
    """
    return _VIEWS[entry.kind].front(entry, key, seed)


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """Explain. Returns the answer with what the learner marked since (ticks)."""
    return _VIEWS[entry.kind].back(entry, answered, key)


def blank(entry: Entry, seed: int) -> Answered:
    """The answer of one who does not know."""
    return _VIEWS[entry.kind].blank(entry, seed)


def suggestion(entry: Entry, answered: Answered) -> Rating | None:
    """The rating that the answer suggests, None if it suggests none."""
    return _VIEWS[entry.kind].suggestion(entry, answered)
