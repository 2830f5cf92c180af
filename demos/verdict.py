"""The verdict on a claim: paired differences over replicates, their mean, and its 95 % t-interval.

Student (1908), "The probable error of a mean". Numpy only: scipy would cost the server 27 MB and 0.2 s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from demos.base import Claim, Lab, LabConfig, Outcome, Verdict

CONFIDENCE = 0.95
POWER = 0.8
"""Of runs with as many replicates as are recommended, this share should settle the claim."""
MOST_REPLICATES = 1_000
"""A claim that would need more replicates than this is not worth a number."""
DIAL_ENDS_AT = 30
"""The most replicates that a lab's dial offers."""


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


def exact_verdict(claim: Claim, better: float, worse: float) -> Verdict:
    """Judge `claim` by one difference that chance has no part in (shapes, counts): *holds* above the margin, else not.

    Raises `ValueError` for a value that is not finite.
    """
    effect = float(better) - float(worse)
    if not math.isfinite(effect):
        raise ValueError(f"{claim.metric} must be finite, got {better} and {worse}")
    outcome: Outcome = "holds" if effect > claim.margin else "does_not_hold"
    return Verdict(
        outcome=outcome, claim=claim.statement, effect=effect, interval=None, margin=claim.margin, unit=claim.unit,
        replicates=1,
    )  # fmt: skip


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
    """The smallest n at which `POWER` of all runs leave the margin outside their interval.

    `distance`, from the margin to the effect, and `spread` are taken for the true ones. At the n whose half width just
    equals the distance, nearly every second run would fail: half of all means lie nearer to the margin than the effect.
    So n has to satisfy (t(0.975) + t(0.8)) * spread / sqrt(n) < |distance|, quantiles with n - 1 degrees of freedom.
    """
    if distance == 0 or spread == 0:
        return None

    def settles(n: int) -> bool:
        quantiles = t_quantile((1 + CONFIDENCE) / 2, n - 1) + t_quantile(POWER, n - 1)
        return quantiles * spread / math.sqrt(n) < abs(distance)

    low, high = 1, 2
    while not settles(high):  # upwards: a quantile costs the more the larger n is
        if high == MOST_REPLICATES:
            return None
        low, high = high, min(2 * high, MOST_REPLICATES)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settles(middle) else (middle, high)
    return high


@lru_cache(maxsize=1024)
def t_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t distribution with `degrees` of freedom (a whole number), 0.5 <= probability < 1."""
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
    size = abs(verdict.effect) if better else verdict.effect
    effect = _with_unit(_number(size, verdict), verdict.unit)
    difference = f"the difference is {effect}"
    if better:
        than = f" than {worse}" if worse else ""
        difference = f"{better} came out {effect} {'better' if verdict.effect >= 0 else 'worse'}{than}"
    difference += _interval(verdict)
    margin = f"the margin of {_with_unit(f'{verdict.margin:g}', verdict.unit)}"
    over = "" if verdict.interval is None else f", over {verdict.replicates} replicates"
    if verdict.outcome == "holds":
        return f"Holds: {difference}, more than {margin}{over}."
    if verdict.outcome == "does_not_hold":
        return f"Does not hold: {difference}, short of {margin}{over}."
    return f"Cannot tell: {difference}, which leaves {margin} open{over}.{_remedy(verdict)}"


def run_says(lab: Lab, config: LabConfig, frames: Sequence[Any], verdict: Verdict) -> str:
    """The verdict of a finished run in one sentence, with the lab's own words for its arms."""
    if lab.sentence is not None:
        return lab.sentence(config, frames)
    labels = {arm.key: arm.label for arm in lab.arms(config)}
    better, worse = (in_sentence(labels[key]) for key in (lab.claim.better, lab.claim.worse))
    return verdict_sentence(verdict, better=better, worse=worse)


def in_sentence(label: str) -> str:
    """A label as it stands within a sentence: a small first letter, unless its first word is a name like ImageNet."""
    first = label.split(" ")[0]
    return label if first[1:] != first[1:].lower() else label[:1].lower() + label[1:]


def _interval(verdict: Verdict) -> str:
    if verdict.interval is None:
        return ""
    low, high = verdict.interval
    return f" (95 % interval {_number(low, verdict)} to {_number(high, verdict)})"


def _remedy(verdict: Verdict) -> str:
    """How many replicates would settle it, or that there are not so many on the dial."""
    needed = verdict.replicates_needed
    if needed is None:
        return " At this effect and spread, this dial has no number of replicates that is likely to settle it."
    if needed > DIAL_ENDS_AT:
        return (
            f" At this effect and spread, about {needed} replicates would settle it in four of five runs; this dial "
            f"ends at {DIAL_ENDS_AT}, where fewer runs would."
        )
    return f" About {needed} replicates would settle it in four of five runs, if effect and spread stay as they are."


def _number(value: float, verdict: Verdict) -> str:
    """One decimal, or as many as the margin's size asks for; none for what was counted. Never -0."""
    if verdict.interval is None:
        return f"{value:.6g}"
    decimals = 1 if verdict.margin == 0 else max(1, 1 - math.floor(math.log10(abs(verdict.margin))))
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit.removesuffix('s') if abs(float(number)) == 1 else unit}"
