"""What does "freeze the first k children" freeze? The claim, what counts as a surprise, the dials. No torch in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from demos.base import Arm, ArmResult, Claim, Frame, Lab, LabConfig, Prediction, Preset, Verdict
from demos.verdict import exact_verdict

HAPPENED, ASTRAY = "happened", "one_astray"

HEADS = {
    "resnet18": "fc",
    "vgg16": "classifier.6",
    "mobilenet_v3_small": "classifier.3",
    "efficientnet_b0": "classifier.1",
    "densenet121": "classifier",
    "convnext_tiny": "classifier.2",
    "vit_b_16": "heads.head",
}
"""torchvision's builders, and where each has the layer that a new task replaces."""

CLASSES = 10
"""Classes of the new task, so outputs of the new head."""
STEPS_BEFORE = 2
"""Optimiser steps of the whole network before a freeze in mid-training."""

Architecture = Literal[
    "resnet18", "vgg16", "mobilenet_v3_small", "efficientnet_b0", "densenet121", "convnext_tiny", "vit_b_16"
]


class Config(LabConfig):
    """The dials of this lab. There is nothing to repeat: chance draws the numbers, not which of them change.

    One exception: stochastic depth leaves blocks out, image by image. In EfficientNet-B0 in train mode, frozen in
    mid-training of SGD with gradients of zeros, a block that was left out for all 4 images in both steps before stays
    still: about 2 draws in a million (seed 25,858 is one: 13 weights fewer move). In ConvNeXt-Tiny it is rarer still.
    """

    replicates: int = Field(
        1,
        ge=1,
        le=1,
        title="Replicates",
        description="One: which tensors change does not depend on the draw. (EfficientNet-B0 and ConvNeXt-Tiny, frozen "
        "in mid-training, are an exception in a few draws of a million: stochastic depth can leave out a block)",
    )
    architecture: Architecture = Field(
        "resnet18",
        title="Architecture",
        description="A torchvision model with random weights; only where its tensors are matters here",
    )
    children: int = Field(
        6,
        ge=1,
        le=12,
        title="Children to freeze (k)",
        description="The loop sets requires_grad to False in the first k of model.children()",
        json_schema_extra={"unit": "children", "scale": "linear"},
    )
    mode: Literal["train", "eval"] = Field(
        "train",
        title="The training step calls",
        description="What the loop calls on the whole model before every step",
        json_schema_extra={"option_labels": {"train": "model.train()", "eval": "model.eval()"}},
    )
    frozen_eval: Literal["each_step", "once", "never"] = Field(
        "each_step",
        title="BatchNorm of the frozen part in eval mode",
        description="Whether and when eval() is called on the frozen children: it stops their running statistics",
        json_schema_extra={
            "option_labels": {
                "each_step": "after every model.train()",
                "once": "once, when freezing",
                "never": "never",
            }
        },
    )
    head: Literal["after", "before"] = Field(
        "after",
        title="New head attached",
        description="Whether the last layer is replaced before or after the loop that freezes",
        json_schema_extra={"option_labels": {"after": "after freezing", "before": "before freezing"}},
    )
    optimiser_built: Literal["after", "before", "mid_training"] = Field(
        "after",
        title="Optimiser built",
        description=(
            f"After freezing, over what still requires gradients; or before, over all parameters; or before, and "
            f"{STEPS_BEFORE} steps of the whole network are taken before the freeze"
        ),
        json_schema_extra={
            "option_labels": {
                "after": "after freezing",
                "before": "before freezing",
                "mid_training": "before, then frozen in mid-training",
            }
        },
    )
    zero_grad: Literal["none", "zeros"] = Field(
        "none",
        title="Gradients are cleared to",
        description="zero_grad() drops them (None); zero_grad(set_to_none=False) leaves tensors of zeros",
        json_schema_extra={"option_labels": {"none": "None (the default)", "zeros": "tensors of zeros"}},
    )
    optimiser: Literal["sgd", "adamw"] = Field(
        "sgd",
        title="Optimiser",
        description="Both remember earlier gradients; AdamW also decays weights",
        json_schema_extra={"option_labels": {"sgd": "SGD, momentum 0.9", "adamw": "AdamW"}},
    )
    steps: int = Field(
        3,
        ge=1,
        le=10,
        title="Steps after freezing",
        description="Real optimiser steps on 4 images of noise each, 64 x 64 pixels",
        json_schema_extra={"unit": "steps", "scale": "linear"},
    )


class Node(BaseModel):
    """A part of the model: a top-level child, the new head, or a parameter that no child holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str
    """Its class."""
    part: Literal["frozen", "learns"]
    """What you think of it."""
    training: bool
    """Its mode while the network trained."""
    numbers: int
    """Parameters, counted as numbers."""
    trainable: int
    """Those of them that require gradients."""
    weights: int
    """Parameters, counted as tensors."""
    weights_moved: int
    """Those whose hash changed."""
    buffers: int
    buffers_moved: int


class FreezeFrame(Frame):
    """Where the tensors stand after `step` optimiser steps since the freeze."""

    moved: dict[str, float]
    """Of the tensors of each kind in `KINDS`: how many have moved, in per cent; 0.0 for a kind that has none."""
    checks: int = 0
    """Everything that "what you think" says something about; 0 until the model is built."""
    as_thought: int = 0
    """Those that came out so."""
    missing: int = 0
    """How many of the first k children do not exist, or hold the layer to be replaced."""
    tree: tuple[Node, ...] = ()
    """The model's parts, input to output; in the last frame only."""
    refused: str = ""
    """What torch said, if it would not train at all."""


FROZEN_WEIGHTS, FROZEN_BUFFERS, LEARNING_WEIGHTS = "frozen_weights", "frozen_buffers", "learning_weights"

KINDS = {
    FROZEN_WEIGHTS: "weights in front of the cut",
    FROZEN_BUFFERS: "buffers in front of the cut",
    LEARNING_WEIGHTS: "weights behind the cut",
}
"""What is followed from step to step. Buffers behind the cut may do as they like: nobody claims anything of them."""

CLAIM = Claim(
    statement='"Freeze the first k children" freezes what you think',
    better=HAPPENED,
    worse=ASTRAY,
    metric="checks that came out as you think",
    unit="checks",
    margin=0.0,
    paper="torchvision 0.29 and torch 2.14, run here; no paper",
)


def arms(config: Config) -> tuple[Arm, ...]:
    """What happened, and the bar that it has to clear: a single check gone astray refutes the claim."""
    return (
        Arm(
            key=HAPPENED,
            label="What happened",
            description=(
                f"Checks as you think: {config.children} children exist in front of the head; every weight and buffer "
                "in front of the cut stays bit for bit; every weight behind it learns, the new head included"
            ),
        ),
        Arm(key=ASTRAY, label="one check astray", description="All checks but one: what would refute the claim"),
    )


def results(config: Config, frames: Sequence[FreezeFrame]) -> list[ArmResult]:
    """How many checks came out as you think, and the bar."""
    final = {frame.arm: float(frame.as_thought) for frame in frames if frame.step == frame.steps}
    names = [arm.key for arm in arms(config)]
    done = all(name in final for name in names)
    return [ArmResult(name=name, metric="checks as you think", values=(final[name],) if done else ()) for name in names]


def verdict(config: Config, frames: Sequence[FreezeFrame]) -> Verdict:
    """Holds if no check went astray. Chance has no part in it, so there is no interval."""
    values = {result.name: result.values for result in results(config, frames)}
    return exact_verdict(CLAIM, values[CLAIM.better][0], values[CLAIM.worse][0])


def sentence(config: Config, frames: Sequence[FreezeFrame]) -> str:
    """The verdict in the words of this lab."""
    last = next(frame for frame in frames if frame.arm == HAPPENED and frame.step == frame.steps)
    wrong = last.checks - last.as_thought
    return (
        f"Does not hold: {wrong} of {last.checks} checks went astray."
        if wrong
        else f"Holds: all {last.checks} checks came out as you think."
    )


PRESETS = (
    Preset(
        key="default",
        label="ResNet-18, done right",
        why=(
            "Six children of ResNet-18, their eval() renewed at every step, the head attached and the optimiser built "
            "afterwards. Nothing goes astray. Note the share that still trains."
        ),
    ),
    Preset(
        key="train_mode",
        label="The bare loop",
        why=(
            "The loop as it is usually written: requires_grad, and no eval(). No frozen weight moves, yet all 30 "
            "buffers of the ten frozen BatchNorm layers do, so the frozen features change."
        ),
        values={"frozen_eval": "never"},
        counter=True,
    ),
    Preset(
        key="eval_once",
        label="eval() once",
        why="eval() when freezing, and model.train() in the loop: the first step undoes it. The same 30 buffers move.",
        values={"frozen_eval": "once"},
    ),
    Preset(
        key="vgg16",
        label="VGG-16: everything",
        why=(
            "VGG-16 has three children, and the third holds the head. 'The first six' is all of the backbone; only the "
            "head that is attached afterwards learns."
        ),
        values={"architecture": "vgg16"},
    ),
    Preset(
        key="vit",
        label="ViT-B/16: all but one",
        why=(
            "The class token belongs to the model itself. children() never yields it, so behind a frozen patch "
            "embedding, and in front of a frozen encoder, it alone still learns."
        ),
        values={"architecture": "vit_b_16"},
    ),
    Preset(
        key="momentum",
        label="Frozen in mid-training",
        why=(
            "The optimiser has stepped these weights before, and their gradients are zeroed rather than dropped: "
            "momentum carries all 30 of them on, requires_grad=False or not."
        ),
        values={"optimiser_built": "mid_training", "head": "before", "zero_grad": "zeros"},
    ),
    Preset(
        key="head_forgotten",
        label="Optimiser before the head",
        why="The optimiser was given the old head. The new one gets gradients that nobody applies, and stays random.",
        values={"optimiser_built": "before"},
    ),
    Preset(
        key="head_frozen",
        label="Head before the loop",
        why="On MobileNetV3 the loop reaches the head that was just attached. Nothing is left to train.",
        values={"architecture": "mobilenet_v3_small", "head": "before"},
    ),
)

DOES_NOT_SHOW = (
    "Whether freezing helps accuracy. The weights are random and the images are noise: which tensors move depends on "
    "neither. What a cut costs or gains is the lab 'Feature extraction or fine-tuning?'.",
    "That 'six children' is a good cut. The verdict asks whether the code does what it says. On ResNet-18 it does, and "
    "94 % of the parameters still train: two of the six children have none.",
    "Your model. Seven torchvision architectures are here; timm and others nest modules differently. Hash your own.",
    "Small differences in size: the new head has 10 classes, and ViT-B/16 is built for 64 x 64 pixels, so that its "
    "position table has 17 rows instead of 197.",
    "That a buffer behind the cut should or should not move: it follows the mode, and the claim says nothing about it.",
)

PAPER_SAYS = (
    "No paper: this is about the behaviour of a library. torch's documentation says that requires_grad and "
    "train()/eval() are independent; torchvision decides what the children are. Measured with torch 2.14 and "
    "torchvision 0.29. Whether frozen BatchNorm should follow new data is disputed: timm's freeze() fixes it by "
    "default, fastai trains it by default."
)

LAB = Lab(
    name="freezing",
    title='What does "freeze the first k children" freeze?',
    questions=(10,),
    summary=(
        "A torchvision model is frozen as the dials say, takes a few real optimiser steps, and every parameter and "
        "buffer is hashed before and after. You think: the k children exist in front of the head; nothing in front of "
        "the cut moves, buffers included; every weight behind it learns, and so does the new head."
    ),
    claim=CLAIM,
    config=Config,
    frame=FreezeFrame,
    arms=arms,
    presets=PRESETS,
    prediction=Prediction(
        question="With this code, will everything come out as you think?",
        options={
            "holds": "Yes, nothing goes astray",
            "does_not_hold": "No, at least one tensor or child surprises",
        },
    ),
    results=results,
    verdict=verdict,
    does_not_show=DOES_NOT_SHOW,
    paper_says=PAPER_SAYS,
    sentence=sentence,
)
