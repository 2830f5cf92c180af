"""Does ending on a low rate beat holding a high one? Six schedules in closed form, the claim, the dials. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from demos.base import Arm, ArmResult, Claim, Frame, Lab, LabConfig, Prediction, Preset, Verdict
from demos.verdict import paired_verdict

CONSTANT, STEP, EXPONENTIAL, COSINE = "constant", "step", "exponential", "cosine"
WARM_LINEAR, ONE_CYCLE = "warmup_linear", "one_cycle"

LABELS_PER_CLASS = 100
"""Enough digits that the end of training, not the draw, limits the accuracy."""

START_SHARE = 1 / 25
"""Where a warm-up begins, as a share of the peak: `OneCycleLR`'s default (`div_factor`)."""
FINAL_DIVISOR = 1e4
"""How far below its start `OneCycleLR` ends: its default (`final_div_factor`)."""

TAIL_EVALUATIONS = 8
"""Evaluations that the jitter is taken over, the last one included."""
TAIL_STRIDE = 2
"""Steps between them: neighbouring steps say nearly the same, and the tail is to be the end of the run."""
TAIL_STEPS = TAIL_STRIDE * (TAIL_EVALUATIONS - 1)
"""How many steps before the last the tail begins."""


class Config(LabConfig):
    """The dials of this lab."""

    start: Literal["pretrained", "scratch"] = Field(
        "pretrained",
        title="Start",
        description="What the blocks below the new head start from",
        json_schema_extra={"option_labels": {"pretrained": "pretrained on letters", "scratch": "random weights"}},
    )
    optimiser: Literal["sgd", "adamw"] = Field(
        "sgd",
        title="Optimiser",
        description="A rate means something else to each: set the peak with it",
        json_schema_extra={"option_labels": {"sgd": "SGD, momentum 0.9", "adamw": "AdamW"}},
    )
    peak_rate: float = Field(
        0.01,
        ge=0.0001,
        le=0.3,
        title="Peak rate",
        description="The highest learning rate, the same in every arm; 'constant' holds it to the end",
        json_schema_extra={
            "unit": "per step", "scale": "log",
            "options": [1e-4, 3e-4, 1e-3, 3e-3, 5e-3, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3],
        },
    )  # fmt: skip
    steps: int = Field(
        60,
        ge=40,
        le=600,
        title="Training steps",
        description="Optimiser steps of every arm; every schedule is stretched to this length",
        json_schema_extra={"unit": "steps", "scale": "log", "options": [40, 60, 100, 120, 160, 300, 600]},
    )
    batch: int = Field(
        8,
        ge=4,
        le=32,
        title="Batch size",
        description="Digits per step. Small batches give noisy gradients, and a held rate keeps all of the noise",
        json_schema_extra={"unit": "digits", "scale": "log", "options": [4, 8, 16, 32]},
    )
    drop_share: float = Field(
        0.3,
        ge=0.05,
        le=0.9,
        title="Drop after",
        description=(
            "'Step' multiplies its rate by gamma each time this share of the steps has passed; 'exponential' loses as "
            "much, a little at every step"
        ),
        json_schema_extra={"unit": "of the steps", "scale": "linear", "options": [0.05, 0.1, 0.2, 0.3, 0.5, 0.75]},
    )
    gamma: float = Field(
        0.1,
        ge=0.05,
        le=0.9,
        title="Gamma",
        description="What is left of the rate after a drop",
        json_schema_extra={"unit": "x rate", "scale": "linear", "options": [0.1, 0.2, 0.3, 0.5, 0.7]},
    )
    warmup_share: float = Field(
        0.2,
        ge=0.05,
        le=0.6,
        title="Warm-up",
        description="The share of the steps in which 'warm-up + linear' and 'one-cycle' rise, from 1/25 of the peak",
        json_schema_extra={"unit": "of the steps", "scale": "linear", "options": [0.05, 0.1, 0.2, 0.3, 0.4, 0.6]},
    )


class DecayFrame(Frame):
    """One arm at one moment of its run."""

    accuracy: float
    """On the replicate's 250 test digits, in per cent."""
    training_loss: float | None
    """Mean cross-entropy of the batches since the last frame, before their updates; None at first or if not finite."""
    rate: float
    """The rate of the latest update; at step 0 that of the first."""


CLAIM = Claim(
    statement="Ending on a low rate beats holding a high one",
    better=COSINE,
    worse=CONSTANT,
    metric=f"test accuracy, mean of the last {TAIL_EVALUATIONS} evaluations",
    unit="points",
    margin=0.5,
    paper="Loshchilov & Hutter 2017 (arXiv 1608.03983)",
)

ARMS = (
    Arm(key=COSINE, label="Cosine", description="Half a cosine from the peak to nearly 0"),
    Arm(key=CONSTANT, label="Constant", description="The peak rate from the first step to the last"),
    Arm(key=STEP, label="Step", description="The rate is multiplied by gamma at each drop"),
    Arm(key=EXPONENTIAL, label="Exponential", description="The same loss as 'step', spread over all steps"),
    Arm(key=WARM_LINEAR, label="Warm-up + linear", description="A straight line up to the peak, another down to 0"),
    Arm(key=ONE_CYCLE, label="One-cycle", description="Half a cosine up to the peak, another down; momentum fixed"),
)


def arms(config: Config) -> tuple[Arm, ...]:
    """The schedules, in the order in which they are shown."""
    return ARMS


def drop_every(config: Config) -> int:
    """Steps between two drops of the step schedule."""
    return max(1, round(config.drop_share * config.steps))


def warm_steps(config: Config) -> int:
    """Steps of the warm-up; the update after them is the first at the peak."""
    return max(1, round(config.warmup_share * config.steps))


def rate(config: Config, arm: str, update: int) -> float:
    """The learning rate of update number `update`, counted from 0: what torch's scheduler sets, in closed form."""
    return config.peak_rate * _share(config, arm, update)


def _share(config: Config, arm: str, update: int) -> float:
    """The rate as a share of the peak."""
    if arm == CONSTANT:
        return 1.0
    if arm == STEP:
        return config.gamma ** (update // drop_every(config))
    if arm == EXPONENTIAL:
        return config.gamma ** (update / drop_every(config))
    if arm == COSINE:
        return _half_cosine(1.0, 0.0, update / config.steps)
    warm, last = warm_steps(config), config.steps - 1
    if arm == WARM_LINEAR:
        if update < warm:
            return START_SHARE + (1 - START_SHARE) * update / warm
        return (config.steps - update) / (config.steps - warm)
    if arm == ONE_CYCLE:
        if update <= warm:
            return _half_cosine(START_SHARE, 1.0, update / warm)
        return _half_cosine(1.0, START_SHARE / FINAL_DIVISOR, (update - warm) / (last - warm))
    raise ValueError(f"no schedule is called {arm!r}")


def _half_cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def tail(frames: Sequence[DecayFrame], arm: str, replicate: int) -> tuple[float, ...]:
    """The arm's last `TAIL_EVALUATIONS` accuracies in this replicate; empty unless it has finished."""
    own = sorted((f.step, f.accuracy) for f in frames if f.arm == arm and f.replicate == replicate)
    steps = max((f.steps for f in frames), default=0)
    finished = bool(own) and own[-1][0] == steps
    return tuple(accuracy for step, accuracy in own if step >= steps - TAIL_STEPS) if finished else ()


def jitter(frames: Sequence[DecayFrame], arm: str, replicate: int) -> float:
    """How far the accuracy still wanders: the standard deviation of `tail`, in points; it needs a finished arm."""
    return float(np.std(tail(frames, arm, replicate)))


def results(config: Config, frames: Sequence[DecayFrame]) -> list[ArmResult]:
    """Every arm's accuracy over its last steps, one value for each replicate that finished all arms.

    The mean of the tail, not the last value: under a held rate the last one is a draw from the jitter, and a lucky step
    is not a better schedule.
    """
    tails = {(arm.key, r): tail(frames, arm.key, r) for arm in ARMS for r in range(config.replicates)}
    complete = [r for r in range(config.replicates) if all(tails[arm.key, r] for arm in ARMS)]
    return [
        ArmResult(
            name=arm.key,
            metric=f"test accuracy (%), mean of the last {TAIL_EVALUATIONS} evaluations",
            values=tuple(float(np.mean(tails[arm.key, r])) for r in complete),
        )
        for arm in ARMS
    ]


def verdict(config: Config, frames: Sequence[DecayFrame]) -> Verdict:
    """Cosine minus constant, in pairs that share the draw."""
    values = {result.name: result.values for result in results(config, frames)}
    return paired_verdict(CLAIM, values[CLAIM.better], values[CLAIM.worse])


PRESETS = (
    Preset(
        key="default",
        label="A peak that wobbles",
        why=(
            "Batches of 8 at a high peak. Held to the end, that rate keeps the weights bouncing: look at the jitter, "
            "not only at the mean."
        ),
    ),
    Preset(
        key="too_early",
        label="From scratch, short",
        why=(
            "Random weights, AdamW and 120 steps: there is still far to go when the rates fall, so decaying stops the "
            "learning early. Constant led cosine by 7 points (twelve draws)."
        ),
        values={
            "start": "scratch",
            "optimiser": "adamw",
            "peak_rate": 0.003,
            "batch": 32,
            "steps": 120,
            "replicates": 6,
        },
        counter=True,
    ),
    Preset(
        key="low_peak",
        label="A peak already low",
        why=(
            "A tenth of the default peak. It hardly wobbles, so there is nothing to calm down, and decay only "
            "shortens the way: over six draws constant led cosine by 5.4 points. Decay pays for a *high* peak."
        ),
        values={"peak_rate": 0.001, "steps": 160},
    ),
    Preset(
        key="large_batch",
        label="Batches of 32",
        why=(
            "Four times the digits a step, half of the gradients' noise: at twice the peak and twice the steps, over "
            "32 draws, cosine led by 1.1 points instead of 6.6. Most runs of six replicates cannot tell."
        ),
        values={"batch": 32, "steps": 120, "peak_rate": 0.02, "replicates": 6},
    ),
    Preset(
        key="late_drop",
        label="One late drop",
        why=(
            "The step schedule holds the peak for three quarters of the run and drops once. Up to there it is the "
            "constant arm, update for update: what does the drop alone change?"
        ),
        values={"drop_share": 0.75},
    ),
)

DOES_NOT_SHOW = (
    "That schedules beat a well chosen constant rate by so much. All arms share one peak, and it is high: constant "
    "reached 79 % and cosine 86 % there (forty draws), at half of it 84 and 85 % (twelve), at twice 66 and 86 % "
    "(thirty). With batches of 32 and 120 steps, over six draws, the best constant rate (0.01) reached 93.7 % and the "
    "best cosine (peak 0.03) 94.4 %: 0.7 points, when each has the rate that suits it.",
    "What the last step alone would say. The verdict takes the mean of the last eight evaluations; after the last step "
    "only, over forty draws, cosine led by 6.0 points instead of 6.6, with half as much spread again.",
    "That cosine is the best schedule. The verdict compares it with constant only; the other four are shown, and each "
    "has a shape that could be tuned.",
    "What happens to schedules over many epochs. A run is 60 steps of 8 digits, not one pass over the 1,000.",
    "One-cycle as its author meant it: with a peak several times higher, and with momentum cycled against the rate. "
    "Here the momentum is fixed, so that only the rate differs.",
    "Generality: one tiny network, letters to digits, 250 test digits per replicate; replicates share 5,000 digits.",
)

PAPER_SAYS = (
    "Loshchilov & Hutter 2017 (SGDR, arXiv 1608.03983) introduced the cosine, there with warm restarts, and report the "
    "lowest errors of their day with it on CIFAR-10 and -100 (3.14 and 16.21 %). Ours is half a cosine, once, over a "
    "short fine-tuning, and it is held against no decay at all."
)

LAB = Lab(
    name="lr_decay",
    title="End on a low rate?",
    questions=(2,),
    summary=(
        "A small network that has learned rendered letters is fine-tuned to real digits six times: same start, same "
        "batches, same peak rate. Only what the rate does from step to step differs, and you see it before the run."
    ),
    claim=CLAIM,
    config=Config,
    frame=DecayFrame,
    arms=arms,
    presets=PRESETS,
    prediction=Prediction(
        question="At the end, will cosine be more than half a point better than the same rate held constant?",
        options={
            "holds": "Yes, by more than half a point",
            "does_not_hold": "No, constant is about as good or better",
            "cannot_tell": "Too close to call with this many replicates",
        },
    ),
    results=results,
    verdict=verdict,
    does_not_show=DOES_NOT_SHOW,
    paper_says=PAPER_SAYS,
)
