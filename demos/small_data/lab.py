"""Few labels, similar domain: the probe? What is claimed, what can be set, how a run is judged. No torch in here."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Literal

from pydantic import Field

from demos.base import Arm, ArmResult, Claim, Frame, Lab, LabConfig, Prediction, Preset, Verdict
from demos.quadrants import Point
from demos.verdict import paired_verdict

NAME = "small_data"
PROBE, FINE_TUNE, SCRATCH = "probe", "fine_tune", "scratch"
DIGITS, TEXTURES = "digits", "textures"
NEW_HEAD, PROBE_HEAD = "new", "probe"

COUNTS = {DIGITS: (1, 2, 5, 10, 20, 50, 100, 200, 400), TEXTURES: (1, 5, 20)}
"""Labels per class at which a learning curve can be measured."""
ALWAYS = 50
"""The curve reaches at least this far (or as far as its transfer goes), and further if the dial does."""
TRANSFERS = {DIGITS: "letters to digits", TEXTURES: "ImageNet to textures"}


class Config(LabConfig):
    """The dials of this lab."""

    labels_per_class: int = Field(
        2,
        ge=1,
        le=400,
        title="Labels per class",
        description=(
            "Where the claim is judged; the curves go from 1 to at least 50. Textures stop at 20: more count as 20"
        ),
        json_schema_extra={"unit": "images", "scale": "log", "options": list(COUNTS[DIGITS])},
    )
    transfer: Literal["digits", "textures"] = Field(
        "digits",
        title="Transfer",
        description="What was learned first, and what is learned from few labels",
        json_schema_extra={
            "option_labels": {
                DIGITS: "Letters to digits, a small network",
                TEXTURES: "ImageNet to textures, EfficientNet-Lite0 (slow)",
            }
        },
    )
    head_start: Literal["new", "probe"] = Field(
        "new",
        title="Fine-tuning starts from",
        description="A new random head, as the probe does, or the head that the probe has learned on the same labels",
        json_schema_extra={"option_labels": {NEW_HEAD: "A new head", PROBE_HEAD: "The probe's head"}},
    )


class CurveFrame(Frame):
    """One arm, trained to its end on one number of labels. `step` counts points of the curve, not optimiser steps."""

    labels_per_class: int
    accuracy: float
    """On the replicate's test images, which are the same at every label count, in per cent."""
    fitted: float
    """On the images that were learned from (at most ten of each class), in per cent."""
    similarity: float | None = None
    """Probe's frames only: points by which it beats the same probe on the features of a random network."""


CLAIM = Claim(
    statement="With this many labels of a similar domain, a probe beats fine-tuning",
    better=PROBE,
    worse=FINE_TUNE,
    metric="test accuracy",
    unit="points",
    margin=1.0,
    paper="Kumar et al. 2022 (arXiv 2202.10054)",
)


def judged_at(config: Config) -> int:
    """The labels per class that the verdict is about: the dial, or the most that the transfer has."""
    return min(config.labels_per_class, COUNTS[config.transfer][-1])


def counts(config: Config) -> tuple[int, ...]:
    """The label counts of the curves, ascending, the judged one among them."""
    judged = judged_at(config)
    grid = [count for count in COUNTS[config.transfer] if count <= max(ALWAYS, judged)]
    return tuple(sorted({*grid, judged}))


def order(config: Config) -> tuple[int, ...]:
    """The counts in the order in which they are measured: the judged one, every other one from above, then the rest."""
    return tuple(dict.fromkeys((judged_at(config), *counts(config)[::-2], *counts(config))))


def scratch_counts(config: Config) -> tuple[int, ...]:
    """The first two of them: where scratch, which the claim does not compare, is measured as well."""
    return order(config)[:2]


def arms(config: Config) -> tuple[Arm, ...]:
    """The three strategies, in the order in which they are shown."""
    from_probe = config.head_start == PROBE_HEAD
    return (
        Arm(key=PROBE, label="Probe", description="Pretrained and frozen; only a new linear head learns"),
        Arm(
            key=FINE_TUNE,
            label="Fine-tuning from the probe" if from_probe else "Fine-tuning",
            description=f"Pretrained; every block learns, {'from the head of the probe' if from_probe else 'one rate'}",
        ),
        Arm(key=SCRATCH, label="From scratch", description="Random weights; every block learns, no source"),
    )


def results(config: Config, frames: Sequence[CurveFrame]) -> list[ArmResult]:
    """Accuracy at the judged label count, one value for each replicate that has measured all arms there."""
    names = [arm.key for arm in arms(config)]
    found = by_replicate(frames, judged_at(config))
    complete = [found[r] for r in sorted(found) if all(name in found[r] for name in names)]
    return [
        ArmResult(name=name, metric="test accuracy (%)", values=tuple(f[name].accuracy for f in complete))
        for name in names
    ]


def by_replicate(frames: Sequence[CurveFrame], labels_per_class: int) -> dict[int, dict[str, CurveFrame]]:
    """The frames at this label count, by replicate and arm."""
    found: dict[int, dict[str, CurveFrame]] = {}
    for frame in frames:
        if frame.labels_per_class == labels_per_class:
            found.setdefault(frame.replicate, {})[frame.arm] = frame
    return found


def leads(frames: Sequence[CurveFrame], labels_per_class: int) -> dict[int, float]:
    """Probe minus fine-tuning in points, by replicate."""
    found = by_replicate(frames, labels_per_class)
    return {
        replicate: pair[PROBE].accuracy - pair[FINE_TUNE].accuracy
        for replicate, pair in sorted(found.items())
        if PROBE in pair and FINE_TUNE in pair
    }


def verdict(config: Config, frames: Sequence[CurveFrame]) -> Verdict:
    """Probe minus fine-tuning at the judged label count, in pairs that share the draw."""
    values = {result.name: result.values for result in results(config, frames)}
    return paired_verdict(CLAIM, values[CLAIM.better], values[CLAIM.worse])


def quadrant_point(config: Config, frames: Sequence[CurveFrame]) -> Point | None:
    """Where this run lies on the map of size and similarity; None before two replicates have measured it."""
    if len(results(config, frames)[0].values) < 2:
        return None
    judged = verdict(config, frames)
    return Point(
        lab=NAME,
        transfer=TRANSFERS[config.transfer],
        labels_per_class=judged_at(config),
        similarity=fmean(similarities(frames, judged_at(config))),
        lead=judged.effect,
        half_width=None if judged.interval is None else (judged.interval[1] - judged.interval[0]) / 2,
    )


def similarities(frames: Sequence[CurveFrame], labels_per_class: int) -> list[float]:
    """What the pretrained features are worth to a probe, in points over random ones, one value for each replicate."""
    found = [f for f in frames if f.arm == PROBE and f.labels_per_class == labels_per_class]
    return [f.similarity for f in found if f.similarity is not None]


PRESETS = (
    Preset(
        key="default",
        label="Two labels per class",
        why="Twenty digits in all. Over 120 draws the probe led by 9 points; the curves cross near 8 to 10 labels.",
    ),
    Preset(
        key="hundred",
        label="A hundred labels per class",
        why=(
            "No longer few. A thousand digits can improve the features, which a probe cannot: its curve is flat, and "
            "over twenty draws fine-tuning was 2.3 points ahead."
        ),
        values={"labels_per_class": 100, "replicates": 10},
        counter=True,
    ),
    Preset(
        key="probe_first",
        label="Two labels, fine-tuning from the probe",
        why=(
            "What a sceptic asks: do few labels forbid fine-tuning? Here it starts from the probe's head, at a third "
            "of the rate, and the lead is gone: over 24 draws fine-tuning was 1.3 points better. Probe, then tune."
        ),
        values={"head_start": PROBE_HEAD},
    ),
    Preset(
        key="textures",
        label="Closer: ImageNet to textures",
        why=(
            "Real photographs, so features that fit: a probe on them is some 65 points above one on random features "
            "(47 for digits). In three draws it led by 6 points at 1 label, and by nothing clear at 5 and 20. One "
            "photograph per class; over a minute."
        ),
        values={"transfer": TEXTURES, "labels_per_class": 1, "replicates": 6},
    ),
)

DOES_NOT_SHOW = (
    "That fine-tuning must lose with few labels. The default puts a new random head on the network and gives every "
    "block one rate. From the probe's head it is as good or better at every count: see the preset 'from the probe'. "
    "With a gentler backbone the lead goes too (lab `strategies`).",
    "A number to remember. The crossing belongs to this network, source, target, rates and run length, and its "
    "shaded interval only to the draws. '10 labels per class' carries over to nothing else.",
    "That the probe does not overfit. With few labels all arms fit every image they learned from (the table has the "
    "column): it is not the training accuracy that tells them apart.",
    "Texture recognition in general. Each of the twelve classes is one photograph: the left half is learned from, the "
    "right half tested, so a class is a place and its light as much as a texture. Run length counts: "
    "at 20 labels the probe led by 4 points over 30 steps of fine-tuning (four draws), by none over 60 (two draws).",
    "Similarity as such. It is measured at one label count against a random network of the same kind, so it also says "
    "how good random features are (better on digits than on photographs). A small difference is no ranking.",
    "The best of each strategy. Each arm has one constant rate, chosen at 100 labels (digits) or in a small trial "
    "(textures): no augmentation, no schedule, no early stopping, for which so few labels leave no validation set. "
    "Draws come from the same 5,000 digits, so those of replicates and seeds overlap.",
)

PAPER_SAYS = (
    "Kornblith et al. 2019 (arXiv 1805.08974) found fine-tuning ahead of a classifier on frozen features in 179 of 192 "
    "combinations of network and data set, mostly of thousands of images: the right end of these curves. Kumar et al. "
    "2022 (arXiv 2202.10054) explain the left end: while the head is random, fine-tuning distorts good features, and "
    "probing first and then fine-tuning did best. Both use large networks; our default is a tiny one."
)

LAB = Lab(
    name=NAME,
    title="How few labels are few?",
    questions=(3,),
    summary=(
        "Learning curves: test accuracy against labels per class, for a probe, for fine-tuning and from scratch, on "
        "the same draws. The probe starts ahead and goes flat; where fine-tuning overtakes it is the crossing point. "
        "How similar the domain is, is measured: by what the same probe loses on the features of a random network."
    ),
    claim=CLAIM,
    config=Config,
    frame=CurveFrame,
    arms=arms,
    presets=PRESETS,
    prediction=Prediction(
        question="At the dialled number of labels, will the probe beat fine-tuning by more than 1 point?",
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
