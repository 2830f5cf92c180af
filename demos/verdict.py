"""The verdict on a claim: paired differences over replicates, their mean, and its 95 % t-interval.

Student (1908), "The probable error of a mean". Numpy only: scipy would cost the server 27 MB and 0.2 s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from demos.base import Claim, Outcome, Verdict

CONFIDENCE = 0.95
MOST_REPLICATES = 10_000
"""A claim that would need more replicates than this is not worth a number."""


def paired_verdict(claim: Claim, better: Sequence[float], worse: Sequence[float]) -> Verdict:
    """Judge `claim` by `better[r] - worse[r]`, one pair for each replicate r, in the claim's unit.

    *holds* if the whole interval is above the margin, *does_not_hold* if it is all below, else *cannot_tell*. Raises
    `ValueError` for fewer than two pairs, for unequal lengths and for values that are not finite.
    """
    differences = _differences(claim, better, worse)
    n = len(differences)
    effect, spread = float(differences.mean()), float(differences.std(ddof=1))
    half_width = t_quantile((1 + CONFIDENCE) / 2, n - 1) * spread / math.sqrt(n)
    low, high = effect - half_width, effect + half_width
    outcome: Outcome = "holds" if low > claim.margin else "does_not_hold" if high < claim.margin else "cannot_tell"
    return Verdict(
        outcome=outcome,
        claim=claim.statement,
        effect=effect,
        interval=(low, high),
        margin=claim.margin,
        unit=claim.unit,
        replicates=n,
        replicates_needed=_replicates_needed(effect - claim.margin, spread) if outcome == "cannot_tell" else None,
    )


def _differences(claim: Claim, better: Sequence[float], worse: Sequence[float]) -> np.ndarray:
    first, second = np.asarray(better, dtype=float), np.asarray(worse, dtype=float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"pairs need one value of each arm per replicate, got {first.shape} and {second.shape} values")
    if len(first) < 2:
        raise ValueError(f"an interval needs at least 2 replicates, got {len(first)}")
    for name, values in ((claim.better, first), (claim.worse, second)):
        if not np.isfinite(values).all():
            bad = [int(r) for r in np.flatnonzero(~np.isfinite(values))]
            raise ValueError(f"{claim.metric} of {name!r} is not a finite number in replicates {bad}")
    return first - second


def _replicates_needed(distance: float, spread: float) -> int | None:
    """The smallest n whose half width is below |distance|, at this spread (half widths shrink as n grows)."""
    if distance == 0 or spread == 0:
        return None

    def settles(n: int) -> bool:
        return t_quantile((1 + CONFIDENCE) / 2, n - 1) * spread / math.sqrt(n) < abs(distance)

    low, high = 1, MOST_REPLICATES
    if not settles(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settles(middle) else (middle, high)
    return high


def t_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t distribution with a whole number of degrees of freedom, for 0.5 <= probability < 1."""
    if not 0.5 <= probability < 1 or degrees < 1:
        raise ValueError(f"need 0.5 <= probability < 1 and degrees >= 1, got {probability} and {degrees}")
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _central(middle, degrees) < 2 * probability - 1 else (low, middle)
    return math.tan((low + high) / 2) * math.sqrt(degrees)


def _central(theta: float, degrees: int) -> float:
    """P(|T| < t) for tan(theta) = t / sqrt(degrees): the finite sums of Abramowitz & Stegun 26.7.3 and 26.7.4."""
    odd, terms = degrees % 2, degrees // 2
    k = np.arange(1, terms)
    factors = 2 * k / (2 * k + 1) if odd else (2 * k - 1) / (2 * k)
    coefficients = np.cumprod(np.concatenate(([1.0], factors)))[:terms]
    total = math.sin(theta) * float(coefficients @ math.cos(theta) ** (2 * np.arange(terms) + odd))
    return 2 / math.pi * (theta + total) if odd else total


def verdict_sentence(verdict: Verdict, *, better: str | None = None, worse: str | None = None) -> str:
    """The verdict in one sentence for people; `better` and `worse` are the labels of the compared arms, if known."""
    margin = f"the margin of {_amount(verdict.margin, verdict.unit)}"
    size = _amount(abs(verdict.effect), verdict.unit)
    subject = f"{better} is" if better else "the difference is"
    if better:
        than = f" than {worse}" if worse else ""
        difference = f"{subject} {size} {'better' if verdict.effect >= 0 else 'worse'}{than}"
    else:
        difference = f"{subject} {_amount(verdict.effect, verdict.unit)}"
    difference += _basis(verdict)
    if verdict.outcome == "holds":
        return f"Holds: {difference}, more than {margin}."
    if verdict.outcome == "does_not_hold":
        return f"Does not hold: {difference}, short of {margin}."
    return f"Cannot tell: {difference}, which does not settle it against {margin}.{_remedy(verdict)}"


def _basis(verdict: Verdict) -> str:
    if verdict.interval is None:
        return " (counted, not estimated)"
    low, high = verdict.interval
    return f" (95 % interval {_number(low)} to {_number(high)}, {verdict.replicates} replicates)"


def _remedy(verdict: Verdict) -> str:
    if verdict.replicates_needed is None:
        return ""
    return f" About {verdict.replicates_needed} replicates would settle it, if the spread stays as it is."


def _number(value: float) -> str:
    """One decimal place from 1 upwards, two significant digits below; -0.0 is 0."""
    text = f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"
    return "0" if float(text) == 0 else text.removesuffix(".0")


def _amount(value: float, unit: str) -> str:
    number = _number(value)
    return f"{number} {unit.removesuffix('s') if number in ('1', '-1') else unit}"
