"""Do smaller early rates keep the source at no cost? What is claimed, set and judged. No torch in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, field_validator

from demos import tuned
from demos.base import (
    Arm,
    ArmResult,
    Claim,
    Frame,
    Lab,
    LabConfig,
    Prediction,
    Preset,
    Replicates,
    Verdict,
    final_results,
)
from demos.verdict import paired_verdict, verdict_sentence

BLOCKS = ("stem", "stage1", "stage2", "stage3", "head")
"""The network's blocks, input to output (`demos.models.SmallCNN`)."""

UNIFORM, DISCRIMINATIVE, GENTLE, GRADUAL, PROBE = "uniform", "discriminative", "gentle", "gradual", "probe"

SWEPT_FACTOR = 0.3
"""The factor per block with which the discriminative arm's rate was swept."""

GENTLER = 10.0
"""The gentle arm's rate is the best uniform one divided by this."""


class Config(LabConfig):
    """The dials of this lab."""

    replicates: Replicates = 10
    factor: float = Field(
        SWEPT_FACTOR,
        ge=0.05,
        le=2.0,
        title="Factor per block (d)",
        description="Each block learns at d times the rate of the block behind it, counted from the head. Above 1: "
        "the wrong way round",
        json_schema_extra={
            "unit": "x next block's rate",
            "scale": "log",
            "options": [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0],
        },
    )
    base_rate: float = Field(
        0.0,
        ge=0.0,
        le=0.1,
        title="Base rate",
        description="The head's AdamW rate in every arm but the gentle one, 0.0001 to 0.1; 0 means tuned: the uniform "
        "and the discriminative arm each have the rate that was best on the target",
        json_schema_extra={
            "unit": "per step",
            "scale": "log",
            "options": [0.0, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1],
            "option_labels": {"0": "tuned for each arm", "0.0": "tuned for each arm"},
        },
    )
    target: Literal["digits", "inverted"] = Field(
        "digits",
        title="Target",
        description="Handwritten digits, white on black as the letters were; or the same digits in black on white, "
        "which changes what the first block gets to see",
        json_schema_extra={"option_labels": {"digits": "digits", "inverted": "inverted digits"}},
    )
    gradual: bool = Field(
        True,
        title="Gradual unfreezing",
        description="Adds an arm that starts with the head and lets one more block learn every fifth of the steps, "
        "at the uniform rate",
    )
    labels_per_class: int = Field(
        50,
        ge=1,
        le=400,
        title="Labels per class",
        description="How many labelled digits of each of the 10 classes to learn from",
        json_schema_extra={"unit": "images", "scale": "log", "options": [1, 5, 20, 50, 100, 200, 400]},
    )
    steps: int = Field(
        150,
        ge=20,
        le=1000,
        title="Training steps",
        description="Optimiser steps of every arm, up to 32 images each; all rates fall to 0 along a cosine",
        json_schema_extra={"unit": "steps", "scale": "log", "options": [20, 50, 100, 150, 300, 600, 1000]},
    )

    @field_validator("base_rate")
    @classmethod
    def _tuned_or_in_range(cls, value: float) -> float:
        if 0 < value < 1e-4:
            raise ValueError("a rate is 0.0001 to 0.1, or 0 for the rates tuned for each arm")
        return value


class DiscriminativeFrame(Frame):
    """One arm at one moment of its run. Accuracies are in per cent."""

    target: float
    """On the replicate's 500 test digits, inverted where the target is."""
    source: float
    """On 520 fresh letters, with the letters' own, untouched head on the arm's backbone: what is kept of the source."""
    head_rate: float
    """The head's learning rate at the start."""
    drift: dict[str, float]
    """Relative weight change per block, ||w - w0|| / ||w0||; a frozen block's is exactly 0.0."""


CLAIM = Claim(
    statement="Smaller early rates keep more of the source, at no cost on the target",
    better=DISCRIMINATIVE,
    worse=UNIFORM,
    metric="source accuracy kept",
    unit="points",
    margin=5.0,
    paper="Howard & Ruder 2018 (arXiv 1801.06146)",
)

TOLERANCE = 1.5
"""Points of target accuracy that count as no cost: the claim's other half is that no more is lost."""

TARGET_CLAIM = Claim(
    statement=f"Smaller early rates lose less than {TOLERANCE:g} points on the target",
    better=DISCRIMINATIVE,
    worse=UNIFORM,
    metric="target accuracy",
    unit="points",
    margin=-TOLERANCE,
    paper=CLAIM.paper,
)


def arms(config: Config) -> tuple[Arm, ...]:
    """One rate, a rate per block, a low rate, block after block, head only."""
    gradual = Arm(
        key=GRADUAL,
        label="Gradual unfreezing",
        description="The uniform rate; the head first, then one more block every fifth of the steps",
    )
    return (
        Arm(key=UNIFORM, label="Best uniform rate", description="Every block at the one rate best for the target"),
        Arm(
            key=DISCRIMINATIVE,
            label=f"Discriminative, d = {config.factor:g}",
            description=f"Each block at {config.factor:g} of the rate of the block behind it",
        ),
        Arm(key=GENTLE, label="A tenth of that rate", description="Every block at a tenth of the uniform rate"),
        *((gradual,) if config.gradual else ()),
        Arm(key=PROBE, label="Head only", description="The backbone is frozen: all of the source is kept"),
    )


def rates(config: Config, arm: str) -> dict[str, float]:
    """The arm's row of learning rates at the start, block by block; 0 is frozen."""
    case = arm if arm in (DISCRIMINATIVE, PROBE) else UNIFORM
    base = config.base_rate or tuned_rate(config.target, case)
    if arm == GENTLE:
        base /= GENTLER
    factor = {DISCRIMINATIVE: config.factor, PROBE: 0.0}.get(arm, 1.0)
    depth = len(BLOCKS) - 1
    return {block: base * factor ** (depth - i) for i, block in enumerate(BLOCKS)}


def starts_at(arm: str, block: str, steps: int) -> int:
    """The step from which the block learns; 0 but for gradual unfreezing, which begins at the head."""
    if arm != GRADUAL:
        return 0
    return (len(BLOCKS) - 1 - BLOCKS.index(block)) * steps // len(BLOCKS)


def tuned_rate(target: str, case: str) -> float:
    """What `python -m demos tune discriminative` found best for this case on this target's validation digits."""
    return float(tuned.rates("discriminative")[target][case])


def finals(config: Config, frames: Sequence[DiscriminativeFrame], arm: str) -> list[DiscriminativeFrame]:
    """The arm's last frames, one for each replicate that finished all arms, in the replicates' order."""
    last = {(f.arm, f.replicate): f for f in frames if f.step == f.steps}
    keys = [a.key for a in arms(config)]
    return [last[arm, r] for r in range(config.replicates) if all((key, r) in last for key in keys)]


def results(config: Config, frames: Sequence[DiscriminativeFrame]) -> list[ArmResult]:
    """What every arm kept of the source, one value for each replicate that finished all arms."""
    return final_results(
        arms(config), frames, config.replicates, lambda frame: frame.source, "source accuracy kept (%)"
    )


def verdict(config: Config, frames: Sequence[DiscriminativeFrame]) -> Verdict:
    """Both halves, in pairs that share the draw: the source gains its margin, the target loses less than `TOLERANCE`.

    Holds if both do, does not hold if either does not. What is reported is the half that decides: the one that fails,
    else the open one, else the gain on the source.
    """
    severity = ("holds", "cannot_tell", "does_not_hold")
    return max(halves(config, frames), key=lambda half: severity.index(half.outcome))


def halves(config: Config, frames: Sequence[DiscriminativeFrame]) -> tuple[Verdict, Verdict]:
    """The verdict on what is kept of the source, and that on the target."""
    better, worse = (finals(config, frames, key) for key in (CLAIM.better, CLAIM.worse))
    return (
        paired_verdict(CLAIM, [f.source for f in better], [f.source for f in worse]),
        paired_verdict(TARGET_CLAIM, [f.target for f in better], [f.target for f in worse]),
    )


def sentence(config: Config, frames: Sequence[DiscriminativeFrame]) -> str:
    """The verdict in words, each number with the measure that it is of; both halves where both came out so."""
    outcome = verdict(config, frames).outcome
    better = f"discriminative rates (d = {config.factor:g})"
    said = [
        (measure, *verdict_sentence(half, better=better, worse="the uniform rate").split(": ", 1))
        for measure, half in zip(("On the letters kept", "On the target"), halves(config, frames), strict=True)
        if half.outcome == outcome
    ]
    return " ".join([f"{said[0][1]}.", *(f"{measure}: {words}" for measure, _, words in said)])


PRESETS = (
    Preset(
        key="default",
        label="Digits, d = 0.3",
        why="Letters and digits differ in what is written, hardly in the strokes: early blocks need not move far.",
    ),
    Preset(
        key="inverted",
        label="Inverted digits",
        why=(
            "Black on white, the input itself has changed, and the first blocks must follow. At the rate that is best "
            "for all blocks alike, small early rates starve them: 76 % against 89 % in the sweep (6 seeds). It is "
            "fixed here knowing that. With a head rate ten times as high, falling rates reach 91 %: next preset."
        ),
        values={"target": "inverted", "base_rate": 0.003, "replicates": 4},
        counter=True,
    ),
    Preset(
        key="inverted_tuned",
        label="Inverted, rates tuned",
        why="The same target when each arm has its own best rate: is the profile wrong, or only the base too low?",
        values={"target": "inverted"},
    ),
    Preset(
        key="fast",
        label="Both at a high rate",
        why="Head rate 0.01 in both: one rate for all forgets most of the letters, a falling one does not.",
        values={"base_rate": 0.01},
    ),
    Preset(
        key="wrong_way",
        label="The wrong way round",
        why="d = 2: the earlier the block, the faster it learns.",
        values={"factor": 2.0, "base_rate": 0.003},
    ),
)

DOES_NOT_SHOW = (
    "That discriminative rates improve the target: here they are to lose no more than 1.5 points on it.",
    "That only they keep the source. A tenth of the uniform rate is an arm for that reason: look at what it keeps, and "
    "what it costs on the target. The uniform rate was chosen for the target alone.",
    "That letters are forgotten for good: they are tested with their old head, which fits the old features.",
    "That gradual unfreezing is worse or better: it has the uniform arm's rate, no sweep of its own, and AdamW's "
    "averages run while a block waits.",
    "Other depths. Four steps of 0.3 leave the first block a hundredth of the head's rate; in a network of 12 blocks "
    "they would freeze it. With another d, or other labels or steps, the rates stay those swept at the defaults.",
)

PAPER_SAYS = (
    "Howard & Ruder 2018 (arXiv 1801.06146) divide the rate by 2.6 from each layer of a language model to the one "
    "below; with all its parts their method cut the error by 18 to 24 % on most of six text data sets. They judge the "
    "target only. Ours is a small image network, and what the smaller rates save is the source. Lee et al. 2023 (arXiv "
    "2210.11466) found the opposite profile best for image corruptions: tune the first layers."
)

LAB = Lab(
    name="discriminative",
    title="Smaller rates for the early blocks?",
    questions=(8,),
    summary=(
        "A small network that has learned letters is moved to handwritten digits: with one rate for all blocks, with "
        "rates that fall towards the input, or block after block. Meanwhile we keep testing it on letters."
    ),
    claim=CLAIM,
    config=Config,
    frame=DiscriminativeFrame,
    arms=arms,
    presets=PRESETS,
    prediction=Prediction(
        question="Will smaller early rates keep 5 points more of the letters and lose less than 1.5 on the target?",
        options={
            "holds": "Yes, both",
            "does_not_hold": "No, at least one of them fails",
            "cannot_tell": "Too close to call with this many replicates",
        },
    ),
    results=results,
    verdict=verdict,
    does_not_show=DOES_NOT_SHOW,
    paper_says=PAPER_SAYS,
    sentence=sentence,
)
