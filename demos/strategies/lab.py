"""Feature extraction or fine-tuning? What is claimed, what can be set, and how a run is judged. No torch in here."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field, field_validator

from demos import tuned
from demos.base import Arm, ArmResult, Claim, Frame, Lab, LabConfig, Prediction, Preset, Verdict, final_results
from demos.verdict import paired_verdict

BLOCKS = ("stem", "stage1", "stage2", "stage3", "head")
"""The network's blocks, input to output (`demos.models.SmallCNN`)."""

TEST_DIGITS = 1000
"""Of each replicate, for its end, which is judged. Of the variance of the differences at 100 labels, 44 % came from the
choice of 500 test digits (480 draws of seeds 1,210,000 on), the rest from what was learned from and started with."""

CURVE_DIGITS = 50
"""Test digits that the curves are of: twenty points of all would take longer than training."""

SCRATCH, PROBE, FINE_TUNE, FREEZE = "scratch", "probe", "fine_tune", "freeze_k"


class Config(LabConfig):
    """The dials of this lab."""

    labels_per_class: int = Field(
        1,
        ge=1,
        le=400,
        title="Labels per class",
        description="How many labelled digits of each of the 10 classes to learn from",
        json_schema_extra={"unit": "images", "scale": "log", "options": [1, 2, 5, 10, 20, 50, 100, 200, 400]},
    )
    frozen_blocks: int = Field(
        3,
        ge=1,
        le=4,
        title="Frozen blocks (k)",
        description="How many blocks the arm 'freeze the first k' keeps as pretrained; 4 leaves only the head, a probe",
        json_schema_extra={"unit": "blocks", "scale": "linear", "options": [1, 2, 3, 4]},
    )
    learning_rate: float = Field(
        0.0,
        ge=0.0,
        le=0.1,
        title="Learning rate",
        description="One AdamW rate for all arms, 0.0001 to 0.1; 0 means tuned: each arm has a rate from its own sweep",
        json_schema_extra={
            "unit": "per step",
            "scale": "log",
            "options": [0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1],
            "option_labels": {"0": "tuned for each arm", "0.0": "tuned for each arm"},
        },
    )
    backbone_factor: float = Field(
        1.0,
        ge=0.001,
        le=1.0,
        title="Backbone's share of the rate",
        description=(
            "Pretrained blocks that learn do so at this share of the head's rate. 1: one rate for the whole network. "
            "Below 1, a tuned head learns as fast as in feature extraction"
        ),
        json_schema_extra={"unit": "x head's rate", "scale": "log", "options": [0.001, 0.01, 0.03, 0.1, 0.3, 1.0]},
    )
    steps: int = Field(
        60,
        ge=20,
        le=1500,
        title="Training steps",
        description="Optimiser steps of every arm, up to 32 images each",
        json_schema_extra={"unit": "steps", "scale": "log", "options": [20, 60, 120, 300, 600, 1200, 1500]},
    )

    @field_validator("learning_rate")
    @classmethod
    def _tuned_or_in_range(cls, value: float) -> float:
        if 0 < value < 1e-4:
            raise ValueError("a rate is 0.0001 to 0.1, or 0 for the rates tuned for each arm")
        return value


class StrategyFrame(Frame):
    """One arm at one moment of its run."""

    curve_accuracy: float
    """On `CURVE_DIGITS` of the replicate's test digits, in per cent."""
    accuracy: float | None = None
    """On all `TEST_DIGITS`, in per cent; in the last frame only. This is what the verdict is on."""
    trainable_parameters: int
    ms_per_step: float | None
    """Median over the stretches between evaluations, optimiser steps alone; None before the first step."""
    cache_ms: float
    """Running the frozen first blocks over the training images and the curve's, once; 0.0 if nothing is frozen."""
    kilobytes_per_step: float
    """Activations kept for the backward pass, gradients and optimiser state of a step, in 1,000 bytes."""
    drift: dict[str, float]
    """Relative weight change per block, ||w - w0|| / ||w0||; a frozen block's is exactly 0.0."""


CLAIM = Claim(
    statement="With this many labels, feature extraction beats fine-tuning",
    better=PROBE,
    worse=FINE_TUNE,
    metric="test accuracy",
    unit="points",
    margin=1.0,
    paper="Kumar et al. 2022 (arXiv 2202.10054)",
)


def arms(config: Config) -> tuple[Arm, ...]:
    """The four strategies, in the order in which they are shown."""
    k = config.frozen_blocks
    blocks = "block" if k == 1 else f"{k} blocks"
    share = (
        f"the backbone at {config.backbone_factor:g} of the head's rate" if config.backbone_factor < 1 else "one rate"
    )
    fine_tuned = f"Pretrained; every block learns, {share}"
    return (
        Arm(key=PROBE, label="Feature extraction", description="Pretrained; only the new head learns"),
        Arm(
            key=FREEZE,
            label=f"Freeze the first {blocks}",
            description=f"Pretrained; {', '.join(BLOCKS[:k])} stay as they are, the rest learns",
        ),
        Arm(key=FINE_TUNE, label="Fine-tuning", description=fine_tuned),
        Arm(key=SCRATCH, label="From scratch", description="Random weights; every block learns"),
    )


def rates(config: Config, arm: str) -> dict[str, float]:
    """The arm's row of learning rates, block by block; 0 is frozen."""
    frozen = {SCRATCH: 0, FINE_TUNE: 0, FREEZE: config.frozen_blocks, PROBE: len(BLOCKS) - 1}[arm]
    gentle = arm in (FINE_TUNE, FREEZE) and config.backbone_factor < 1
    head = config.learning_rate or tuned_rate(PROBE if gentle else case(config, arm), config.steps)
    body = head * config.backbone_factor if gentle else head
    return {block: 0.0 if i < frozen else body for i, block in enumerate(BLOCKS[:-1])} | {BLOCKS[-1]: head}


def case(config: Config, arm: str) -> str:
    """The arm's name in the sweep: freezing is tuned for each k, and with k = 4 it *is* the probe."""
    if arm != FREEZE:
        return arm
    return PROBE if config.frozen_blocks == len(BLOCKS) - 1 else f"freeze_{config.frozen_blocks}"


def tuned_rate(name: str, steps: int) -> float:
    """What `python -m demos tune strategies` chose for this case, at the swept run length that is nearer by ratio."""
    nearest = min(tuned.rates("strategies"), key=lambda length: abs(math.log(int(length) / steps)))
    return float(tuned.rates("strategies")[nearest][name])


def results(config: Config, frames: Sequence[StrategyFrame]) -> list[ArmResult]:
    """The final accuracy of every arm, one value for each replicate that finished all of them."""
    return final_results(arms(config), frames, config.replicates, final_accuracy, "test accuracy (%)")


def final_accuracy(frame: StrategyFrame) -> float:
    """The accuracy (%) on all test digits, of an arm's last frame."""
    assert frame.accuracy is not None, "the last frame has it"
    return frame.accuracy


def verdict(config: Config, frames: Sequence[StrategyFrame]) -> Verdict:
    """Feature extraction minus fine-tuning, in pairs that share the draw."""
    values = {result.name: result.values for result in results(config, frames)}
    return paired_verdict(CLAIM, values[CLAIM.better], values[CLAIM.worse])


PRESETS = (
    Preset(key="default", label="One label per class", why="The fewest labels there can be: ten digits in all."),
    Preset(
        key="five",
        label="Five labels per class",
        why="Where the two come close, and the draw often decides. Both leave training from scratch far behind.",
        values={"labels_per_class": 5},
    ),
    Preset(
        key="hundred",
        label="A hundred labels per class",
        why=(
            "A thousand digits are enough to improve the features themselves, which a probe cannot do: letters taught "
            "the backbone nothing of what sets a 4 from a 9."
        ),
        values={"labels_per_class": 100},
        counter=True,
    ),
    Preset(
        key="scratch_long",
        label="From scratch, given time",
        why=(
            "Twenty times the steps, with the rates tuned for that length: how much of the head start was only speed?"
        ),
        values={"labels_per_class": 100, "steps": 1200, "replicates": 4},
    ),
    Preset(
        key="gentle",
        label="One label, gentle backbone",
        why=(
            "What a sceptic asks: is fine-tuning bad, or only too fast? Here the pretrained blocks move at a hundredth "
            "of the head's rate, and the lead is gone (-0.1 points over ten seeds, against 11.0)."
        ),
        values={"backbone_factor": 0.01, "replicates": 16},
    ),
)

DOES_NOT_SHOW = (
    "That fine-tuning must lose with few labels. The default fine-tunes every block at one rate. With the backbone at "
    "a hundredth of the head's rate the two are level at 1 label per class: try the preset 'gentle backbone'.",
    "How large the lead is elsewhere. One tiny network (61,306 parameters), one source (rendered letters, three "
    "starts), one target. With pooling instead of strides the lead at 1 label was 3 and 8 points in two trials.",
    "The best that each strategy can do. Each has the learning rate that was best at 100 labels per class, AdamW, no "
    "augmentation, no schedule. Nothing is tuned at 1 label, as ten digits leave nothing to tune on.",
    "That scratch is hopeless: 60 steps are few for it. See the preset 'given time'.",
    "Full MNIST. All draws come from the same 5,000 digits, so those of replicates, seeds and the sweep overlap; the "
    "interval speaks of draws from these digits. Each replicate is tested on "
    f"{TEST_DIGITS:,}; its curve is of {CURVE_DIGITS} of these.",
)

PAPER_SAYS = (
    "Kumar et al. 2022 (arXiv 2202.10054) trace the same weakness to the same cause: while the head is still random, "
    "fine-tuning distorts pretrained features. Their comparison is another one, though: averaged over their data sets, "
    "fine-tuning was 2 points *better* than a probe on the target's own distribution and 7 points worse out of it. Few "
    "labels are our way of making the distortion visible."
)

LAB = Lab(
    name="strategies",
    title="Feature extraction or fine-tuning?",
    questions=(1, 10),
    summary=(
        "A small network that has learned letters rendered in 17 fonts is moved to real handwritten digits, in four "
        "ways. All four see the same labelled digits in the same order."
    ),
    claim=CLAIM,
    config=Config,
    frame=StrategyFrame,
    arms=arms,
    presets=PRESETS,
    prediction=Prediction(
        question="With this many labels, will feature extraction beat fine-tuning by more than 1 point?",
        options={
            "holds": "Yes, by more than a point",
            "does_not_hold": "No, fine-tuning is as good or better",
            "cannot_tell": "Too close to call with this many replicates",
        },
    ),
    results=results,
    verdict=verdict,
    does_not_show=DOES_NOT_SHOW,
    paper_says=PAPER_SAYS,
)
