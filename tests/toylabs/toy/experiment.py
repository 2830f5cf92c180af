"""Emits frames; misbehaves on demand."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterator

import numpy as np

from .lab import ToyConfig, ToyFrame


def run(config: ToyConfig, replicate: int) -> Iterator[ToyFrame]:
    draw = np.random.default_rng(np.random.SeedSequence([config.seed, replicate])).normal()
    for step in range(config.steps + 1):
        for arm, gain in (("a", config.gain), ("b", 0.0)):
            time.sleep(config.pause)
            if replicate == 1 and step == 1:
                _misbehave(config.behaviour)
            if config.behaviour == "noisy":
                print('{"kind": "frame"} not a frame')
                os.write(1, b"nor is this\n")
                sys.stdout.flush()
            bad = config.behaviour == "nan" and step == 2
            yield ToyFrame(
                replicate=replicate + (config.behaviour == "wrong replicate"),
                arm=arm,
                step=step,
                steps=config.steps,
                value=math.nan if bad else (draw + gain + 0.1 * draw * (arm == "a")) * step / config.steps,
                pid=os.getpid(),
            )


def _misbehave(behaviour: str) -> None:
    if behaviour == "raises":
        raise ZeroDivisionError("a toy error")
    if behaviour == "kills itself":
        os.kill(os.getpid(), 9)
