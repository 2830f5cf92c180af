"""What every lab is made of: dials, frames, arms, a claim and a verdict. Plain Python and numpy, no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Outcome = Literal["holds", "does_not_hold", "cannot_tell"]


Replicates = Annotated[
    int, Field(ge=2, le=30, title="Replicates", description="Independent repetitions of the experiment")
]
"""How many replicates a run has: the type of the dial. A lab may have a default of its own, chosen by power."""


class LabConfig(BaseModel):
    """Every dial of a lab, and the draw. Frozen; unknown keys and values out of range are refused.

    A subclass adds its dials as `Field(default, ge=..., le=..., title=..., description=...,
    json_schema_extra={"unit": ..., "scale": "linear" | "log", "options": [...]})`; the page, the command line and the
    URL are all built from that.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    replicates: Replicates = 8
    seed: int = Field(0, ge=0, le=2**31 - 1, title="Draw", description="Same draw, same labelled examples and starts")


class Frame(BaseModel):
    """One moment of one arm of one replicate: numbers and small arrays that survive JSON.

    `step` counts optimiser steps from 0 (before training) to `steps`. Subclasses add what the lab measures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    replicate: int
    arm: str
    step: int
    steps: int


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way of doing it that the experiment compares. `key` is stable (URLs, JSON); `label` is for people."""

    key: str
    label: str
    description: str


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """The final metric of one arm: one value per replicate, in the order of the replicates."""

    name: str
    metric: str
    values: tuple[float, ...]


def final_results(
    arms: Sequence[Arm], frames: Sequence[Any], replicates: int, measure: Callable[[Any], float], metric: str
) -> list[ArmResult]:
    """What every arm measured in its last frame, one value for each replicate that finished *all* arms."""
    final = {(frame.arm, frame.replicate): measure(frame) for frame in frames if frame.step == frame.steps}
    complete = [r for r in range(replicates) if all((arm.key, r) in final for arm in arms)]
    return [ArmResult(name=arm.key, metric=metric, values=tuple(final[arm.key, r] for r in complete)) for arm in arms]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A comparison, declared before the run: `better` minus `worse`, in `unit`, must exceed `margin`.

    `paper` names where the claim comes from (arXiv id where there is one).
    """

    statement: str
    better: str
    worse: str
    metric: str
    unit: str
    margin: float
    paper: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the run says about the claim. `interval` is the 95 % t-interval of the paired differences, or None."""

    outcome: Outcome
    claim: str
    effect: float
    interval: tuple[float, float] | None
    margin: float
    unit: str
    replicates: int
    replicates_needed: int | None = None
    """For `cannot_tell`: about how many replicates would settle it, at the spread seen; None if not to be estimated."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named setting of the dials. `counter` marks the one where the claim is expected not to hold, and says why."""

    key: str
    label: str
    why: str
    values: Mapping[str, Any] = field(default_factory=dict)
    counter: bool = False


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The question put to the learner before the run; `options` map an outcome to the words of the choice."""

    question: str
    options: Mapping[Outcome, str]


@dataclass(frozen=True, kw_only=True)
class Lab:
    """Everything that the page, the command line and the tests need to know of a lab; `lab.py` exports it as `LAB`."""

    name: str
    title: str
    questions: tuple[int, ...]
    summary: str
    claim: Claim
    config: type[LabConfig]
    frame: type[Frame]
    arms: Callable[[Any], tuple[Arm, ...]]
    presets: tuple[Preset, ...]
    prediction: Prediction
    results: Callable[[Any, Sequence[Any]], list[ArmResult]]
    verdict: Callable[[Any, Sequence[Any]], Verdict]
    does_not_show: tuple[str, ...]
    """What a sceptical reader should not conclude from a run."""
    paper_says: str
    """The published finding, with its source, that *your run says* is laid beside."""
    sentence: Callable[[Any, Sequence[Any]], str] | None = None
    """What a finished run says in one sentence, where `better` by so much than `worse` would be stiff."""
