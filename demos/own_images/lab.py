"""Do ImageNet features know your pictures? What is claimed, what can be set, and how a run is judged. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from demos import uploads
from demos.base import Arm, ArmResult, Claim, Frame, Lab, LabConfig, Prediction, Preset, Verdict, final_results
from demos.verdict import paired_verdict

IMAGENET, RANDOM, PIXELS = "imagenet", "random", "pixels"
TEXTURES, DIGITS, OWN = "textures", "digits", "own"
STEPS = 100


class Config(LabConfig):
    """The dials of this lab."""

    replicates: int = Field(
        6,
        ge=2,
        le=30,
        title="Replicates (splits)",
        description="How often it is drawn which pictures are learned from. Your own are split anew each time: the "
        "splits share pictures and are not independent, so the interval is too narrow",
    )
    pictures: Literal["textures", "digits", "own"] = Field(
        "textures",
        title="Pictures",
        description="Bundled photographs cut into patches, handwritten digits, or pictures of your own",
        json_schema_extra={
            "option_labels": {
                "textures": "Patches of twelve photographs",
                "digits": "Handwritten digits",
                "own": "Your own pictures",
            }
        },
    )
    labels_per_class: int = Field(
        5,
        ge=1,
        le=50,
        title="Labels per class",
        description="Pictures of each class to learn from; the others test. Of your own, at most half of a class",
        json_schema_extra={"unit": "pictures", "scale": "log", "options": [1, 2, 5, 10, 20, 50]},
    )
    collection: str = Field(
        "",
        max_length=32,
        pattern="^([0-9a-f]{32})?$",
        title="Collection",
        description="Which of your own pictures; the page fills it in",
        json_schema_extra={"hidden": True},
    )


class PictureFrame(Frame):
    """One probe at one moment of its training."""

    accuracy: float
    """On the pictures that were not learned from, in per cent."""
    classes: tuple[str, ...] = ()
    """Names of the classes; in the last frame only."""
    tested: tuple[tuple[int, int, int], ...] = ()
    """In the last frame of the ImageNet probe: [picture, class, predicted class] for each tested picture."""


CLAIM = Claim(
    statement="A probe on ImageNet features beats a probe on the raw pixels of these pictures",
    better=IMAGENET,
    worse=PIXELS,
    metric="test accuracy",
    unit="points",
    margin=10.0,
    paper="Kornblith et al. 2019 (arXiv 1805.08974)",
)

ARMS = (
    Arm(key=IMAGENET, label="ImageNet features", description="EfficientNet-Lite0, frozen; only a linear head learns"),
    Arm(key=PIXELS, label="Raw pixels", description="16 x 16 x 3 numbers of the picture itself"),
    Arm(key=RANDOM, label="Random features", description="The same network with random weights, frozen"),
)


def arms(config: Config) -> tuple[Arm, ...]:
    """The three probes: the same linear head and training, on three kinds of features."""
    return ARMS


def results(config: Config, frames: Sequence[PictureFrame]) -> list[ArmResult]:
    """The final accuracy of every probe, one value for each replicate that finished all of them."""
    return final_results(ARMS, frames, config.replicates, lambda frame: frame.accuracy, "test accuracy (%)")


def verdict(config: Config, frames: Sequence[PictureFrame]) -> Verdict:
    """ImageNet features minus raw pixels, in pairs that share pictures, split and order.

    The interval takes replicates for independent; of one's own pictures they are splits of one collection.
    """
    values = {result.name: result.values for result in results(config, frames)}
    return paired_verdict(CLAIM, values[CLAIM.better], values[CLAIM.worse])


def check(config: Config) -> None:
    """Raise `UploadError`, with the remedy, if the run asks for pictures that are not there."""
    if config.pictures == OWN:
        uploads.demand(uploads.load, "collection", config.collection, uploads.known())


PRESETS = (
    Preset(key="default", label="Photographs", why="Patches of twelve photographs, five of each to learn from."),
    Preset(
        key="digits",
        label="Digits",
        why=(
            "Handwritten digits, five of each. They lie so far from photographs that the last features of an ImageNet "
            "network tell them apart no better than their pixels do."
        ),
        values={"pictures": DIGITS},
        counter=True,
    ),
    Preset(
        key="own",
        label="Your own pictures",
        why="Bring a folder of pictures per class, 2 to 10 classes. They stay on this machine.",
        values={"pictures": OWN},
    ),
)

LAB = Lab(
    name="own_images",
    title="Do ImageNet features know your pictures?",
    questions=(3,),
    summary=(
        "A linear head learns from a few pictures, on three kinds of features: those of a network that has seen "
        "ImageNet, those of the same network with random weights, and the pixels themselves. Try pictures of your own."
    ),
    claim=CLAIM,
    config=Config,
    frame=PictureFrame,
    arms=arms,
    presets=PRESETS,
    prediction=Prediction(
        question="Will a probe on ImageNet features beat one on raw pixels by more than 10 points?",
        options={
            "holds": "Yes, by more than 10 points",
            "does_not_hold": "No, the pixels do nearly as well",
            "cannot_tell": "Too close to call with this many pictures",
        },
    ),
    results=results,
    verdict=verdict,
    does_not_show=(
        "That the classes are learned as such. Each texture class is one photograph: its left half is learned from, "
        "its right half tested. Colour alone does much of the work.",
        "How good a deployed model would be. Of your own pictures, those that look alike (one scene, one session) end "
        "up on both sides of the split and make every number too good. Split by scene or day where you can.",
        "Precision with few pictures: at 20 test pictures, 90 % has an interval of about 13 points on either side.",
        "A 95 % interval for your own pictures. It counts the replicates as independent, yet each splits the same "
        "small collection. Nadeau & Bengio 2003 (Machine Learning 52) add n_test/n_train to the 1/n in the variance of "
        "the mean: six halvings then give an interval 2.6 times as wide, and more replicates hardly narrow it. The "
        "bundled patches and digits are drawn from fixed sets too, which are larger.",
        "What fine-tuning would add. See *small data* for that.",
        "One network, shown small pictures (64 pixels for the bundled ones, 128 for yours); it was trained at 224.",
    ),
    paper_says=(
        "Kornblith et al. 2019 (arXiv 1805.08974): over twelve data sets, networks that are better on ImageNet have "
        "better frozen features too (r = 0.99), with weak gains on fine-grained targets. Theirs are photographs, "
        "which digits are not."
    ),
)
