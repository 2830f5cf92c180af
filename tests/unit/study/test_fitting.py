"""Fitting: the split, the log loss by an independent replay, and simulated learners whose parameters are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import fsrs
import numpy as np
import pytest
from fsrs.scheduler import DEFAULT_PARAMETERS

from study.fitting import MINIMUM, MINIMUM_TRAIN, Fit, TooFewReviewsError, _answers, fit, log_loss
from study.records import Review
from study.scheduling import Memory, Rating, Scheduler

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
WEAK = (0.01, 0.05, 0.2, 1.0, 7.0, 0.9, 2.6, 0.02, 0.4, 0.15, 0.3, 1.2, 0.06, 0.3, 1.0, 0.3, 1.5, 0.2, 0.05, 0.07, 0.5)
"""A learner who forgets within a day or two what the defaults expect to last for weeks."""


class Learner:
    """Answers as FSRS with the parameters `weights` says that a learner would; asked by the default scheduler."""

    def __init__(self, weights: Sequence[float] | None, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._truth = Scheduler(weights=None if weights is None else tuple(weights))
        self._asker = Scheduler()
        self._real: dict[str, Memory] = {}
        self._asked: dict[str, Memory] = {}
        self.reviews: list[Review] = []
        self.scored = 0

    def study(self, scored: int) -> list[Review]:
        """Ten new cards a day, until so many answers can be scored."""
        day = 0
        while self.scored < scored:
            morning = START + timedelta(days=day)
            for number in range((day + 1) * 10):
                self._sit(f"d/q{number}", morning)
            day += 1
        return self.reviews

    def _sit(self, item: str, morning: datetime) -> None:
        now = morning
        while item not in self._asked or self._asked[item].due <= morning + timedelta(hours=12):
            if item in self._asked:
                now = max(now, self._asked[item].due)
            self._answer(item, now)

    def _answer(self, item: str, now: datetime) -> None:
        before = self._asked.get(item) or self._asker.new_memory(now)
        real = self._real.get(item) or self._truth.new_memory(now)
        rating = self._rating(real, now)
        self.scored += before.last_review is not None and (now - before.last_review).days > 0
        after = self._asker.review(before, rating, now)
        self._asked[item], self._real[item] = after, self._truth.review(real, rating, now)
        self.reviews.append(Review(f"a{len(self.reviews)}", item, rating, now, 8.0, before, after, None))

    def _rating(self, real: Memory, now: datetime) -> Rating:
        if real.last_review is None:
            return Rating(int(self._rng.choice([1, 2, 3, 4], p=[0.3, 0.15, 0.45, 0.1])))
        if self._rng.random() > self._truth.retrievability(real, now):
            return Rating.AGAIN
        return Rating(int(self._rng.choice([2, 3, 4], p=[0.12, 0.78, 0.1])))


def review(item: str, day: float, rating: Rating = Rating.GOOD, *, first: bool = False) -> Review:
    """One answer; only what fitting reads is real."""
    memory = Memory("learning", 0, None, None, START, None if first else START)
    return Review(f"{item}-{day}", item, rating, START + timedelta(days=day), 1.0, memory, memory, None)


def scored_reviews(reviews: list[Review]) -> int:
    """How many of them the fit is scored on."""
    return sum(answer.scored for answer in _answers(reviews))


def test_the_log_loss_is_that_of_the_package_replayed() -> None:
    reviews = Learner(WEAK, seed=3).study(150)
    for weights in (DEFAULT_PARAMETERS, WEAK):
        engine = fsrs.Scheduler(parameters=weights, enable_fuzzing=False)
        cards: dict[str, fsrs.Card] = {}
        losses = []
        for given in reviews:
            card = cards.get(given.item_id) or fsrs.Card(card_id=1, due=given.reviewed_at)
            if card.last_review is not None and given.reviewed_at - card.last_review >= timedelta(days=1):
                chance = engine.get_card_retrievability(card, given.reviewed_at)
                losses.append(-math.log(1 - chance if given.rating == Rating.AGAIN else chance))
            cards[given.item_id], _ = engine.review_card(card, fsrs.Rating(given.rating), given.reviewed_at)
        assert len(losses) == scored_reviews(reviews) >= 150
        assert log_loss(reviews, Scheduler(weights=tuple(weights))) == pytest.approx(np.mean(losses), rel=1e-12)
    assert log_loss(reviews, Scheduler(weights=WEAK)) < log_loss(reviews, Scheduler())


def test_same_day_answers_are_not_scored_but_move_the_memory() -> None:
    log = [review("d/a", 0, first=True), review("d/a", 0.5), review("d/a", 1.4), review("d/a", 2.4)]
    assert scored_reviews(log) == 1
    with pytest.raises(ValueError, match="a day or more"):
        log_loss(log[:3], Scheduler())
    without = [log[0], log[2], log[3]]
    assert scored_reviews(without) == 2
    assert log_loss(log, Scheduler()) != log_loss([log[0], log[3]], Scheduler())


def test_the_order_of_the_log_does_not_matter() -> None:
    reviews = Learner(None, seed=1).study(60)
    mixed = [reviews[index] for index in np.random.default_rng(0).permutation(len(reviews))]
    # Answers of one moment are added up in another order.
    assert log_loss(mixed, Scheduler()) == pytest.approx(log_loss(reviews, Scheduler()), rel=1e-12)


def test_a_reset_card_begins_anew() -> None:
    log = [review("d/a", 0, first=True), review("d/a", 3), review("d/a", 9, first=True), review("d/a", 12)]
    assert scored_reviews(log) == 2
    twice = [log[0], log[1], replace(log[2], item_id="d/b"), replace(log[3], item_id="d/b")]
    assert log_loss(log, Scheduler()) == log_loss(twice, Scheduler())


def _days_apart(cards: int, answers: int) -> list[Review]:
    return [review(f"d/{card}", 2.0 * day, first=day == 0) for day in range(answers) for card in range(cards)]


def test_too_few_answers_are_counted() -> None:
    assert (MINIMUM_TRAIN, MINIMUM) == (512, 640)
    log = _days_apart(cards=91, answers=8)
    assert scored_reviews(log) == 637
    with pytest.raises(TooFewReviewsError, match="3 more answers") as caught:
        fit(log, np.random.default_rng(0))
    assert caught.value.missing == 3
    with pytest.raises(TooFewReviewsError) as caught:
        fit([], np.random.default_rng(0))
    assert caught.value.missing == MINIMUM
    assert str(TooFewReviewsError(1)).startswith("1 more answer is needed, given a day or more after")


def test_answers_that_the_package_would_not_look_at_do_not_count() -> None:
    log = _days_apart(cards=8, answers=101)
    assert scored_reviews(log) == 800
    with pytest.raises(TooFewReviewsError) as caught:
        fit(log, np.random.default_rng(0))
    assert caught.value.missing == MINIMUM_TRAIN - 8 * 63


@pytest.fixture(scope="module")
def weak() -> list[Review]:
    return Learner(WEAK, seed=0).study(MINIMUM)


@pytest.fixture(scope="module")
def weak_fit(weak: list[Review]) -> Fit:
    return fit(weak, np.random.default_rng(0))


def test_another_learner_is_predicted_better(weak: list[Review], weak_fit: Fit) -> None:
    assert weak_fit.keep
    assert 0 < weak_fit.interval[0] < weak_fit.gain < weak_fit.interval[1]
    assert weak_fit.gain == pytest.approx(weak_fit.log_loss_default - weak_fit.log_loss_fitted)
    assert weak_fit.reviews_train + weak_fit.reviews_test == scored_reviews(weak)
    assert weak_fit.reviews_train == int(scored_reviews(weak) * 0.8) >= MINIMUM_TRAIN
    assert all(type(weight) is float for weight in weak_fit.weights)
    assert Scheduler(weights=weak_fit.weights).weights == weak_fit.weights != tuple(DEFAULT_PARAMETERS)
    # Half of what could be gained by knowing the learner's own parameters, at least.
    truth = log_loss(weak, Scheduler(weights=WEAK))
    default = log_loss(weak, Scheduler())
    assert log_loss(weak, Scheduler(weights=weak_fit.weights)) < (truth + default) / 2


def test_what_is_held_out_does_not_reach_the_fit(weak: list[Review], weak_fit: Fit) -> None:
    last = sorted(weak, key=lambda given: given.reviewed_at)[-int(scored_reviews(weak) * 0.1) :]
    spoilt = {given.answer_id: Rating.EASY if given.rating == Rating.AGAIN else Rating.AGAIN for given in last}
    changed = fit([replace(given, rating=spoilt.get(given.answer_id, given.rating)) for given in weak], _rng())
    assert changed.weights == weak_fit.weights
    assert changed.log_loss_fitted != weak_fit.log_loss_fitted


@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_learner_keeps_the_defaults(seed: int) -> None:
    found = fit(Learner(None, seed).study(MINIMUM), _rng())
    assert not found.keep
    assert found.interval[0] <= 0


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)
