"""Whole interviews of each length from the shipped content: a hundred seeds for every kind of answerer."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from content.items import Level
from study.interviewing.asking import plan_interview
from study.interviewing.choosing import EASIER, LIMITS, planned_mix
from study.interviewing.clock import GAP, elapsed_seconds, gap, resume, seen
from study.interviewing.model import LENGTHS, Entry, Interview, Length, Step
from study.interviewing.reporting import left_out, report
from study.interviewing.saving import from_json, to_json
from tests.unit.study.interview.catalogues import complete, recall_only, shipped
from tests.unit.study.interview.playing import ANSWERERS, IN_TIME, check_rules, entries, play

SEEDS = range(100)
FEWER = range(25)


def plan(catalogue: tuple[Entry, ...], length: Length, seed: int, topics: tuple[str, ...] = ()) -> Interview:
    return plan_interview(catalogue, length, "junior" if seed % 2 else "senior", topics, seed)


@pytest.mark.parametrize("answerer", sorted(ANSWERERS))
@pytest.mark.parametrize("length", LENGTHS)
def test_rules_hold(length: Length, answerer: str) -> None:
    for seed in SEEDS:
        interview = play(plan(complete(), length, seed), answerer, seed)
        check_rules(interview)
        first = entries(interview)[0]
        assert first.broad, "it opens with a question as such"
        if answerer in IN_TIME:
            kinds = {entry.kind for entry in entries(interview)}
            assert set(LIMITS[length].mix) <= kinds, f"seed {seed}"
            assert ("case" in kinds, "exercise" in kinds) == (length > 10, length > 10)
            assert {entry.kind: entry.why for entry in left_out(interview)} == (
                {"case": "too_long", "exercise": "too_long"} if length == 10 else {}
            )


@pytest.mark.parametrize("length", LENGTHS)
def test_the_mix_is_what_the_content_of_today_allows(length: Length) -> None:
    there = {entry.kind for entry in shipped()}
    for seed in FEWER:
        interview = play(plan(shipped(), length, seed), "random", seed)
        check_rules(interview)
        kinds = {entry.kind for entry in entries(interview)}
        assert kinds >= set(LIMITS[length].mix) & there
        absent = {entry.kind for entry in left_out(interview) if entry.why == "none_on_these_topics"}
        assert absent == {"typed", "choice", "computed", "bug", "case", "exercise"} - there


@pytest.mark.parametrize("length", LENGTHS)
def test_one_topic_alone(length: Length) -> None:
    for topic in sorted({entry.topic for entry in complete()}):
        for seed in range(10):
            interview = play(plan(complete(), length, seed, (topic,)), "random", seed)
            check_rules(interview)
            assert {entry.topic for entry in entries(interview)} == {topic}
            planned = planned_mix(interview.pool, length)
            assert {entry.kind for entry in entries(interview)} >= set(planned)


@pytest.mark.parametrize("answerer", sorted(ANSWERERS))
@pytest.mark.parametrize("length", LENGTHS)
def test_a_deck_of_two_questions_and_recall_only(length: Length, answerer: str) -> None:
    for seed in SEEDS:
        interview = play(plan(recall_only(), length, seed), answerer, seed)
        check_rules(interview)
        assert len(interview.steps) >= (2 if answerer == "slow" else 4)
        assert {entry.why for entry in left_out(interview)} == {"none_on_these_topics"}


def test_a_single_item() -> None:
    only = (Entry("d/q/b", "d/q", "bug", "senior", "T", 120),)
    for length in LENGTHS:
        interview = play(plan(only, length, 0), "wrong", 0)
        check_rules(interview)
        assert [step.item_id for step in interview.steps] == ["d/q/b"]


def test_an_item_longer_than_the_interview_ends_it_at_once() -> None:
    interview = play(plan((Entry("d/q/e", "d/q", "exercise", "senior", "T", 3600),), 10, 0), "wrong", 0)
    assert interview.steps == ()
    assert report(interview, {}).left_out[-1].why == "too_long"


def follow_ups_with_time(interview: Interview, step: Step) -> list[Entry]:
    """What could have followed up this weak answer, worked out anew: on the same question, and with time to spare for
    the kinds that were still to come."""
    assert interview.started_at is not None
    assert step.answered_at is not None
    before = [interview.entry(each) for each in interview.steps[: step.number]]
    used = {(entry.question_id, entry.kind) for entry in before if entry.kind != "recall"}
    touched = {entry.question_id for entry in before}
    rest = [
        entry
        for entry in interview.pool
        if entry not in before
        and (entry.question_id, entry.kind) not in used
        and not (entry.broad and entry.question_id in touched)
    ]
    missing = set(planned_mix(interview.pool, interview.length_minutes)) - {entry.kind for entry in before}
    cheapest = {kind: min(entry.seconds for entry in rest if entry.kind == kind) for kind in missing}
    left = interview.length_minutes * 60 - (step.answered_at - interview.started_at).total_seconds()
    smaller = [entry for entry in rest if entry.kind == "recall" or (entry.kind in EASIER and entry.level == "junior")]
    return [
        entry
        for entry in smaller
        if entry.question_id == interview.entry(step).question_id
        and entry.seconds + sum(seconds for kind, seconds in cheapest.items() if kind != entry.kind) <= left
        and len(missing - {entry.kind}) < LIMITS[interview.length_minutes].steps - len(before)
    ]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_weak_answer_is_followed_up_if_there_is_time(length: Length) -> None:
    followed = 0
    for seed in FEWER:
        interview = play(plan(complete(), length, seed), "wrong", seed)
        for step, after in pairwise(interview.steps):
            if step.reason != "follow_up":
                followed += after.reason == "follow_up"
                assert (after.reason == "follow_up") == bool(follow_ups_with_time(interview, step))
        assert interview.steps[1].reason == "follow_up"
        runs = "".join("f" if step.reason == "follow_up" else "n" for step in interview.steps)
        assert "f" * (LIMITS[length].follow_ups + 1) not in runs
    assert followed >= len(FEWER)


def test_strong_answers_are_never_followed_up_and_move_on() -> None:
    for length in LENGTHS:
        for seed in FEWER:
            interview = play(plan(complete(), length, seed), "right", seed)
            asked = entries(interview)
            assert all(step.reason != "follow_up" for step in interview.steps)
            assert all(a.question_id != b.question_id for a, b in pairwise(asked))


def test_with_few_questions_it_still_moves_on_while_there_is_somewhere_to_go() -> None:
    few = tuple(entry for entry in complete() if entry.topic in ("PyTorch", "Optimisation"))
    assert len({entry.question_id for entry in few}) == 3
    for seed in FEWER:
        asked = entries(play(plan(few, 45, seed), "right", seed))
        assert all(a.question_id != b.question_id for a, b in pairwise(asked[:15]))


@pytest.mark.parametrize("level", ["junior", "senior"])
def test_level_follows_the_answers(level: Level) -> None:
    for length in LENGTHS:
        shares = {}
        for answerer in ("right", "wrong"):
            asked = [
                entry
                for seed in FEWER
                for entry in entries(play(plan_interview(complete(), length, level, (), seed), answerer, seed))[2:]
                if entry.kind != "recall"
            ]
            shares[answerer] = sum(entry.level == "senior" for entry in asked) / len(asked)
        print(level, length, shares)
        assert shares["right"] > 0.8
        assert shares["wrong"] < 0.2


def test_many_topics_and_questions_are_touched() -> None:
    for seed in FEWER:
        for length, least in ((10, 4), (20, 6), (45, 9)):
            asked = entries(play(plan(complete(), length, seed), "right", seed))  # type: ignore[arg-type]  # of LENGTHS
            assert len({entry.question_id for entry in asked}) >= least


def test_seeds_give_different_interviews_and_the_same_seed_the_same() -> None:
    firsts: Counter[str] = Counter()
    for seed in SEEDS:
        interview = play(plan(complete(), 20, seed), "random", seed)
        assert interview == play(plan(complete()[::-1], 20, seed), "random", seed), (
            "the catalogue's order does not matter"
        )
        firsts[interview.steps[0].item_id] += 1
    assert len(firsts) == 10
    assert max(firsts.values()) < 30


@pytest.mark.parametrize("length", LENGTHS)
def test_saving_and_restoring_at_every_step_changes_nothing(length: Length) -> None:
    def reload(interview: Interview, now: datetime) -> tuple[Interview, datetime]:
        restored = from_json(to_json(interview))
        assert restored == interview
        return restored, now

    for seed in range(15):
        planned = plan(complete(), length, seed)
        assert play(planned, "random", seed, reload) == play(planned, "random", seed)


@pytest.mark.parametrize("length", LENGTHS)
def test_leaving_and_coming_back_equals_not_leaving(length: Length) -> None:
    """Gaps that do not count change nothing but the moments; the same things are asked and take the same time."""
    for seed in range(30):
        rng = random.Random(seed)

        def leave(interview: Interview, now: datetime, rng: random.Random = rng) -> tuple[Interview, datetime]:
            if interview.started_at is None or rng.random() < 0.7:
                return interview, now
            back = now + GAP + timedelta(seconds=rng.randint(1, 90_000))
            assert gap(interview, back) is not None
            assert seen(interview, back) is interview, "the question must not be passed over"
            returned = resume(from_json(to_json(interview)), back, count_gap=False)
            assert gap(returned, back) is None
            return returned, back

        planned = plan(complete(), length, seed)
        stayed, left = play(planned, "random", seed), play(planned, "random", seed, leave)
        assert left.gaps
        assert [step.item_id for step in left.steps] == [step.item_id for step in stayed.steps]
        assert [step.reason for step in left.steps] == [step.reason for step in stayed.steps]
        for mine, theirs in zip(left.steps, stayed.steps, strict=True):
            assert mine.seconds == pytest.approx(theirs.seconds, abs=1e-4)
            assert mine.slow == theirs.slow
        assert left.ended_at is not None and stayed.ended_at is not None
        assert elapsed_seconds(left, left.ended_at) == pytest.approx(elapsed_seconds(stayed, stayed.ended_at), abs=1e-4)
        check_rules(left)
