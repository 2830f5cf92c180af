"""Another input size: what is claimed, what can be set, and how a run is judged. No torch in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from demos import photographs, uploads
from demos.base import Arm, ArmResult, Claim, Frame, Lab, LabConfig, Prediction, Preset, Replicates, Verdict
from demos.verdict import paired_verdict

NONE, NEAREST, BILINEAR, BICUBIC, CNN = "none", "nearest", "bilinear", "bicubic", "cnn"
VIT_ARMS = (BICUBIC, BILINEAR, NEAREST, NONE)

TRAINED_AT = 28
SIZES = (20, 24, 28, 32, 40, 48, 56)
"""Image sizes that every run measures, in pixels; the dial's size is added where it is not among them."""

TUNING_EVALUATIONS = 3


class Config(LabConfig):
    """The dials of this lab."""

    replicates: Replicates = 6
    new_size: int = Field(
        48,
        ge=20,
        le=56,
        multiple_of=4,
        title="New image size",
        description="Where the claim is judged. The networks were trained at 28 px; patches are 4 x 4 pixels",
        json_schema_extra={"unit": "px", "scale": "linear", "options": list(range(20, 57, 4))},
    )
    view: Literal["enlarged", "wider"] = Field(
        "enlarged",
        title="Where the pixels come from",
        description="The same digit drawn larger, or the digit as large as before with more (or less) margin around it",
        json_schema_extra={"option_labels": {"enlarged": "picture enlarged", "wider": "wider view, same object size"}},
    )
    placement: Literal["centre", "corner", "order"] = Field(
        "centre",
        title="Old positions without interpolation",
        description=(
            "Where the 7 x 7 old embeddings go in the new grid; places without one get zeros. 'In the centre' is the "
            "strongest rival of the three, hence the default"
        ),
        json_schema_extra={
            "option_labels": {
                "centre": "in the centre",
                "corner": "in the top left corner",
                "order": "in reading order",
            }
        },
    )
    tuning_steps: int = Field(
        0,
        ge=0,
        le=60,
        title="Fine-tuning at the new size",
        description="Steps with all weights, 20 labelled digits per class, 16 a step. 0: the networks stay as trained",
        json_schema_extra={"unit": "steps", "scale": "linear", "options": [0, 15, 30, 60]},
    )
    photograph: Literal["coffee", "camera", "flower", "cat", "own"] = Field(
        "coffee",
        title="Photograph",
        description="What EfficientNet-Lite0 (ImageNet weights) is shown at several sizes; no part of the verdict",
        json_schema_extra={"option_labels": {"camera": "man with camera", "own": "one of your own"}},
    )
    upload: str = Field(
        "",
        max_length=32,
        pattern="^([0-9a-f]{32})?$",
        title="Upload",
        description="Which picture of your own; the page fills it in",
        json_schema_extra={"hidden": True},
    )


def shown(config: Config) -> np.ndarray:
    """The photograph that the dials ask for, (H, W, 3) uint8. Raises `UploadError` if one's own is not there."""
    if config.photograph == "own":
        return uploads.load_photograph(config.upload)
    return photographs.photograph(config.photograph)


def check(config: Config) -> None:
    """Raise `UploadError`, with the remedy, if the run asks for a photograph that is not there."""
    if config.photograph == "own":
        uploads.demand(uploads.load_photograph, "upload", config.upload, uploads.known_photographs())


class Shapes(BaseModel):
    """One torchvision network at 224 and 512 px: output shapes by layer, parameters, and operations for one image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: str
    layers: list[str]
    at_224: list[str]
    at_512: list[str]
    refuses: str
    """What the network built for 224 px answers to 512 px; empty if it takes it."""
    parameters: int
    gflops_224: float
    gflops_512: float
    """10^9 operations, a multiplication and an addition counted as two; a ViT with positions for 512 px."""


class Guess(BaseModel):
    """EfficientNet-Lite0's answer to the photograph at one size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int
    name: str
    share: float
    """Softmax probability of `name`, 0 to 1."""
    ms: float


class SizeFrame(Frame):
    """One arm at one image size. `step` counts measurements: first the sizes, upwards, then fine-tuning."""

    size: int
    accuracy: float
    """On the replicate's 100 test digits, in per cent."""
    tuned_steps: int = 0
    """Optimiser steps at the new size so far; 0 while the sizes are measured."""
    tokens: int
    """What attention runs over, class token included; for the CNN the places of its last feature map."""
    ms_per_image: float | None
    """Measuring 100 digits without gradients, in batches, whatever else the machine did; None after fine-tuning."""
    accuracy_new_size: float | None = None
    """In the arm's last frame: at the dial's size, after fine-tuning if there was any."""
    similarity: list[list[float]] | None = None
    """In a ViT arm's last frame of replicate 0: cosine similarity of one position with all others, grid x grid, before
    fine-tuning; 0 where there is no embedding."""
    similarity_trained: list[list[float]] | None = None
    """Beside it: the same for the 7 x 7 grid of pretraining."""
    shapes: list[Shapes] | None = None
    """In the CNN's last frame of replicate 0."""
    guesses: list[Guess] | None = None
    """In the CNN's last frame of replicate 0."""


CLAIM = Claim(
    statement="Interpolated positions keep a ViT working at a new size",
    better=BICUBIC,
    worse=NONE,
    metric="test accuracy at the new size",
    unit="points",
    margin=10.0,
    paper="Dosovitskiy et al. 2021 (arXiv 2010.11929)",
)


def arms(config: Config) -> tuple[Arm, ...]:
    """What is done with the positions of the same ViT, and a CNN, which has none."""
    place = {"centre": "in the centre of", "corner": "in the top left corner of", "order": "in reading order into"}
    return (
        Arm(key=BICUBIC, label="ViT, bicubic", description="Positions interpolated bicubically, as torchvision does"),
        Arm(key=BILINEAR, label="ViT, bilinear", description="Positions interpolated bilinearly"),
        Arm(key=NEAREST, label="ViT, nearest", description="Every new patch gets the nearest old position"),
        Arm(
            key=NONE,
            label="ViT, not interpolated",
            description=f"The old positions go {place[config.placement]} the new grid; the others are zero",
        ),
        Arm(key=CNN, label="CNN", description="SmallCNN with global pooling: no positions, runs at any size"),
    )


def sizes(config: Config) -> list[int]:
    """The sizes of a run in pixels, upwards."""
    return sorted({*SIZES, config.new_size})


def results(config: Config, frames: Sequence[SizeFrame]) -> list[ArmResult]:
    """Every arm's accuracy at the new size, one value for each replicate that finished all of them."""
    final = {(f.arm, f.replicate): f.accuracy_new_size for f in frames if f.accuracy_new_size is not None}
    names = [arm.key for arm in arms(config)]
    complete = [r for r in range(config.replicates) if all((name, r) in final for name in names)]
    return [
        ArmResult(
            name=name,
            metric=f"test accuracy at {config.new_size} px (%)",
            values=tuple(final[name, r] for r in complete),
        )
        for name in names
    ]


def verdict(config: Config, frames: Sequence[SizeFrame]) -> Verdict:
    """Interpolated minus not interpolated at the new size, in pairs that share weights and test digits."""
    values = {result.name: result.values for result in results(config, frames)}
    return paired_verdict(CLAIM, values[CLAIM.better], values[CLAIM.worse])


PRESETS = (
    Preset(
        key="default",
        label="Enlarged to 48 px",
        why=(
            "The same picture drawn 1.7 times larger: 12 x 12 patches, but only 7 x 7 positions. Over ten seeds "
            "interpolation led by 23 to 30 points. The CNN runs too, at half of its accuracy."
        ),
    ),
    Preset(
        key="wider",
        label="A wider view, 36 px",
        why=(
            "The digit stays as large as it was and gets 4 px more margin on each side. Its patches already have the "
            "right positions, and interpolation takes these away: it was 20 to 29 points *worse* over ten seeds. Ask "
            "where the new pixels come from."
        ),
        values={"new_size": 36, "view": "wider"},
        counter=True,
    ),
    Preset(
        key="tuned",
        label="After a short fine-tune, 40 px",
        why=(
            "Can training stand in for interpolation? 30 steps on 200 digits shrank the lead at 40 px from about 15 "
            "points to between 3 and 8 (three seeds): too close to call with 4 replicates. About 12 s."
        ),
        values={"new_size": 40, "tuning_steps": 30, "replicates": 4},
    ),
    Preset(
        key="order",
        label="The table as it is",
        why=(
            "Embeddings by patch number: rows are 12 patches long now, so row 1 continues into the old row 2. About 60 "
            "points behind interpolation in two trials: worse than leaving the old grid in the centre."
        ),
        values={"placement": "order"},
    ),
    Preset(
        key="same",
        label="The training size",
        why="At 28 px every place has its own embedding: all four are the same network, to the last digit.",
        values={"new_size": 28, "replicates": 2},
    ),
)

DOES_NOT_SHOW = (
    "That a larger picture helps. These digits are enlarged 28 px images with nothing new to see: shrinking them back "
    "to 28 px would do as well. Real high-resolution images carry more detail.",
    "How far 224 px weights carry to 512 px. TinyViT has 116,938 parameters, 49 patches and three starts, trained on "
    "3,500 centred digits, never at another scale. Large ViTs train with random crops and see objects at many scales.",
    "What every ViT needs. Models with relative or rotary positions, or windows (torchvision's Swin), have no "
    "embedding per place to interpolate.",
    "That a CNN is worse at new sizes. It was trained at one object scale without scale augmentation, which is the "
    "hardest case for it; random-resized crops are the usual remedy.",
    "More than these digits. All draws come from the same 1,500 held-out digits and the same three starts, so those of "
    "replicates and seeds overlap. Each replicate is tested on 100.",
)

PAPER_SAYS = (
    "Dosovitskiy et al. 2021 (arXiv 2010.11929) interpolate the pretrained positions in 2D before they fine-tune at a "
    "larger size. We measure before any fine-tuning, on a tiny ViT, at larger and smaller sizes. For CNNs Touvron et "
    "al. 2019 (FixRes, arXiv 1906.06423) found that the scale of objects in training and test must match: ours runs at "
    "every size, and loses accuracy as the digits grow."
)

LAB = Lab(
    name="resolution",
    title="224 px weights, 512 px input",
    questions=(7,),
    summary=(
        "A tiny ViT and a small CNN, trained on 28 px digits only, meet digits of other sizes. The ViT needs a "
        "position embedding for every patch of the new grid: interpolated, or only the old ones."
    ),
    claim=CLAIM,
    config=Config,
    frame=SizeFrame,
    arms=arms,
    presets=PRESETS,
    prediction=Prediction(
        question="At the new size, will interpolated positions beat the old ones by more than 10 points?",
        options={
            "holds": "Yes, by more than 10 points",
            "does_not_hold": "No, the old ones do nearly as well, or better",
            "cannot_tell": "Too close to call with this many replicates",
        },
    ),
    results=results,
    verdict=verdict,
    does_not_show=DOES_NOT_SHOW,
    paper_says=PAPER_SAYS,
)
