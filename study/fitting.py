"""FSRS parameters fitted to one's own log by the `fsrs` package's optimiser (torch), and whether to keep them.

Runs on the command line or in a worker, never in the server. An answer is *scored* if a whole day (24 h) or more has
passed since the card's last one, as the package has it: it predicts certain recall within the first day, so same-day
answers move the memory but tell nothing about it.

The log is split by time, because that is how parameters are used: fitted on the past, applied to what comes. The first
80 % of the scored answers, and whatever was answered before the last of them, are for the fit; the rest is held out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import fsrs
import numpy as np
from fsrs import optimizer

from study.records import Review
from study.scheduling import Memory, Rating, Scheduler
from study.words import counted

TRAIN_SHARE = 0.8

MINIMUM_TRAIN = optimizer.mini_batch_size
"""Scored answers that a fit needs: the package's own bound (512), below which it returns its defaults."""

MINIMUM = -(-MINIMUM_TRAIN * 10 // round(TRAIN_SHARE * 10))
"""Scored answers that are needed in all, so that the first 80 % are `MINIMUM_TRAIN`: 640."""

RESAMPLES = 2000

_SMALLEST = 1e-6
"""Predictions are kept this far from 0 and 1, so that one answer cannot cost infinitely much."""


class TooFewReviewsError(ValueError):
    """The log does not allow a fit yet. `missing`: how many more scored answers it takes, at least."""

    def __init__(self, missing: int) -> None:
        needed = f"{counted(missing, 'more answer')} {'is' if missing == 1 else 'are'} needed"
        super().__init__(
            f"{needed}, given a day or more after the card's last one: a fit takes {MINIMUM} "
            f"({MINIMUM_TRAIN} to learn from, which is the fsrs package's own minimum, and the rest to test on)."
        )
        self.missing = missing


@dataclass(frozen=True)
class Fit:
    """Fitted parameters beside the defaults.

    `reviews_train`, `reviews_test`: scored answers. Log losses are means over the held-out ones, in nats; `gain` is the
    default's minus the fitted one's. `interval`: 95 % of the gains when cards are drawn anew with replacement
    (percentile bootstrap over cards, since answers to one card go together). `keep`: the interval lies above 0.
    """

    weights: tuple[float, ...]
    reviews_train: int
    reviews_test: int
    log_loss_default: float
    log_loss_fitted: float
    gain: float
    interval: tuple[float, float]
    keep: bool

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class _Answer:
    """`life`: number of a card's life; a card that is reset begins another."""

    life: int
    rating: Rating
    reviewed_at: datetime
    scored: bool


def fit(reviews: Iterable[Review], rng: np.random.Generator) -> Fit:
    """Fit the parameters to a log (answers that count, any order) and test them on its last fifth.

    Takes about 2 s of one core for 1,600 answers (740 scored), and grows with them. The same log gives the same
    weights, up to the last digits that the torch version decides; `rng` draws the interval. TooFewReviewsError below
    `MINIMUM` scored answers.
    """
    answers = _answers(reviews)
    cut = _cut(answers)
    weights = tuple(optimizer.Optimizer(_log(answers[:cut])).compute_optimal_parameters())
    default = _losses(answers, cut, Scheduler())
    fitted = _losses(answers, cut, Scheduler(weights=weights))
    gains = default - fitted
    low, high = _bootstrap(gains, [answer.life for answer in answers[cut:] if answer.scored], rng)
    return Fit(
        weights=weights,
        reviews_train=sum(answer.scored for answer in answers[:cut]),
        reviews_test=len(gains),
        log_loss_default=float(default.mean()),
        log_loss_fitted=float(fitted.mean()),
        gain=float(gains.mean()),
        interval=(low, high),
        keep=low > 0,
    )


def log_loss(reviews: Iterable[Review], scheduler: Scheduler) -> float:
    """Mean log loss, in nats, of a log's scored answers as a scheduler predicts them. ValueError if there are none."""
    losses = _losses(_answers(reviews), 0, scheduler)
    if not len(losses):
        raise ValueError("no answer was given a day or more after its card's last one")
    return float(losses.mean())


def _answers(reviews: Iterable[Review]) -> list[_Answer]:
    """The log in the order of time, told apart by the cards' lives."""
    lives: dict[str, tuple[int, Review]] = {}
    answers: list[_Answer] = []
    count = 0
    for review in sorted(reviews, key=lambda review: review.reviewed_at):
        life, last = lives.get(review.item_id, (0, None))
        if last is None or review.before.last_review is None:
            count += 1
            life, last = count, None
        scored = last is not None and (review.reviewed_at - last.reviewed_at).days > 0
        answers.append(_Answer(life, review.rating, review.reviewed_at, scored))
        lives[review.item_id] = (life, review)
    return answers


def _cut(answers: Sequence[_Answer]) -> int:
    """Index of the first held-out answer."""
    scored = [index for index, answer in enumerate(answers) if answer.scored]
    if len(scored) < MINIMUM:
        raise TooFewReviewsError(MINIMUM - len(scored))
    cut = scored[int(len(scored) * TRAIN_SHARE)]
    usable = sum(answer.scored for answer in _first(answers[:cut], optimizer.max_seq_len))
    if usable < MINIMUM_TRAIN:
        # The package looks at the first 64 answers of a card only, and would return its defaults without a word.
        raise TooFewReviewsError(MINIMUM_TRAIN - usable)
    return cut


def _log(answers: Iterable[_Answer]) -> list[fsrs.ReviewLog]:
    """The answers as the package takes them, each life as a card of its own."""
    return [
        fsrs.ReviewLog(
            card_id=answer.life,
            rating=fsrs.Rating(answer.rating),
            review_datetime=answer.reviewed_at,
            review_duration=None,
        )
        for answer in answers
    ]


def _first(answers: Sequence[_Answer], count: int) -> Iterator[_Answer]:
    """The first `count` answers of each life."""
    seen: dict[int, int] = {}
    for answer in answers:
        seen[answer.life] = seen.get(answer.life, 0) + 1
        if seen[answer.life] <= count:
            yield answer


def _losses(answers: Sequence[_Answer], start: int, scheduler: Scheduler) -> np.ndarray:
    """The log loss of each scored answer from index `start` on, from a replay of the whole log."""
    memories: dict[int, Memory] = {}
    losses: list[float] = []
    for index, answer in enumerate(answers):
        now = answer.reviewed_at
        memory = memories.get(answer.life) or scheduler.new_memory(now)
        if answer.scored and index >= start:
            chance = scheduler.retrievability(memory, now)
            recalled = chance if answer.rating != Rating.AGAIN else 1 - chance
            losses.append(-float(np.log(np.clip(recalled, _SMALLEST, 1))))
        memories[answer.life] = scheduler.review(memory, answer.rating, now)
    return np.array(losses)


def _bootstrap(gains: np.ndarray, groups: Sequence[int], rng: np.random.Generator) -> tuple[float, float]:
    """95 % of the mean gains when whole groups are drawn with replacement."""
    _, group = np.unique(np.array(groups), return_inverse=True)
    sums = np.bincount(group, weights=gains)
    sizes = np.bincount(group)
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=RESAMPLES)
    means = (drawn @ sums) / (drawn @ sizes)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
