"""The verdict against scipy, a naive loop, and its own promise of 95 %."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from demos import catalogue
from demos.base import Claim, Verdict
from demos.verdict import (
    DIAL_ENDS_AT,
    MOST_REPLICATES,
    in_sentence,
    paired_verdict,
    t_quantile,
    verdict_sentence,
)

CLAIM = Claim(statement="a beats b", better="a", worse="b", metric="m", unit="points", margin=1.0, paper="none")


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 7, 8, 29, 30, 99, 9999])
@pytest.mark.parametrize("probability", [0.5, 0.6, 0.9, 0.975, 0.9999])
def test_t_quantile_is_scipys(degrees: int, probability: float) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("probability", "degrees"), [(0.4, 3), (1.0, 3), (0.9, 0)])
def test_t_quantile_refuses_what_it_cannot(probability: float, degrees: int) -> None:
    with pytest.raises(ValueError, match="probability"):
        t_quantile(probability, degrees)


@pytest.mark.parametrize("n", [2, 3, 8, 30])
def test_interval_is_that_of_the_paired_t_test(n: int) -> None:
    rng = np.random.default_rng(n)
    better, worse = rng.normal(5, 3, n), rng.normal(2, 3, n)
    verdict = paired_verdict(CLAIM, list(better), list(worse))
    expected = stats.ttest_rel(better, worse).confidence_interval(0.95)
    assert verdict.interval == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert verdict.effect == pytest.approx(sum(a - b for a, b in zip(better, worse, strict=True)) / n)
    assert (verdict.claim, verdict.margin, verdict.unit, verdict.replicates) == ("a beats b", 1.0, "points", n)


def test_interval_covers_the_truth_in_95_percent_of_simulated_runs() -> None:
    rng = np.random.default_rng(0)
    runs, truth, hits = 4000, 2.0, 0
    for _ in range(runs):
        shared = rng.normal(0, 10, 8)  # what the arms of a replicate have in common must cancel
        interval = paired_verdict(CLAIM, shared + rng.normal(truth, 1, 8), shared + rng.normal(0, 1, 8)).interval
        assert interval is not None
        hits += interval[0] <= truth <= interval[1]
    assert abs(hits / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)


@pytest.mark.parametrize(
    ("differences", "outcome"),
    [
        ([5.0, 5.1, 4.9], "holds"),
        ([0.2, 0.1, 0.3], "does_not_hold"),
        ([-5.0, -5.1, -4.9], "does_not_hold"),
        ([0.0, 1.0, 3.0], "cannot_tell"),
        ([2.0, 2.0], "holds"),
        ([0.0, 0.0], "does_not_hold"),
        ([1.0, 1.0], "cannot_tell"),
    ],
)
def test_outcome(differences: list[float], outcome: str) -> None:
    verdict = paired_verdict(CLAIM, differences, [0.0] * len(differences))
    assert verdict.outcome == outcome
    if outcome != "cannot_tell":
        assert verdict.replicates_needed is None


def test_replicates_needed_is_the_first_that_settles_it() -> None:
    differences = np.array([0.0, 1.0, 3.5, 2.0])
    needed = paired_verdict(CLAIM, differences, np.zeros(4)).replicates_needed
    distance, spread = abs(differences.mean() - 1), differences.std(ddof=1)
    reach = {n: (stats.t.ppf(0.975, n - 1) + stats.t.ppf(0.8, n - 1)) * spread / math.sqrt(n) for n in range(2, 200)}
    assert needed == min(n for n, length in reach.items() if length < distance)
    assert needed is not None and needed > 4


@pytest.mark.parametrize(("effect", "replicates"), [(2.5, 16), (2.0, 34), (-0.4, 19)])
def test_with_the_replicates_needed_four_of_five_runs_settle_it(effect: float, replicates: int) -> None:
    """Simulated at the effect and spread that the estimate takes for true. The half width alone gave 52 to 57 %."""
    seen = np.array([-1.0, 0.0, 1.0]) * 2.0 + effect  # mean `effect`, spread 2
    needed = paired_verdict(CLAIM, seen, np.zeros(3)).replicates_needed
    assert needed == replicates
    rng, runs, none = np.random.default_rng(5), 2000, np.zeros(needed)
    outcomes = [paired_verdict(CLAIM, rng.normal(effect, 2.0, needed), none).outcome for _ in range(runs)]
    right = "holds" if effect > CLAIM.margin else "does_not_hold"
    assert 0.77 < outcomes.count(right) / runs < 0.84  # the standard error is 0.009
    assert len(outcomes) - outcomes.count(right) == outcomes.count("cannot_tell")


def test_every_lab_with_an_interval_has_a_dial_that_ends_where_the_verdict_says() -> None:
    ends = {
        name: lab.config.model_json_schema()["properties"]["replicates"]["maximum"]
        for name, lab in catalogue.labs().items()
    }
    assert ends.pop("freezing") == 1, "no interval: nothing to settle"
    assert set(ends.values()) == {DIAL_ENDS_AT}


def test_replicates_needed_is_not_invented() -> None:
    at_the_margin = paired_verdict(CLAIM, [0.0, 2.0], [0.0, 0.0])
    hopeless = paired_verdict(CLAIM, [-99.0, 101.001], [0.0, 0.0])
    assert at_the_margin.replicates_needed is None
    assert hopeless.outcome == "cannot_tell" and hopeless.replicates_needed is None
    assert MOST_REPLICATES == 1_000


@pytest.mark.parametrize(
    ("better", "worse", "message"),
    [
        ([1.0], [0.0], "at least 2 replicates, got 1"),
        ([], [], "at least 2 replicates, got 0"),
        ([1.0, 2.0], [1.0], "one value of each arm per replicate"),
        ([1.0, math.nan, 2.0], [0.0, 0.0, 0.0], r"m of 'a' is not a finite number in replicates \[1\]"),
        ([1.0, 2.0], [0.0, math.inf], r"m of 'b' is not a finite number in replicates \[1\]"),
    ],
)
def test_what_cannot_be_judged_is_refused(better: list[float], worse: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paired_verdict(CLAIM, better, worse)


def _verdict(**changes: object) -> Verdict:
    base = Verdict(outcome="holds", claim="", effect=8.1, interval=(5.0, 11.2), margin=1.0, unit="points", replicates=8)
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (
            _verdict(),
            "Holds: Probing came out 8.1 points better than fine-tuning (95 % interval 5.0 to 11.2), more than the "
            "margin of 1 point, over 8 replicates.",
        ),
        (
            _verdict(outcome="does_not_hold", effect=-1.0, interval=(-2.0, -0.01)),
            "Does not hold: Probing came out 1.0 point worse than fine-tuning (95 % interval -2.0 to 0.0), short of "
            "the margin of 1 point, over 8 replicates.",
        ),
        (
            _verdict(outcome="cannot_tell", effect=1.5, interval=(-0.6, 3.6), replicates_needed=30),
            "Cannot tell: Probing came out 1.5 points better than fine-tuning (95 % interval -0.6 to 3.6), which "
            "leaves the margin of 1 point open, over 8 replicates. About 30 replicates would settle it in four of five "
            "runs, if effect and spread stay as they are.",
        ),
        (
            _verdict(outcome="cannot_tell", effect=1.5, interval=(-0.6, 3.6), replicates_needed=31),
            "Cannot tell: Probing came out 1.5 points better than fine-tuning (95 % interval -0.6 to 3.6), which "
            "leaves the margin of 1 point open, over 8 replicates. At this effect and spread, about 31 replicates "
            "would settle it in four of five runs; this dial ends at 30, where fewer runs would.",
        ),
        (
            _verdict(outcome="cannot_tell", effect=1.0, interval=(-0.6, 2.6)),
            "Cannot tell: Probing came out 1.0 point better than fine-tuning (95 % interval -0.6 to 2.6), which leaves "
            "the margin of 1 point open, over 8 replicates. At this effect and spread, this dial has no number of "
            "replicates that is likely to settle it.",
        ),
        (
            _verdict(effect=64000, interval=None, margin=0, unit="parameters"),
            "Holds: Probing came out 64000 parameters better than fine-tuning, more than the margin of 0 parameters.",
        ),
        (
            _verdict(effect=0.0312, interval=(0.0211, 0.0413), margin=0.01, unit="nats"),
            "Holds: Probing came out 0.031 nats better than fine-tuning (95 % interval 0.021 to 0.041), more than the "
            "margin of 0.01 nats, over 8 replicates.",
        ),
    ],
)
def test_sentence(verdict: Verdict, sentence: str) -> None:
    assert verdict_sentence(verdict, better="Probing", worse="fine-tuning") == sentence


def test_sentence_without_labels_keeps_the_sign() -> None:
    text = verdict_sentence(_verdict(outcome="does_not_hold", effect=-3.0, interval=(-4.0, -2.0)))
    assert text.startswith("Does not hold: the difference is -3.0 points (95 % interval -4.0 to -2.0)")


@pytest.mark.parametrize(
    ("label", "within"),
    [("Fine-tuning", "fine-tuning"), ("ImageNet features", "ImageNet features"), ("DANN", "DANN"), ("Arm a", "arm a")],
)
def test_a_label_within_a_sentence(label: str, within: str) -> None:
    assert in_sentence(label) == within
