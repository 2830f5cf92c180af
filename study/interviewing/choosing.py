"""What to ask next. Deterministic: the seed has ordered the pool, the rest follows from the answers and the time left.

The interviewer opens with a question as such and follows up weak answers with something smaller on the same question.
Otherwise she changes the question, takes the kinds of the mix in turn, and keeps enough time for those still to come.
Exercise and case wait until the middle. In ten minutes there is neither: they take several minutes each, and no time
would be left to follow up anything. A learner who overruns gets fewer things, those of the mix first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from content.items import Level
from study.interviewing.model import STRONG, WEAK, Entry, Interview, Kind, Length, Reason, Step


@dataclass(frozen=True)
class Limits:
    """`mix`: kinds that must occur, the most dispensable last. `steps`: at most. `follow_ups`: at most in a row."""

    mix: tuple[Kind, ...]
    steps: int
    follow_ups: int


LIMITS: dict[Length, Limits] = {
    10: Limits(mix=("typed", "choice", "computed", "bug"), steps=12, follow_ups=1),
    20: Limits(mix=("typed", "choice", "computed", "bug", "case", "exercise"), steps=20, follow_ups=2),
    45: Limits(mix=("typed", "choice", "computed", "bug", "case", "exercise"), steps=36, follow_ups=2),
}

DUE: dict[Kind, float] = {"exercise": 0.4, "case": 0.65}
"""Which share of the interview comes before these."""

FILLERS: tuple[Kind, ...] = ("recall", "typed", "choice", "computed", "bug")
"""What fills the time that the mix leaves. One case and one exercise are enough."""

OVERRUN_SECONDS = 30
"""By how much the last things of the mix may be expected to run over, before the interviewer gives them up."""

EASIER: frozenset[Kind] = frozenset({"choice", "computed", "typed"})
"""Junior items of these kinds serve as follow-ups, after the recall follow-ups."""

_STRONG_RUN = 2


@dataclass(frozen=True)
class Pick:
    """The entry to ask, why, and the number of the weak answer that it follows up."""

    entry: Entry
    reason: Reason
    follows: int | None = None


def uniform(seed: int, name: str) -> float:
    """A number above 0 and up to 1 that depends on seed and name only, in every Python version alike."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return (int.from_bytes(digest[:7], "big") + 1) / 2**56


def planned_mix(pool: Sequence[Entry], length: Length) -> tuple[Kind, ...]:
    """The kinds that the interview is to contain: those of the length's mix that the pool has and the time allows."""
    cheapest = cheapest_seconds(pool)
    kinds = [kind for kind in LIMITS[length].mix if kind in cheapest]
    opening = min((entry.seconds for entry in openings(pool)), default=0)
    while kinds and opening + sum(cheapest[kind] for kind in kinds) > length * 60:
        kinds.pop()
    return tuple(kinds)


def openings(pool: Sequence[Entry]) -> list[Entry]:
    """What an interview may open with: the broad questions, else anything in own words, else anything."""
    for wanted in (lambda e: e.broad, lambda e: e.kind in ("recall", "typed")):
        if found := [entry for entry in pool if wanted(entry)]:
            return found
    return list(pool)


def pick(interview: Interview, left_seconds: float) -> Pick | None:
    """What to ask with `left_seconds` to go; None if nothing fits any more."""
    return _Situation(interview, left_seconds).pick()


class _Situation:
    """The interview at the moment of choosing."""

    def __init__(self, interview: Interview, left_seconds: float) -> None:
        self.interview = interview
        self.left = left_seconds
        self.limits = LIMITS[interview.length_minutes]
        self.asked = [interview.entry(step) for step in interview.steps]

    def pick(self) -> Pick | None:
        if self.left <= 0 or len(self.asked) >= self.limits.steps:
            return None
        if not self.asked:
            entry = self._first(openings(self.candidates)) or self._first(self.candidates)
            return Pick(entry, "opening") if entry else None
        weak = self.interview.steps[-1]
        if self._may_follow_up(weak) and (entry := self._follow_up()):
            return Pick(entry, "follow_up", follows=weak.number)
        last = self.asked[-1].question_id
        elsewhere = [entry for entry in self.candidates if entry.question_id != last]
        found = (self._best(kind, where) for where in (elsewhere, self.candidates) for kind in self._kinds())
        return next((Pick(entry, "next") for entry in found if entry), None)

    @cached_property
    def candidates(self) -> list[Entry]:
        """What may still be asked, in the pool's order, whatever the time."""
        asked_ids = {entry.item_id for entry in self.asked}
        clashing = {clash for entry in self.asked for clash in entry.clashes}
        touched = {entry.question_id for entry in self.asked}
        once = {(entry.question_id, entry.kind) for entry in self.asked if entry.kind != "recall"}
        return [
            entry
            for entry in self.interview.pool
            if entry.item_id not in asked_ids | clashing
            and asked_ids.isdisjoint(entry.clashes)
            # Two of a kind on one question share key points; and after a detail the question itself is half answered.
            and (entry.question_id, entry.kind) not in once
            and not (entry.broad and entry.question_id in touched)
        ]

    @cached_property
    def missing(self) -> list[Kind]:
        """Kinds of the mix that are still to come and can."""
        asked = {entry.kind for entry in self.asked}
        mix = planned_mix(self.interview.pool, self.interview.length_minutes)
        return [kind for kind in mix if kind not in asked and kind in self._cheapest]

    def fits(self, entry: Entry) -> bool:
        """Whether there is time for it and, after it, an item and time for each missing kind."""
        if self._reserve(self.missing, self._cheapest) > self.left:
            # Too late for the whole mix: as much of it as possible.
            return entry.kind in self.missing and entry.seconds <= self.left + OVERRUN_SECONDS
        others = [kind for kind in self.missing if kind != entry.kind]
        cheapest = self._cheapest_after(entry)
        if any(kind not in cheapest for kind in others):
            return False
        return entry.seconds + self._reserve(others, cheapest) <= self.left

    @staticmethod
    def _reserve(kinds: Iterable[Kind], cheapest: Mapping[Kind, int]) -> int:
        return sum(cheapest[kind] for kind in kinds)

    @cached_property
    def _cheapest(self) -> dict[Kind, int]:
        return cheapest_seconds(self.candidates)

    @cached_property
    def _clashing(self) -> bool:
        return any(entry.clashes for entry in self.candidates)

    def _cheapest_after(self, entry: Entry) -> dict[Kind, int]:
        """As `_cheapest`, when this entry has been asked."""
        if not self._clashing:
            return self._cheapest
        return cheapest_seconds(
            other
            for other in self.candidates
            if other.item_id not in entry.clashes and entry.item_id not in other.clashes
        )

    def _kinds(self) -> list[Kind]:
        """The kinds, the most wanted first."""
        used = 1 - self.left / (self.interview.length_minutes * 60)
        progress = max(used, len(self.asked) / self.limits.steps)
        late = [kind for kind in self.missing if kind in DUE]
        due = sorted((kind for kind in late if progress >= DUE[kind]), key=DUE.__getitem__)
        early = [kind for kind in self.missing if kind not in DUE]
        early.sort(key=lambda kind: uniform(self.interview.seed, kind))
        counts = Counter(entry.kind for entry in self.asked)
        fillers = sorted(FILLERS, key=lambda kind: (counts[kind], uniform(self.interview.seed, kind)))
        return [*due, *early, *fillers, *sorted(late, key=DUE.__getitem__)]

    def _may_follow_up(self, step: Step) -> bool:
        if step.score is None or step.score >= WEAK:
            return False
        row = 0
        for earlier in reversed(self.interview.steps):
            if earlier.reason != "follow_up":
                break
            row += 1
        return row < self.limits.follow_ups

    def _follow_up(self) -> Entry | None:
        same = [entry for entry in self.candidates if entry.question_id == self.asked[-1].question_id]
        recall = [entry for entry in same if entry.kind == "recall"]
        easier = [entry for entry in same if entry.kind in EASIER and entry.level == "junior"]
        return self._first(recall) or self._first(easier)

    def _first(self, entries: Iterable[Entry]) -> Entry | None:
        return next((entry for entry in entries if self.fits(entry)), None)

    def _best(self, kind: Kind, entries: Iterable[Entry]) -> Entry | None:
        """Of this kind: a topic and a question little asked so far, at the level aimed at, in the pool's order."""
        topics = Counter(entry.topic for entry in self.asked)
        questions = Counter(entry.question_id for entry in self.asked)
        level = self._level()

        def rank(entry: Entry) -> tuple[int, int, bool]:
            return topics[entry.topic], questions[entry.question_id], entry.level != level

        return min((entry for entry in entries if entry.kind == kind and self.fits(entry)), key=rank, default=None)

    def _level(self) -> Level:
        """Junior after a weak answer; senior after two strong ones; else the level that was picked."""
        scores = [step.score for step in self.interview.steps if step.score is not None]
        if scores and scores[-1] < WEAK:
            return "junior"
        if len(scores) >= _STRONG_RUN and min(scores[-_STRONG_RUN:]) >= STRONG:
            return "senior"
        return self.interview.level


def cheapest_seconds(entries: Iterable[Entry]) -> dict[Kind, int]:
    """The least time allowed for an item of each kind that occurs."""
    found: dict[Kind, int] = {}
    for entry in entries:
        found[entry.kind] = min(entry.seconds, found.get(entry.kind, entry.seconds))
    return found
