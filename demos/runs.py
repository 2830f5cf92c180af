"""A run: its frames so far, how far it is, how it ended, and who is watching. Safe to use from any thread."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from demos.base import ArmResult, Frame, Lab, LabConfig, Verdict

State = Literal["queued", "running", "finished", "stopped", "failed"]
ACTIVE: tuple[State, ...] = ("queued", "running")


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ended, and what is known from then on. `error` is for people, `detail` for who mends it."""

    state: Literal["finished", "stopped", "failed"]
    verdict: Verdict | None = None
    results: Sequence[ArmResult] = ()
    error: str | None = None
    detail: str = ""
    abandoned: bool = False


class Run:
    """One run of a lab, made by `Runner.submit`. Reading never blocks for long; only `stop` and watching change it.

    A run that was watched and that nobody watches any more ends after `abandon_seconds`.
    """

    def __init__(
        self, lab: Lab, config: LabConfig, end: Callable[[Run, Ending], None], abandon_seconds: float = 30.0
    ) -> None:
        self.id = uuid.uuid4().hex
        self.lab = lab.name
        self.config = config
        self.replayed = False
        self.computed_at: datetime | None = None
        self._end, self._abandon_seconds = end, abandon_seconds
        self._changed = threading.Condition()
        self._state: State = "queued"
        self._place: int | None = None
        self._ending: Ending | None = None
        self._frames: list[Frame] = []
        self._versions: Mapping[str, str] = {}
        self._clock = _Clock()
        self._steps_done: dict[tuple[int, str], float] = {}
        self._parts = config.replicates * len(lab.arms(config))
        self._watchers: set[str] = set()
        self._abandoning: threading.Timer | None = None

    def __repr__(self) -> str:
        return f"<Run {self.lab} {self.state} {self.progress:.0%} {len(self._frames)} frames>"

    @property
    def state(self) -> State:
        """Where the run is: queued, running, then one of finished, stopped, failed."""
        return self._state

    @property
    def place(self) -> int | None:
        """The place in the queue, 1 for the next; None unless queued."""
        return self._place

    @property
    def frames(self) -> list[Frame]:
        """All frames so far, in the order of their arrival (within a replicate: the order of the experiment)."""
        return self.frames_since(0)[0]

    def frames_since(self, n: int) -> tuple[list[Frame], int]:
        """The frames after the first `n`, and how many there are now: what to pass the next time."""
        with self._changed:
            return self._frames[n:], len(self._frames)

    @property
    def progress(self) -> float:
        """The part of all steps of all arms and replicates that is done: 0 to 1, never falling."""
        with self._changed:
            if self._state == "finished":
                return 1.0
            return min(1.0, sum(self._steps_done.values()) / self._parts)

    @property
    def seconds(self) -> float:
        """How long the run has computed, or did: without its time in the queue. 0 while queued."""
        return self._clock.seconds()

    @property
    def first_frame_seconds(self) -> float | None:
        """From the click (submit, time in the queue included) to the first frame; None before it."""
        return self._clock.first_frame_seconds

    @property
    def seconds_left(self) -> float | None:
        """About how long it will still take, at the pace since the first frame; None while that cannot be said.

        Waiting for a worker that is still loading torch is no pace: counted in, it made minutes of seconds.
        """
        done, spent = self.progress, self._clock.seconds_since_first_frame()
        if self._state != "running" or done < 0.02 or spent < 0.5:
            return None
        return spent * (1 - done) / done

    @property
    def error(self) -> str | None:
        """What went wrong and what to do, for people; None unless failed."""
        return self._ending.error if self._ending else None

    @property
    def error_detail(self) -> str:
        """The traceback, or the last output of the worker; may be empty."""
        return self._ending.detail if self._ending else ""

    @property
    def abandoned(self) -> bool:
        """True if the run was stopped because its last watcher had gone."""
        return self._ending is not None and self._ending.abandoned

    @property
    def verdict(self) -> Verdict | None:
        """What the run says about the lab's claim; None unless finished."""
        return self._ending.verdict if self._ending else None

    @property
    def results(self) -> list[ArmResult]:
        """The final metric of each arm; empty unless finished."""
        return list(self._ending.results) if self._ending else []

    @property
    def versions(self) -> Mapping[str, str]:
        """The versions that computed it: python, torch, numpy, machine, threads, code. Empty at first."""
        return self._versions

    def stop(self) -> None:
        """End the run now. Its frames stay; there is no verdict. Does nothing if it has ended."""
        self._end(self, Ending(state="stopped"))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run has ended. False if it has not within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._state not in ACTIVE, timeout)

    def watch(self, watcher_id: str) -> None:
        """Somebody wants this run to go on. Watching twice is watching once."""
        with self._changed:
            self._watchers.add(watcher_id)
            self._keep()

    def unwatch(self, watcher_id: str) -> None:
        """This watcher has gone. After the last one, the run ends in `abandon_seconds`, unless somebody comes back."""
        with self._changed:
            self._watchers.discard(watcher_id)
            if not self._watchers and self._state in ACTIVE and self._abandoning is None:
                self._abandoning = threading.Timer(self._abandon_seconds, self._abandon)
                self._abandoning.daemon = True
                self._abandoning.start()

    def _keep(self) -> None:
        if self._abandoning is not None:
            self._abandoning.cancel()
            self._abandoning = None

    def _abandon(self) -> None:
        with self._changed:
            if self._watchers:
                return
        self._end(self, Ending(state="stopped", abandoned=True))

    # What follows is for the runner.

    def set_place(self, place: int | None) -> None:
        """Say the place in the queue."""
        self._place = place

    def begin(self) -> None:
        """The run leaves the queue."""
        with self._changed:
            self._state, self._place = "running", None
            self._clock.begin()

    def add(self, frame: Frame) -> None:
        """Take a frame. One that comes after the end is dropped."""
        with self._changed:
            if self._state != "running":
                return
            self._clock.frame()
            self._frames.append(frame)
            part, done = (frame.replicate, frame.arm), frame.step / frame.steps if frame.steps else 1.0
            self._steps_done[part] = max(done, self._steps_done.get(part, 0.0))

    def computed_by(self, versions: Mapping[str, str]) -> None:
        """Note the versions of a worker that completed a replicate."""
        self._versions = dict(versions)

    def replay(self, frames: Sequence[Frame], seconds: float, first_frame_seconds: float, at: datetime) -> None:
        """Fill the run with one that was computed before."""
        with self._changed:
            self.replayed, self.computed_at = True, at
            self._frames = list(frames)
            self._clock.replay(seconds, first_frame_seconds)

    def end(self, ending: Ending) -> bool:
        """Take the ending. False if the run had ended before."""
        with self._changed:
            if self._state not in ACTIVE:
                return False
            self._state, self._place, self._ending = ending.state, None, ending
            self._clock.end()
            self._keep()
            self._changed.notify_all()
            return True


@dataclass
class _Clock:
    """The times of a run, by the monotonic clock."""

    submitted: float = field(default_factory=time.monotonic)
    begun: float | None = None
    ended: float | None = None
    first_frame_seconds: float | None = None

    def begin(self) -> None:
        self.begun = time.monotonic()

    def frame(self) -> None:
        if self.first_frame_seconds is None:
            self.first_frame_seconds = time.monotonic() - self.submitted

    def seconds_since_first_frame(self) -> float:
        if self.first_frame_seconds is None:
            return 0.0
        return time.monotonic() - self.submitted - self.first_frame_seconds

    def end(self) -> None:
        if self.ended is None:
            self.ended = time.monotonic()

    def replay(self, seconds: float, first_frame_seconds: float) -> None:
        self.begun, self.ended, self.first_frame_seconds = 0.0, seconds, first_frame_seconds

    def seconds(self) -> float:
        if self.begun is None:
            return 0.0
        return (time.monotonic() if self.ended is None else self.ended) - self.begun
