"""Is it true? Predicted and measured recall side by side, accuracy and time per kind of item. Pure.

An answer counts as remembered unless it was Again, as in FSRS.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, fmean, median

from study.records import Prediction, Review
from study.scheduling import Rating

FIRST_KIND = "recall"
"""The kind of answers from before kinds were kept: there were only recall cards."""

_Z = NormalDist().inv_cdf(0.975)
_SMALLEST_CHANCE = 1e-9


@dataclass(frozen=True)
class Share:
    """How many of `count` (>= 1) went well: `share` (0 to 1) with its 95 % Wilson interval, `low` to `high`."""

    count: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """Answers with similar predictions. `predicted`: their mean predicted chance of recall; `measured`: the share
    remembered, with its 95 % Wilson interval `low` to `high`. All 0 to 1. `count` >= 1."""

    predicted: float
    measured: float
    count: int
    low: float
    high: float


@dataclass(frozen=True)
class TimeSpent:
    """Answers and the seconds they took, in all and in the median."""

    answered: int
    seconds: float
    median_seconds: float


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % score interval of a share `right` / `count` (Wilson, JASA 1927). ValueError unless 0 <= right <= count
    and count >= 1."""
    if not (count >= 1 and 0 <= right <= count):
        raise ValueError(f"{right} of {count} is no share")
    share, z2 = right / count, _Z**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    # Exactly 0 and 1 at the ends; the formula misses them by a rounding error.
    return (0.0 if right == 0 else centre - half), (1.0 if right == count else centre + half)


def predicted(reviews: Iterable[Review]) -> list[Review]:
    """The answers that had a prediction: not the first ones, and not those within a day of the answer before.

    FSRS counts whole days and says 1 for the first, which is no prediction. (ankitects/fsrs-benchmark, too, keeps only
    a card's first answer of a day.)
    """
    return [
        review
        for review in reviews
        if review.retrievability is not None
        and review.before.last_review is not None
        and (review.reviewed_at - review.before.last_review).days >= 1
    ]


def calibration(reviews: Iterable[Review], bins: int = 10) -> list[Bin]:
    """Predicted and measured recall, in at most `bins` (>= 1) bins of equally many answers, lowest prediction first.

    Predictions lie close together, so bins of equal width would leave most empty; these differ by one answer at most,
    the earlier bins holding more. Answers as `predicted` chooses them; empty without any.
    """
    if bins < 1:
        raise ValueError(f"bins is {bins}; it must be 1 or more")
    chosen = sorted(predicted(reviews), key=lambda review: (_chance(review), review.reviewed_at))
    count = min(bins, len(chosen))
    size, extra = divmod(len(chosen), count) if count else (0, 0)
    starts = [number * size + min(number, extra) for number in range(count + 1)]
    return [_bin(chosen[start:end]) for start, end in pairwise(starts)]


def log_loss(reviews: Iterable[Review]) -> float | None:
    """Mean log loss, in nats, of the predictions: 0 for perfect ones. Over `predicted`; None without any."""
    chosen = predicted(reviews)
    if not chosen:
        return None
    return fmean(-math.log(_chance(each) if _remembered(each) else 1 - _chance(each)) for each in chosen)


def accuracy_per_kind(reviews: Iterable[Review]) -> dict[str, Share]:
    """The share remembered per kind of item, in order of first answer."""
    return {kind: _share(given) for kind, given in _by_kind(reviews).items()}


def time_per_kind(reviews: Iterable[Review]) -> dict[str, TimeSpent]:
    """The time spent per kind of item, in order of first answer."""
    seconds = {kind: [each.duration_seconds for each in given] for kind, given in _by_kind(reviews).items()}
    return {kind: TimeSpent(len(each), sum(each), median(each)) for kind, each in seconds.items()}


def predictions_right(predictions: Iterable[Prediction]) -> Share | None:
    """How many lab runs came out as predicted, of those whose outcome is known; None if none is."""
    settled = [each for each in predictions if each.outcome is not None]
    return _of(sum(each.outcome == each.predicted for each in settled), len(settled)) if settled else None


def _by_kind(reviews: Iterable[Review]) -> dict[str, list[Review]]:
    kinds: dict[str, list[Review]] = {}
    for review in reviews:
        kinds.setdefault(review.kind or FIRST_KIND, []).append(review)
    return kinds


def _bin(given: Sequence[Review]) -> Bin:
    share = _share(given)
    return Bin(fmean(_chance(each) for each in given), share.share, share.count, share.low, share.high)


def _share(given: Sequence[Review]) -> Share:
    return _of(sum(_remembered(each) for each in given), len(given))


def _of(right: int, count: int) -> Share:
    return Share(count, right / count, *wilson(right, count))


def _remembered(review: Review) -> bool:
    return review.rating is not Rating.AGAIN


def _chance(review: Review) -> float:
    """The prediction, kept off 0 and 1, where one surprise would cost infinitely much."""
    assert review.retrievability is not None
    return min(max(review.retrievability, _SMALLEST_CHANCE), 1 - _SMALLEST_CHANCE)
