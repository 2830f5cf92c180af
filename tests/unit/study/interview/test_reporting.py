"""The report, against a naive count over whole interviews."""

from __future__ import annotations

import random

import pytest

from study.interviewing.asking import answer, finish, next_step, plan_interview
from study.interviewing.clock import elapsed_seconds
from study.interviewing.model import LENGTHS, OPEN_KINDS, STRONG, Entry, Interview
from study.interviewing.reporting import Ticks, left_out, report
from tests.unit.study.interview.catalogues import complete
from tests.unit.study.interview.playing import ANSWERERS, START, entries, play


def random_ticks(interview: Interview, seed: int) -> dict[int, Ticks]:
    rng = random.Random(seed)
    ticks = {}
    for step in interview.steps:
        if interview.entry(step).kind in OPEN_KINDS and not step.skipped:
            points = [f"{step.item_id}: point {i}" for i in range(rng.randint(1, 6))]
            cut = rng.randint(0, len(points))
            ticks[step.number] = Ticks(covered=tuple(points[:cut]), missed=tuple(points[cut:]))
    return ticks


@pytest.mark.parametrize("answerer", sorted(ANSWERERS))
@pytest.mark.parametrize("length", LENGTHS)
def test_everything_adds_up(length: int, answerer: str) -> None:
    for seed in range(15):
        interview = play(plan_interview(complete(), length, "junior", (), seed), answerer, seed)  # type: ignore[arg-type]  # of LENGTHS
        ticks = random_ticks(interview, seed)
        result = report(interview, ticks)
        assert result.unticked == ()
        scores = {}
        for step, entry in zip(interview.steps, entries(interview), strict=True):
            ticked = ticks.get(step.number)
            ticked_share = len(ticked.covered) / (len(ticked.covered) + len(ticked.missed)) if ticked else step.score
            scores[step.number] = ticked_share if entry.kind in OPEN_KINDS else step.score
        assert {r.step.number: r.score for r in result.results} == scores

        for topic in result.topics:
            mine = [s for s in interview.steps if interview.entry(s).topic == topic.topic]
            assert topic.score == pytest.approx(sum(scores[s.number] or 0 for s in mine) / len(mine))
            assert set(topic.right) == {s.number for s in mine if (scores[s.number] or 0) >= STRONG}
            assert set(topic.wrong) == {s.number for s in mine} - set(topic.right)
            assert topic.slow == tuple(s.number for s in mine if s.slow)
            assert topic.skipped == tuple(s.number for s in mine if s.skipped)
            assert topic.seconds == pytest.approx(sum(s.seconds or 0 for s in mine))
            assert topic.covered == tuple(p for s in mine if s.number in ticks for p in ticks[s.number].covered)
            assert topic.missed == tuple(p for s in mine if s.number in ticks for p in ticks[s.number].missed)
        assert sum(len(topic.right) + len(topic.wrong) for topic in result.topics) == len(interview.steps)

        must = {s.item_id for s in interview.steps if (scores[s.number] or 0) < STRONG or s.slow}
        assert set(result.review) == must
        assert len(result.review) == len(must)
        assert interview.ended_at is not None
        assert result.seconds == elapsed_seconds(interview, interview.ended_at)
        assert result.allowed_seconds == length * 60


def two_topics() -> Interview:
    catalogue = (
        Entry("d/a", "d/a", "recall", "junior", "A", 60),
        Entry("d/a/c", "d/a", "choice", "junior", "A", 45),
        Entry("d/b/c", "d/b", "choice", "junior", "B", 45),
    )
    return plan_interview(catalogue, 10, "junior", (), 0)


def answered(*scores: float) -> Interview:
    interview = two_topics()
    for number, score in enumerate(scores, start=1):
        interview = next_step(interview, START)
        interview = answer(interview, number, "x", score, START)
    return next_step(interview, START)


def test_nothing_is_shown_before_the_end() -> None:
    with pytest.raises(ValueError, match="has not ended"):
        report(two_topics(), {})
    with pytest.raises(ValueError, match="has not ended"):
        report(next_step(two_topics(), START), {})


def test_estimates_are_not_scores() -> None:
    interview = answered(1.0, 1.0, 1.0)
    assert interview.steps[0].item_id == "d/a"
    assert interview.steps[0].score == 1.0
    before = report(interview, {})
    assert before.unticked == (1,)
    assert before.results[0].score is None
    assert "recall" not in before.kinds
    assert "d/a" not in before.review
    ticked = report(interview, {1: Ticks(covered=("one",), missed=("two", "three", "four"))})
    assert ticked.unticked == ()
    assert ticked.kinds == {"recall": 0.25, "choice": 1.0}
    assert ticked.review == ("d/a",)


def test_strongest_and_weakest() -> None:
    interview = answered(0.0, 1.0, 1.0)
    asked = [entry.item_id for entry in entries(interview)]
    everything = {1: Ticks(covered=(), missed=("one",))}
    result = report(interview, everything)
    assert sorted(asked) == ["d/a", "d/a/c", "d/b/c"]
    assert (result.strongest, result.weakest) == ("B", "A")
    equal = report(interview, {1: Ticks(covered=("one",), missed=())})
    assert (equal.strongest, equal.weakest) == (None, None)


def test_the_worst_is_reviewed_first() -> None:
    interview = answered(0.9, 0.7, 0.2)
    result = report(interview, {1: Ticks(covered=("a",), missed=("b",))})
    scores = {"d/a": 0.5, interview.steps[1].item_id: 0.7, interview.steps[2].item_id: 0.2}
    assert list(result.review) == sorted(scores, key=scores.__getitem__)


def test_ticks_that_belong_nowhere() -> None:
    interview = answered(1.0, 1.0, 1.0)
    for number in (2, 9, 0):
        with pytest.raises(ValueError, match=f"steps \\[{number}\\]"):
            report(interview, {number: Ticks(covered=("x",), missed=())})


def test_an_interview_without_answers() -> None:
    result = report(finish(two_topics(), START), {})
    assert (result.results, result.topics, result.review, result.kinds) == ((), (), (), {})
    assert (result.strongest, result.weakest, result.seconds) == (None, None, 0)


def test_what_is_left_out_is_known_before_the_start() -> None:
    planned = plan_interview(complete(), 10, "junior", (), 0)
    assert {(entry.kind, entry.why) for entry in left_out(planned)} == {("case", "too_long"), ("exercise", "too_long")}
    assert left_out(plan_interview(complete(), 45, "junior", (), 0)) == ()
    assert {entry.kind for entry in left_out(two_topics())} == {"typed", "computed", "bug", "case", "exercise"}
    ended = finish(next_step(plan_interview(complete(), 45, "junior", (), 0), START), START)
    assert {entry.why for entry in left_out(ended)} == {"no_time_left"}
