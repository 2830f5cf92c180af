"""Planning and single steps: errors, idempotence, memory, clashes, ending early, and the clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from study.interviewing.asking import answer, finish, next_step, plan_interview, skip, step_seed
from study.interviewing.clock import GAP, elapsed_seconds, gap, remaining_seconds, resume, seen
from study.interviewing.model import Entry, Interview, InterviewError
from tests.unit.study.interview.catalogues import complete, recall_only
from tests.unit.study.interview.playing import START, entries, play


def begun(length: Any = 10, seed: int = 0) -> Interview:
    return next_step(plan_interview(complete(), length, "junior", (), seed), START)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_nothing_on_a_topic() -> None:
    with pytest.raises(InterviewError, match="No questions on Cookery"):
        plan_interview(complete(), 10, "junior", ("PyTorch", "Cookery"), 0)
    with pytest.raises(InterviewError, match="nothing to ask"):
        plan_interview((), 10, "junior", (), 0)


def test_mistakes_of_the_caller() -> None:
    with pytest.raises(ValueError, match="15 minutes"):
        plan_interview(complete(), 15, "junior", (), 0)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="d/a occurs twice"):
        plan_interview((*recall_only(), recall_only()[0]), 10, "junior", (), 0)
    with pytest.raises(ValueError, match="allows 0 s"):
        plan_interview((replace(recall_only()[0], seconds=0),), 10, "junior", (), 0)
    with pytest.raises(ValueError, match="no time zone"):
        next_step(plan_interview(complete(), 10, "junior", (), 0), datetime(2026, 1, 1))


def test_what_is_about_to_be_forgotten_is_likelier_to_be_asked() -> None:
    broad = [entry.item_id for entry in complete() if entry.broad]
    memory = dict.fromkeys(broad, 0.99) | {broad[3]: 0.0}
    firsts = Counter(
        next_step(plan_interview(complete(), 20, "junior", (), seed, memory), START).steps[0].item_id
        for seed in range(300)
    )
    # Weight 1 of 1.45 in all.
    assert 0.6 < firsts[broad[3]] / 300 < 0.78
    assert sum(firsts.values()) == 300


def test_the_same_click_twice_counts_once() -> None:
    interview = begun()
    once = answer(interview, 1, "first", 0.4, after(20))
    assert once.steps[0].answer == "first"
    assert answer(once, 1, "second", 1.0, after(21)) is once
    assert skip(once, 1, after(21)) is once
    later = next_step(once, after(21))
    assert answer(later, 1, "second", 1.0, after(30)) is later
    assert later.current is not None and later.current.number == 2


@pytest.mark.parametrize("number", [0, -1, 2, 99])
def test_a_step_that_was_not_asked(number: int) -> None:
    with pytest.raises(ValueError, match="was not asked"):
        answer(begun(), number, None, 0.0, after(1))


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan"), float("inf")])
def test_scores_out_of_range(score: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        answer(begun(), 1, None, score, after(1))


def test_skipping_scores_nothing_and_brings_something_smaller() -> None:
    interview = next_step(skip(begun(), 1, after(5)), after(5))
    first, second = interview.steps
    assert (first.skipped, first.score, first.answer, first.slow) == (True, 0.0, None, False)
    assert (second.reason, second.follows) == ("follow_up", 1)
    assert not skip(begun(), 1, after(5000)).steps[0].slow


def test_finishing_early() -> None:
    ended = finish(begun(), after(30))
    assert ended.ended_at == after(30)
    assert ended.steps[0].skipped
    assert next_step(ended, after(40)) is ended
    assert finish(ended, after(99)) is ended
    assert elapsed_seconds(ended, after(500)) == 30
    unstarted = finish(plan_interview(complete(), 10, "junior", (), 0), after(1))
    assert (unstarted.steps, unstarted.started_at, unstarted.ended_at) == ((), after(1), after(1))


def test_slow_means_longer_than_allowed() -> None:
    interview = begun()
    allowed = interview.steps[0].allowed_seconds
    assert not answer(interview, 1, "x", 1.0, after(allowed)).steps[0].slow
    assert answer(interview, 1, "x", 1.0, after(allowed + 0.001)).steps[0].slow
    assert interview.steps[0].seconds is None and not interview.steps[0].slow


def test_items_that_give_each_other_away_never_meet() -> None:
    bugs = [entry.item_id for entry in complete() if entry.kind == "bug"]
    typed = tuple(entry.item_id for entry in complete() if entry.kind == "typed")
    # Each bug gives away every typed item but one, named on the bugs' side only.
    clashing = tuple(replace(entry, clashes=typed[1:]) if entry.item_id in bugs else entry for entry in complete())
    for seed in range(40):
        interview = play(plan_interview(clashing, 20, "senior", (), seed), "random", seed)
        asked = {entry.item_id for entry in entries(interview)}
        assert asked & set(bugs)
        assert asked & set(typed) == {typed[0]}, "the one typed item that may meet a bug is kept for the mix"


def test_seeds_of_steps() -> None:
    interview = begun()
    seeds = [step_seed(interview, number) for number in range(1, 40)]
    assert len(set(seeds)) == 39
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seeds[0] == step_seed(play(begun(), "right", 0), 1)
    assert seeds[0] != step_seed(begun(seed=1), 1)


def test_the_clock_runs_while_the_page_is_open() -> None:
    planned = plan_interview(complete(), 10, "junior", (), 0)
    assert (elapsed_seconds(planned, START), remaining_seconds(planned, after(9))) == (0, 600)
    interview = begun()
    for seconds in range(0, 300, 60):
        interview = seen(interview, after(seconds))
        assert gap(interview, after(seconds + 60)) is None
    assert elapsed_seconds(interview, after(300)) == 300
    assert remaining_seconds(interview, after(700)) == -100


def test_a_short_absence_is_not_asked_about_and_counts() -> None:
    interview = begun()
    assert gap(interview, START + GAP) is None
    assert resume(interview, START + GAP, count_gap=False) == seen(interview, START + GAP)
    assert elapsed_seconds(resume(interview, START + GAP, count_gap=False), START + GAP) == 120


@pytest.mark.parametrize("count", [True, False])
def test_a_long_absence_is_asked_about(count: bool) -> None:
    interview = begun()
    allowed = interview.steps[0].allowed_seconds
    assert gap(interview, after(300)) == timedelta(seconds=300)
    back = resume(interview, after(300), count_gap=count)
    assert [(entry.at, entry.seconds, entry.counted) for entry in back.gaps] == [(START, 300, count)]
    assert elapsed_seconds(back, after(310)) == (310 if count else 10)
    step = answer(back, 1, "x", 1.0, after(310)).steps[0]
    assert (step.seconds, step.slow) == ((310, allowed < 310) if count else (10, False))
    assert gap(back, after(310)) is None


def test_two_absences_in_one_step() -> None:
    interview = resume(begun(), after(300), count_gap=False)
    interview = resume(seen(interview, after(310)), after(1000), count_gap=False)
    assert answer(interview, 1, "x", 1.0, after(1005)).steps[0].seconds == 15
    assert elapsed_seconds(interview, after(1005)) == 15


def test_a_gap_that_counts_can_use_up_the_interview() -> None:
    back = resume(begun(), after(3600), count_gap=True)
    ended = next_step(answer(back, 1, "x", 1.0, after(3610)), after(3610))
    assert ended.ended_at == after(3610)
    assert len(ended.steps) == 1
    assert gap(ended, after(99_999)) is None
    assert seen(ended, after(99_999)) is ended


def test_an_answer_proves_that_she_was_there() -> None:
    """A page that could not report in for minutes, and then sends an answer: that time counts."""
    interview = answer(begun(), 1, "x", 1.0, after(400))
    assert gap(interview, after(400)) is None
    assert interview.steps[0].seconds == 400


def test_a_clock_set_back_does_no_harm() -> None:
    interview = answer(begun(), 1, "x", 1.0, after(-3600))
    assert interview.steps[0].seconds == 0
    interview = next_step(interview, after(-3600))
    assert interview.steps[1].shown_at == START
    assert elapsed_seconds(interview, after(-3600)) == 0
    assert gap(interview, after(-3600)) is None


def test_nothing_was_asked_before_the_start() -> None:
    planned = plan_interview(complete(), 10, "junior", (), 0)
    assert planned.current is None
    assert gap(planned, after(9999)) is None
    assert seen(planned, after(9999)) is planned
    with pytest.raises(KeyError):
        planned.entry(replace(begun().steps[0], item_id="d/none"))


def test_an_entry_is_broad_only_as_the_question_itself() -> None:
    assert Entry("d/q", "d/q", "recall", "junior", "T", 60).broad
    assert not Entry("d/q/x", "d/q", "recall", "junior", "T", 60).broad
