"""Where one learning curve overtakes another, and how sure that is. Numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000


@dataclass(frozen=True)
class Crossing:
    """Labels per class from which the lead is gone for the rest of the curve.

    0 means that there was no lead to lose at any measured count, infinity that it lasts up to the largest.
    """

    at: float
    low: float
    high: float
    """Percentile bounds (95 %) over replicates drawn with replacement (Efron & Tibshirani 1993, chapter 13)."""


def crossing(counts: Sequence[int], leads: np.ndarray, seed: int = 0) -> Crossing:
    """The crossing of the mean of `leads` (replicates, counts), ascending counts, in points.

    Between two counts the mean lead is taken as a straight line over the logarithm of the count. `seed` draws the
    replicates of the bootstrap: the same run always gets the same interval.
    """
    replicates = len(leads)
    rows = np.random.default_rng(seed).integers(replicates, size=(RESAMPLES, replicates))
    found = sorted(_last_fall(counts, mean) for mean in leads[rows].mean(axis=1))
    # Whole ranks, as a quantile between a number and infinity has no value.
    tail = round(0.025 * RESAMPLES)
    return Crossing(_last_fall(counts, leads.mean(axis=0)), found[tail], found[-1 - tail])


def _last_fall(counts: Sequence[int], mean: np.ndarray) -> float:
    ahead = np.flatnonzero(mean > 0)
    if len(ahead) == 0:
        return 0.0
    last = int(ahead[-1])
    if last == len(counts) - 1:
        return math.inf
    share = mean[last] / (mean[last] - mean[last + 1])
    return float(counts[last] * (counts[last + 1] / counts[last]) ** share)


def in_words(crossing: Crossing, counts: Sequence[int]) -> str:
    """The crossing and its interval as a sentence about fine-tuning, the count rounded to two digits."""
    first, last = counts[0], counts[-1]
    if crossing.at == 0:
        at = f"Fine-tuning is ahead at every count from {first} on"
    elif math.isinf(crossing.at):
        at = f"Fine-tuning does not overtake the probe up to {last} labels per class"
    else:
        at = f"Fine-tuning overtakes the probe at about {crossing.at:.2g} labels per class"
    bounds = [_bound(value, first, last) for value in (crossing.low, crossing.high)]
    interval = " to ".join(dict.fromkeys(bounds))
    return f"{at} (95 % of resampled replicates: {interval})."


def _bound(value: float, first: int, last: int) -> str:
    return f"below {first}" if value == 0 else f"beyond {last}" if math.isinf(value) else f"{value:.2g}"
