"""Choices and bugs: the order shown, the verdict per option, and what the score suggests."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from content.items import Bug, Choice, Option
from study.grading.choices import grade_bug, grade_choice, order, suggest_rating
from study.scheduling import Rating
from tests.unit.study.grading.measuring import choices, shipped_items


def options(*right: bool) -> list[Option]:
    return [Option(text=f"option {i}", right=value, because=f"reason {i}") for i, value in enumerate(right)]


BUG = Bug(
    kind="bug",
    key="b",
    level="junior",
    prompt="Where?",
    code="a = 1\n\nb = 2",
    line=3,
    reasons=options(False, True, False),
    fix="a = 1\n\nb = 1",
    check="assert a == b",
    explanation="Because.",
)


def test_order_is_a_permutation_and_the_same_for_ever() -> None:
    for count, seed in itertools.product(range(9), range(50)):
        assert sorted(order(count, seed)) == list(range(count))
        assert order(count, seed) == order(count, seed)
    # Seeds stand in logs, so this must never change.
    assert order(5, 0) == (4, 0, 2, 1, 3)
    assert order(4, 2**70) == order(4, 2**70) != order(4, 2**70 + 1)


def test_every_order_is_about_equally_likely() -> None:
    counts = Counter(order(4, seed) for seed in range(12_000))
    assert len(counts) == 24
    chi_squared = sum((count - 500) ** 2 / 500 for count in counts.values())
    # 99.9 % quantile of chi-squared with 23 degrees of freedom.
    assert chi_squared < 49.7


def test_order_of_a_negative_count() -> None:
    with pytest.raises(ValueError, match="-1"):
        order(-1, 0)


@pytest.mark.parametrize(
    ("chosen", "right", "score"),
    [
        ((), False, 0),
        ((0,), False, 0.5),
        ((0, 2), True, 1),
        ((2, 0, 0), True, 1),
        ((0, 1), False, 0),
        ((0, 1, 2), False, 0.5),
        ((1, 3), False, 0),
        ((0, 1, 2, 3), False, 0),
    ],
)
def test_several_right(chosen: tuple[int, ...], right: bool, score: float) -> None:
    grade = grade_choice(options(True, False, True, False), chosen)
    assert (grade.right, grade.score) == (right, score)
    assert [verdict.because for verdict in grade.verdicts] == [f"reason {i}" for i in range(4)]
    assert [verdict.chosen for verdict in grade.verdicts] == [i in chosen for i in range(4)]
    assert [verdict.right for verdict in grade.verdicts] == [True, False, True, False]


def test_one_right() -> None:
    for chosen in range(3):
        grade = grade_choice(options(False, True, False), [chosen])
        assert (grade.right, grade.score) == (chosen == 1, float(chosen == 1))
    assert grade_choice(options(False, True, False), [0, 1]).score == 0


def test_every_shipped_choice_gives_full_marks_to_its_right_options_only() -> None:
    shipped: dict[str, Choice] = choices()
    assert len(shipped) >= 70
    for item in shipped.values():
        right = frozenset(i for i, option in enumerate(item.options) if option.right)
        everything = range(len(item.options))
        for chosen in (frozenset(c) for n in range(len(everything) + 1) for c in itertools.combinations(everything, n)):
            grade = grade_choice(item.options, chosen)
            assert grade.right == (chosen == right) == (grade.score == 1)
            assert 0 <= grade.score <= 1
            assert all(verdict.because for verdict in grade.verdicts)


@pytest.mark.parametrize("chosen", [[4], [-1], [0, 7]])
def test_options_that_are_not_there(chosen: list[int]) -> None:
    with pytest.raises(ValueError, match="of 4"):
        grade_choice(options(True, False, True, False), chosen)


def test_no_right_option() -> None:
    with pytest.raises(ValueError, match="no option is right"):
        grade_choice(options(False, False, False), [0])


@pytest.mark.parametrize(
    ("line", "reason", "line_right", "reason_right", "score"),
    [
        (3, 1, True, True, 1),
        (3, 0, True, False, 0.5),
        (1, 1, False, True, 0.5),
        (1, 2, False, False, 0),
        (None, 1, False, True, 0.5),
        (3, None, True, False, 0.5),
        (None, None, False, False, 0),
    ],
)
def test_line_and_reason(
    line: int | None, reason: int | None, line_right: bool, reason_right: bool, score: float
) -> None:
    grade = grade_bug(BUG, line, reason)
    assert (grade.line_right, grade.reason_right, grade.score) == (line_right, reason_right, score)
    assert grade.right == (score == 1)
    assert [verdict.because for verdict in grade.reasons] == ["reason 0", "reason 1", "reason 2"]
    assert [verdict.chosen for verdict in grade.reasons] == [i == reason for i in range(3)]


@pytest.mark.parametrize(("line", "reason"), [(0, 1), (4, 1), (-1, 1), (3, 3), (3, -1)])
def test_lines_and_reasons_that_are_not_there(line: int, reason: int) -> None:
    with pytest.raises(ValueError, match="of 3"):
        grade_bug(BUG, line, reason)


def test_every_shipped_bug_is_solved_by_exactly_one_pair() -> None:
    bugs = [item for item in shipped_items().values() if isinstance(item, Bug)]
    assert len(bugs) >= 30
    for bug in bugs:
        pairs = itertools.product(range(1, len(bug.code.splitlines()) + 1), range(len(bug.reasons)))
        solved = [(line, reason) for line, reason in pairs if grade_bug(bug, line, reason).right]
        assert solved == [(bug.line, next(i for i, reason in enumerate(bug.reasons) if reason.right))]


@pytest.mark.parametrize(
    ("score", "rating"),
    [(0, Rating.AGAIN), (0.49, Rating.AGAIN), (0.5, Rating.HARD), (0.99, Rating.HARD), (1, Rating.GOOD)],
)
def test_suggested_rating(score: float, rating: Rating) -> None:
    assert suggest_rating(score) is rating


@pytest.mark.parametrize("score", [-0.01, 1.01, float("nan"), float("inf")])
def test_scores_out_of_range(score: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        suggest_rating(score)
