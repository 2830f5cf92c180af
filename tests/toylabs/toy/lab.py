"""A lab without science, to test the machinery with: it can take its time, print, crash and kill itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from demos.base import Arm, ArmResult, Claim, Frame, Lab, LabConfig, Prediction, Preset, Verdict
from demos.verdict import paired_verdict

Behaviour = Literal["steady", "noisy", "raises", "kills itself", "nan", "wrong replicate"]


class ToyConfig(LabConfig):
    replicates: int = Field(2, ge=2, le=30, title="Replicates")
    steps: int = Field(4, ge=1, le=100_000, title="Steps", description="Frames of each arm, after the first")
    pause: float = Field(0.0, ge=0.0, le=60.0, title="Pause", description="Seconds before each frame")
    gain: float = Field(5.0, ge=-10.0, le=10.0, title="Gain", description="By how much arm a beats arm b")
    behaviour: Behaviour = Field("steady", title="Behaviour")


class ToyFrame(Frame):
    value: float
    pid: int


def results(config: ToyConfig, frames: Sequence[ToyFrame]) -> list[ArmResult]:
    last = {(frame.arm, frame.replicate): frame.value for frame in frames if frame.step == frame.steps}
    return [
        ArmResult(name=arm, metric="value", values=tuple(last[arm, r] for r in range(config.replicates)))
        for arm in ("a", "b")
    ]


def verdict(config: ToyConfig, frames: Sequence[ToyFrame]) -> Verdict:
    first, second = results(config, frames)
    return paired_verdict(LAB.claim, first.values, second.values)


LAB = Lab(
    name=Path(__file__).parent.name,
    title="Toy",
    questions=(99,),
    summary="Nothing is learnt.",
    claim=Claim(statement="a beats b", better="a", worse="b", metric="value", unit="points", margin=1.0, paper="none"),
    config=ToyConfig,
    frame=ToyFrame,
    arms=lambda _config: (
        Arm(key="a", label="Arm a", description="the better one"),
        Arm(key="b", label="Arm b", description="the other one"),
    ),
    presets=(
        Preset(key="default", label="Default", why="a wins"),
        Preset(key="reversed", label="Reversed", why="b wins", values={"gain": -5.0}, counter=True),
    ),
    prediction=Prediction(question="Does a win?", options={"holds": "Yes", "does_not_hold": "No"}),
    results=results,
    verdict=verdict,
    does_not_show=("Anything.",),
    paper_says="Nothing.",
)
