"""What an interview showed, from its steps and from the key points that the learner ticked afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from study.interviewing.choosing import LIMITS, planned_mix
from study.interviewing.clock import elapsed_seconds
from study.interviewing.model import OPEN_KINDS, STRONG, Gap, Interview, Kind, Step

WhyNot = Literal["none_on_these_topics", "too_long", "no_time_left"]


@dataclass(frozen=True)
class Ticks:
    """Key points of one answer in own words, as the learner ticked them: texts of the `covered` and the `missed`."""

    covered: tuple[str, ...]
    missed: tuple[str, ...]


@dataclass(frozen=True)
class StepResult:
    """One step's outcome. `score`: 0 to 1; None while an answer in own words has not been ticked."""

    step: Step
    kind: Kind
    topic: str
    score: float | None


@dataclass(frozen=True)
class TopicReport:
    """One topic. `covered`, `missed`: key points. `right`, `wrong`, `slow`, `skipped`: step numbers.

    `right`: scored at least 0.8; `wrong`: less, skipped ones included. `score`: mean of the scored steps, None without
    any. `seconds`: time spent on its steps.
    """

    topic: str
    covered: tuple[str, ...]
    missed: tuple[str, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...]
    slow: tuple[int, ...]
    skipped: tuple[int, ...]
    score: float | None
    seconds: float


@dataclass(frozen=True)
class LeftOut:
    """A kind of the usual mix that did not occur, and why."""

    kind: Kind
    why: WhyNot


@dataclass(frozen=True)
class Report:
    """The whole report.

    `topics`: in the order asked. `strongest`, `weakest`: None unless two topics differ. `kinds`: mean score by kind.
    `unticked`: step numbers of answers in own words whose key points are still to be ticked; they count nowhere.
    `review`: items to see again, the worst first, then those that were right but slow. `seconds`: time used of
    `allowed_seconds`. `gaps`: times away.
    """

    results: tuple[StepResult, ...]
    topics: tuple[TopicReport, ...]
    strongest: str | None
    weakest: str | None
    kinds: dict[Kind, float]
    unticked: tuple[int, ...]
    review: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    seconds: float
    allowed_seconds: float
    gaps: tuple[Gap, ...]


def report(interview: Interview, ticks: Mapping[int, Ticks]) -> Report:
    """The report of an ended interview; `ticks` by step number. ValueError before the end, or for ticks without a step.

    The estimates that chose the follow-ups are not used: an answer in own words scores what the learner ticked.
    """
    if interview.ended_at is None:
        raise ValueError("the interview has not ended, and nothing may be shown before")
    results = tuple(_result(interview, step, ticks.get(step.number)) for step in interview.steps)
    open_steps = {result.step.number for result in results if result.kind in OPEN_KINDS}
    if stray := sorted(set(ticks) - open_steps):
        raise ValueError(f"ticks for steps {stray}, which were not answered in own words")
    topics = tuple(_topic(name, results, ticks) for name in dict.fromkeys(result.topic for result in results))
    strongest, weakest = _extremes(topics)
    return Report(
        results=results,
        topics=topics,
        strongest=strongest,
        weakest=weakest,
        kinds=_by_kind(results),
        unticked=tuple(result.step.number for result in results if result.score is None),
        review=_to_review(results),
        left_out=left_out(interview),
        seconds=elapsed_seconds(interview, interview.ended_at),
        allowed_seconds=float(interview.length_minutes * 60),
        gaps=interview.gaps,
    )


def left_out(interview: Interview) -> tuple[LeftOut, ...]:
    """The kinds that the interview does not contain, in the order of the longest mix. Before the end: will not."""
    asked = {interview.entry(step).kind for step in interview.steps}
    planned = planned_mix(interview.pool, interview.length_minutes)
    available = {entry.kind for entry in interview.pool}
    found = []
    for kind in LIMITS[45].mix:
        if kind in asked or (kind in planned and interview.ended_at is None):
            continue
        why: WhyNot = "none_on_these_topics"
        if kind in available:
            why = "no_time_left" if kind in planned else "too_long"
        found.append(LeftOut(kind=kind, why=why))
    return tuple(found)


def _result(interview: Interview, step: Step, ticks: Ticks | None) -> StepResult:
    entry = interview.entry(step)
    score = step.score
    if entry.kind in OPEN_KINDS and not step.skipped:
        points = len(ticks.covered) + len(ticks.missed) if ticks else 0
        score = len(ticks.covered) / points if ticks and points > 0 else None
    return StepResult(step=step, kind=entry.kind, topic=entry.topic, score=score)


def _topic(name: str, results: Iterable[StepResult], ticks: Mapping[int, Ticks]) -> TopicReport:
    here = [result for result in results if result.topic == name]
    ticked = [ticks[result.step.number] for result in here if result.step.number in ticks]
    scores = [result.score for result in here if result.score is not None]
    return TopicReport(
        topic=name,
        covered=tuple(point for entry in ticked for point in entry.covered),
        missed=tuple(point for entry in ticked for point in entry.missed),
        right=tuple(r.step.number for r in here if r.score is not None and r.score >= STRONG),
        wrong=tuple(r.step.number for r in here if r.score is not None and r.score < STRONG),
        slow=tuple(result.step.number for result in here if result.step.slow),
        skipped=tuple(result.step.number for result in here if result.step.skipped),
        score=fmean(scores) if scores else None,
        seconds=sum(result.step.seconds or 0.0 for result in here),
    )


def _extremes(topics: Iterable[TopicReport]) -> tuple[str | None, str | None]:
    scored = [(topic.score, topic.topic) for topic in topics if topic.score is not None]
    if len({score for score, _ in scored}) < 2:
        return None, None
    best = max(scored, key=lambda pair: pair[0])
    worst = min(scored, key=lambda pair: pair[0])
    return best[1], worst[1]


def _by_kind(results: Iterable[StepResult]) -> dict[Kind, float]:
    scores: dict[Kind, list[float]] = {}
    for result in results:
        if result.score is not None:
            scores.setdefault(result.kind, []).append(result.score)
    return {kind: fmean(values) for kind, values in scores.items()}


def _to_review(results: Iterable[StepResult]) -> tuple[str, ...]:
    scored = [(result.score, result.step) for result in results if result.score is not None]
    wrong = sorted((pair for pair in scored if pair[0] < STRONG), key=lambda pair: pair[0])
    slow = [step for score, step in scored if score >= STRONG and step.slow]
    return (*(step.item_id for _, step in wrong), *(step.item_id for step in slow))
