"""Predicted and measured recall: against scipy, scikit-learn and counts made by hand."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from statistics import fmean

import numpy as np
import pytest
from scipy.stats import binomtest  # type: ignore[import-untyped]  # no stubs installed
from sklearn.metrics import log_loss as sklearn_log_loss

from study.calibration import (
    Share,
    TimeSpent,
    accuracy_per_kind,
    calibration,
    log_loss,
    predicted,
    predictions_right,
    time_per_kind,
    wilson,
)
from study.records import Prediction, Review
from study.scheduling import Memory, Rating


def _review(
    now: datetime, chance: float | None, rating: Rating, days: float = 3, seconds: float = 4.0, kind: str | None = None
) -> Review:
    last = None if chance is None else now - timedelta(days=days)
    before = Memory("review", None, 9.0, 5.0, now, last)
    return Review("a", "q", rating, now, seconds, before, before, chance, kind=kind)


def _log(seed: int, now: datetime, count: int) -> list[Review]:
    rng = random.Random(seed)
    ratings = [Rating.AGAIN, Rating.HARD, Rating.GOOD, Rating.EASY]
    return [_review(now + timedelta(seconds=n), rng.uniform(0.3, 0.999), rng.choice(ratings)) for n in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 10, 97, 1000])
def test_wilson_equals_scipy(count: int) -> None:
    for right in {0, 1, count // 3, count - 1, count}:
        if right >= 0:
            expected = binomtest(right, count).proportion_ci(0.95, method="wilson")
            assert wilson(right, count) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (wilson(0, count)[0], wilson(count, count)[1]) == (0.0, 1.0)


@pytest.mark.parametrize(("right", "count"), [(0, 0), (-1, 3), (4, 3)])
def test_what_is_no_share_is_refused(right: int, count: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(right, count)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("count", "bins"), [(100, 10), (103, 10), (7, 10), (9, 1), (0, 4)])
def test_bins_hold_equally_many_in_order_of_prediction(seed: int, count: int, bins: int, now: datetime) -> None:
    reviews = _log(seed, now, count)
    found = calibration(reviews, bins)
    ordered = sorted(reviews, key=lambda review: review.retrievability or 0)
    expected = [part for part in np.array_split(np.arange(count), bins) if len(part)]
    assert [each.count for each in found] == [len(part) for part in expected]
    for each, part in zip(found, expected, strict=True):
        inside = [ordered[index] for index in part]
        remembered = sum(review.rating > 1 for review in inside)
        assert each.predicted == pytest.approx(fmean(review.retrievability or 0 for review in inside), abs=1e-12)
        assert each.measured == remembered / len(inside)
        assert (each.low, each.high) == wilson(remembered, len(inside))
        assert each.low <= each.measured <= each.high


def test_answers_without_a_prediction_are_left_out(now: datetime) -> None:
    """First answers, and those less than 24 hours after the one before, for which FSRS always says 1."""
    first, same_day = _review(now, None, Rating.AGAIN), _review(now, 1.0, Rating.AGAIN, days=0.99)
    next_day = _review(now, 0.9, Rating.GOOD, days=1)
    assert predicted([first, same_day, next_day]) == [next_day]
    assert [each.count for each in calibration([first, same_day, next_day])] == [1]
    assert (calibration([first, same_day]), log_loss([first, same_day])) == ([], None)


def test_no_bins_are_refused(now: datetime) -> None:
    with pytest.raises(ValueError, match="bins is 0"):
        calibration([], 0)


@pytest.mark.parametrize("seed", range(5))
def test_log_loss_equals_scikit_learn(seed: int, now: datetime) -> None:
    reviews = _log(seed, now, 200)
    expected = sklearn_log_loss(
        [review.rating > 1 for review in reviews], [review.retrievability for review in reviews], labels=[False, True]
    )
    assert log_loss(reviews) == pytest.approx(expected, abs=1e-12)


def test_log_loss_by_hand_and_finite_for_a_certain_prediction(now: datetime) -> None:
    half = [_review(now, 0.5, Rating.GOOD), _review(now, 0.5, Rating.AGAIN)]
    assert log_loss(half) == pytest.approx(np.log(2), abs=1e-15)
    certain = log_loss([_review(now, 1.0, Rating.AGAIN)])
    assert certain == pytest.approx(-np.log(1e-9), rel=1e-6)


def test_accuracy_and_time_per_kind(now: datetime) -> None:
    reviews = [
        _review(now, None, Rating.GOOD, seconds=10),
        _review(now, None, Rating.AGAIN, seconds=3, kind="choice"),
        _review(now, 0.9, Rating.HARD, seconds=1, kind="choice"),
        _review(now, 0.9, Rating.EASY, seconds=8, kind="choice"),
        _review(now, 0.9, Rating.AGAIN, seconds=20, kind="recall"),
    ]
    assert accuracy_per_kind(reviews) == {
        "recall": Share(2, 0.5, *wilson(1, 2)),
        "choice": Share(3, 2 / 3, *wilson(2, 3)),
    }
    assert time_per_kind(reviews) == {"recall": TimeSpent(2, 30.0, 15.0), "choice": TimeSpent(3, 12.0, 3.0)}
    assert list(accuracy_per_kind(reviews)) == ["recall", "choice"]
    assert (accuracy_per_kind([]), time_per_kind([])) == ({}, {})


def test_predictions_right_counts_settled_ones(now: datetime) -> None:
    outcomes = [("holds", "holds"), ("holds", "cannot_tell"), ("holds", None), ("does_not_hold", "does_not_hold")]
    log = [Prediction(str(n), "lab", {}, said, now, came, None) for n, (said, came) in enumerate(outcomes)]
    assert predictions_right(log) == Share(3, 2 / 3, *wilson(2, 3))
    assert predictions_right(log[2:3]) is None
