"""Does a high learning rate destroy what was learned? What is claimed, set and judged. No torch in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

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
from demos.verdict import paired_verdict

BLOCKS = ("stem", "stage1", "stage2", "stage3", "head")
"""The network's blocks, input to output (`demos.models.SmallCNN`)."""

THOUSANDTH, HUNDREDTH, TENTH, THIRD, HIGH = "thousandth", "hundredth", "tenth", "third", "high"

SHARE = {THOUSANDTH: 0.001, HUNDREDTH: 0.01, TENTH: 0.1, THIRD: 0.3, HIGH: 1.0}
"""Each arm's share of the high rate. One arm between the last two, as the fall is steep there."""


class Config(LabConfig):
    """The dials of this lab."""

    replicates: Replicates = 4
    high_rate: float = Field(
        0.1,
        ge=1e-4,
        le=1.0,
        title="High rate",
        description="The highest learning rate, one for all blocks; the other arms have 0.3, 0.1, 0.01 and 0.001 of it",
        json_schema_extra={
            "unit": "per step", "scale": "log", "options": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0],
        },
    )  # fmt: skip
    optimiser: Literal["sgd", "adamw"] = Field(
        "sgd",
        title="Optimiser",
        description="SGD with momentum 0.9, or AdamW. Their rates mean different distances: do not compare them",
        json_schema_extra={"option_labels": {"sgd": "SGD with momentum", "adamw": "AdamW"}},
    )
    head_first: bool = Field(
        False,
        title="Head first, then all (LP-FT)",
        description="The new head learns alone for 100 steps, once for all arms, before every block learns at "
        "the arm's rate. The curves begin after that",
    )
    labels_per_class: int = Field(
        100,
        ge=1,
        le=400,
        title="Labels per class",
        description="How many labelled digits of each of the 10 classes to learn from",
        json_schema_extra={"unit": "images", "scale": "log", "options": [1, 5, 20, 50, 100, 200, 400]},
    )
    steps: int = Field(
        50,
        ge=20,
        le=1000,
        title="Training steps",
        description="Optimiser steps of every arm at a constant rate, up to 32 images each",
        json_schema_extra={"unit": "steps", "scale": "log", "options": [20, 50, 100, 150, 300, 600, 1000]},
    )


class RateFrame(Frame):
    """One arm at one moment of its run. Accuracies are in per cent."""

    rate: float
    """The learning rate of every block."""
    source: float
    """On 520 fresh letters, with the letters' own, untouched head on the arm's backbone: what is kept of the source."""
    target: float
    """On the replicate's 500 test digits."""
    drift: dict[str, float]
    """Relative weight change per block since all blocks began to learn, ||w - w0|| / ||w0||."""


CLAIM = Claim(
    statement="A high learning rate destroys what was learned",
    better=TENTH,
    worse=HIGH,
    metric="source accuracy kept",
    unit="points",
    margin=20.0,
    paper="Li et al. 2020 (arXiv 2002.11770)",
)


def rate(config: Config, arm: str) -> float:
    """The arm's learning rate, the same for every block."""
    return float(f"{config.high_rate * SHARE[arm]:.6g}")


def arms(config: Config) -> tuple[Arm, ...]:
    """One rate each, from the lowest to the highest."""
    return tuple(
        Arm(
            key=key,
            label=f"Rate {rate(config, key):g}" + (" (high)" if key == HIGH else ""),
            description=f"Pretrained; every block learns at {rate(config, key):g}",
        )
        for key in SHARE
    )


def results(config: Config, frames: Sequence[RateFrame]) -> list[ArmResult]:
    """What every arm kept of the source, one value for each replicate that finished all arms."""
    return final_results(
        arms(config), frames, config.replicates, lambda frame: frame.source, "source accuracy kept (%)"
    )


def verdict(config: Config, frames: Sequence[RateFrame]) -> Verdict:
    """Source kept at a tenth of the high rate minus that at the high rate, in pairs that share the draw."""
    values = {result.name: result.values for result in results(config, frames)}
    return paired_verdict(CLAIM, values[CLAIM.better], values[CLAIM.worse])


PRESETS = (
    Preset(
        key="default",
        label="SGD up to 0.1",
        why="From 0.0001, where the digits are hardly learned, to 0.1, where weights move by about their own length.",
    ),
    Preset(
        key="good",
        label="Ten times higher, and good",
        why=(
            "0.01 against 0.001: ten times higher, yet the backbone moves by less than a tenth of its length, not by "
            "all of it. Some nine points of the letters go (over 220 draws; 27 in one of them), and digits gain. What "
            "counts is how far weights move."
        ),
        values={"high_rate": 0.01, "replicates": 8},
        counter=True,
    ),
    Preset(
        key="head_first",
        label="Head first, then all",
        why=(
            "The same rates after the head has learned alone (LP-FT): the backbone no longer pays for a random head. "
            "Lay it over 'Ten times higher, and good'."
        ),
        values={"high_rate": 0.01, "head_first": True, "replicates": 6},
    ),
    Preset(
        key="adamw",
        label="AdamW up to 0.01",
        why=(
            "The same numbers as in the preset for SGD, another distance: AdamW divides each gradient by its size, "
            "so that 0.01 moves blocks several times as far."
        ),
        values={"optimiser": "adamw", "high_rate": 0.01},
    ),
)

DOES_NOT_SHOW = (
    "That the knowledge is gone for good. Letters are tested with their old head, which fits the old features: "
    "features that have only turned would fail as well. The lab 'forgetting' refits the head.",
    "That digits suffer at every rate at which letters do. Between 0.01 and 0.03 letters fell by some twenty "
    "points and digits by two (eight draws): look at both curves.",
    "Where the cliff is elsewhere. One small network with GroupNorm (61,306 parameters), batches of 32, momentum 0.9, "
    "a constant rate, no warm-up. Another optimiser or batch size moves it.",
    "That a low rate is an anchor. It is less movement per step, and more steps make up for it: turn the dial.",
    "All digits. Draws come from the same 5,000 and overlap; the interval speaks of draws from these and of three "
    "pretrained starts.",
)

PAPER_SAYS = (
    "Li et al. 2020 (arXiv 2002.11770) find that the best effective rate, momentum included, depends on the data set "
    "and on how similar source and target are: there is no rate that is high everywhere. Kumar et al. 2022 (arXiv "
    "2202.10054) trace distorted features to the random head and train it first (LP-FT: 1 point more in and 10 points "
    "more out of distribution than fine-tuning). They judge by the target's accuracy; we also keep testing the source."
)

LAB = Lab(
    name="learning_rate",
    title="What does a high learning rate destroy?",
    questions=(2,),
    summary=(
        "A small network that has learned letters is moved to handwritten digits at five learning rates, from the same "
        "start and on the same batches. While it learns digits, we keep testing it on letters, with its old head."
    ),
    claim=CLAIM,
    config=Config,
    frame=RateFrame,
    arms=arms,
    presets=PRESETS,
    prediction=Prediction(
        question="Will the high rate cost more than 20 points of letter accuracy, against a tenth of that rate?",
        options={
            "holds": "Yes, it destroys more than 20 points",
            "does_not_hold": "No, less than that",
            "cannot_tell": "Too close to call with this many replicates",
        },
    ),
    results=results,
    verdict=verdict,
    does_not_show=DOES_NOT_SHOW,
    paper_says=PAPER_SAYS,
)
