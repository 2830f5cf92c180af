"""Mock interviews, between the engine (`study.interviewing`), the store and the screens."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from content.exercises import Exercise
from content.items import Case, Level, Typed
from content.schema import FollowUp, Question
from study.grading import typed
from study.interviewing import asking, clock, saving
from study.interviewing.model import OPEN_KINDS, USUAL_SECONDS, Entry, Interview, InterviewError, Length, Step
from study.interviewing.reporting import Report, Ticks, report
from study.store import StaleInterview
from ui import catalogue, exercise_consent, preferences, services, session
from ui.cards import Answered, recall

HEARTBEAT_SECONDS = 20


@dataclass(frozen=True)
class Saved:
    """An interview as the store has it. `ticks`: what she ticked in the report, by step number."""

    id: str
    version: int
    interview: Interview
    ticks: Mapping[int, list[int]]


def begin(identity: str, length: Length, level: Level, topics: list[str]) -> Saved:
    """A new interview, its first question shown; one of this identity that has begun is returned as it is.

    There are no exercises in it where they cannot be run. Raises `InterviewError` if there is nothing to ask.
    """
    now, scheduler = services.now(), preferences.scheduler()
    cards = services.store().cards(learner=services.LEARNER)
    memory = {card.item_id: scheduler.retrievability(card.memory, now) for card in cards if not card.is_new}
    runs_code = not exercise_consent.read_only()
    entries = [_entry(entry) for entry in catalogue.entries().values() if runs_code or entry.kind != "exercise"]
    planned = asking.plan_interview(entries, length, level, topics, secrets.randbits(31), memory)
    interview = asking.next_step(planned, now)
    row = services.store().start_interview(identity, _state(interview, {}), now, learner=services.LEARNER)
    return _read(identity, row.version, row.state)


def all_saved() -> list[Saved]:
    """Her interviews, newest first; those that this version cannot read are left out (not deleted)."""
    found = []
    for row in reversed(services.store().interviews(learner=services.LEARNER)):
        try:
            found.append(_read(row.interview_id, row.version, row.state))
        except InterviewError:
            continue
    return found


def find(identity: str) -> Saved | None:
    """The interview of this identity. Raises `InterviewError` if it cannot be read."""
    row = services.store().interview(identity, learner=services.LEARNER)
    return None if row is None else _read(row.interview_id, row.version, row.state)


def answer(saved: Saved, step: Step, answered: Answered) -> None:
    """Keep an answer and go on to the next step, or to the end. A step that another tab has answered stays so."""
    now, entry = services.now(), catalogue.entry(step.item_id)

    def changed(interview: Interview) -> Interview:
        if answered.get("unknown") and not answered.get("text"):
            interview = asking.skip(interview, step.number, now)
        else:
            interview = asking.answer(interview, step.number, answered, score(entry, answered), now)
        return asking.next_step(interview, now)

    _change(saved, changed)
    services.store().save_draft(draft_key(saved, step), "", now, learner=services.LEARNER)


def score(entry: catalogue.Entry, answered: Answered) -> float:
    """0 to 1: known for closed kinds; for her own words the estimate that picks the next question."""
    if entry.kind not in OPEN_KINDS:
        return float(answered["score"])
    if not answered["text"].strip():
        return 0.0
    return typed.estimated_score(answered["text"], _spoken_points(entry), _level(entry))


def finish(saved: Saved) -> None:
    """End it before its time."""
    _change(saved, lambda interview: asking.finish(interview, services.now()))


def come_back(saved: Saved, count_gap: bool) -> None:
    """Go on after a time away."""
    _change(saved, lambda interview: clock.resume(interview, services.now(), count_gap))


def heartbeat(saved: Saved) -> None:
    """Note now and then that the page is open. `saved` may be old: a clock that ticks by itself has no other."""
    now, key = services.now(), f"interview-seen:{saved.id}"
    noted: datetime | None = session.kept(key, None)
    if _is_silent(saved.interview.seen_at, now) and (noted is None or _is_silent(noted, now)):
        _change(saved, lambda current: clock.seen(current, now) if _is_silent(current.seen_at, now) else current)
        session.keep(key, now)


def _is_silent(seen_at: datetime | None, now: datetime) -> bool:
    return seen_at is not None and (now - seen_at).total_seconds() >= HEARTBEAT_SECONDS


def _change(
    saved: Saved, change: Callable[[Interview], Interview], ticks: Mapping[int, list[int]] | None = None
) -> None:
    """Keep what `change` makes of the interview as it stands now: a heartbeat or another tab may have saved it since.

    So `change` must leave alone what has been done already. `ticks`, by step number, are taken over.
    """
    store, now = services.store(), services.now()
    while (current := find(saved.id)) is not None:
        interview, ticked = change(current.interview), {**current.ticks, **(ticks or {})}
        if interview == current.interview and ticked == current.ticks:
            return
        state = _state(interview, ticked)
        try:
            store.save_interview(saved.id, state, current.version, now, learner=services.LEARNER)
        except StaleInterview:
            continue
        if interview.ended_at is not None and current.interview.ended_at is None:
            store.finish_interview(saved.id, now, learner=services.LEARNER)
        return


def tick(saved: Saved, step: Step, ticks: list[int]) -> None:
    """Keep what she ticked at a step of the report."""
    _change(saved, lambda interview: interview, {step.number: ticks})


def reported(saved: Saved) -> Report:
    """The report, with the ticks so far."""
    ticks = {}
    for step in saved.interview.steps:
        entry = catalogue.entries().get(step.item_id)
        if entry is not None and entry.kind in OPEN_KINDS and step.number in saved.ticks:
            points = [point if isinstance(point, str) else point.point for point in key_points(entry)]
            chosen = saved.ticks[step.number]
            ticks[step.number] = Ticks(
                covered=tuple(point for index, point in enumerate(points) if index in chosen),
                missed=tuple(point for index, point in enumerate(points) if index not in chosen),
            )
    return report(saved.interview, ticks)


def key_points(entry: catalogue.Entry) -> list[Any]:
    """What the report lets her tick."""
    return list(entry.item.key_points) if isinstance(entry.item, Typed | Case) else recall.key_points(entry)


def draft_key(saved: Saved, step: Step) -> str:
    """Name under which the answer that is being written is kept."""
    return f"interview:{saved.id}:{step.number}"


def seed(saved: Saved, step: Step) -> int:
    """Shuffles the options and draws the numbers of this step."""
    return asking.step_seed(saved.interview, step.number)


def left_seconds(saved: Saved, now: datetime) -> float:
    """Time left; negative if the last answer runs over."""
    return clock.remaining_seconds(saved.interview, now)


def _spoken_points(entry: catalogue.Entry) -> list[Any]:
    """What a spoken answer is looked through for; of a follow-up, the sentences of its answer."""
    if isinstance(entry.item, FollowUp):
        sentences = [part.strip() for part in entry.item.answer.split("```")[0].split(". ") if len(part) > 20]
        return sentences[:4] or [entry.item.answer]
    return key_points(entry)


def _level(entry: catalogue.Entry) -> Level:
    if isinstance(entry.item, Question):
        return "junior"
    if isinstance(entry.item, FollowUp):
        return "senior"
    return entry.item.meta.level if isinstance(entry.item, Exercise) else entry.item.level


def _entry(entry: catalogue.Entry) -> Entry:
    seconds = USUAL_SECONDS.get(entry.kind, 60)
    if isinstance(entry.item, Typed):
        seconds = entry.item.seconds
    if isinstance(entry.item, Exercise):
        seconds = entry.item.meta.minutes * 60
    topic = f"{entry.question.meta.number} · {entry.question.meta.short}"
    return Entry(entry.item_id, catalogue.group_of(entry.item_id), entry.kind, _level(entry), topic, seconds)


def _state(interview: Interview, ticks: Mapping[int, list[int]]) -> dict[str, Any]:
    return {"interview": saving.to_json(interview), "ticks": {str(number): each for number, each in ticks.items()}}


def _read(identity: str, version: int, state: Mapping[str, Any]) -> Saved:
    interview = saving.from_json(state.get("interview", {}))
    pool = {entry.item_id for entry in interview.pool}
    gone = pool - catalogue.entries().keys()
    if interview.ended_at is None and gone:
        # A deck was changed meanwhile: what is gone is not asked any more.
        asked = {step.item_id for step in interview.steps}
        interview = replace(interview, pool=tuple(e for e in interview.pool if e.item_id not in gone - asked))
    return Saved(identity, version, interview, {int(number): each for number, each in state.get("ticks", {}).items()})
