"""Runs of labs: which ones compute, which ones wait, and what becomes of their frames. Imports no torch.

A run is split into its replicates, the jobs of a pool. Two runs compute at a time and share the workers; others queue.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from demos import catalogue
from demos.base import Frame, Lab, LabConfig
from demos.cache import RunCache, RunKey, StoredRun, libraries
from demos.pool import Answer, Done, Failed, FrameAnswer, Job, Pool, WorkerPool
from demos.runs import Ending, Run

__all__ = ["Run", "Runner"]

MOST_ACTIVE = 2
_log = logging.getLogger(__name__)


def default_workers() -> int:
    """As many workers as cores that we may use, but 2 to 4."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return min(4, max(2, cores))


@dataclass
class _Work:
    """What the runner knows of an active run."""

    run: Run
    lab: Lab
    key: RunKey
    pending: deque[int]
    in_flight: set[str] = field(default_factory=set)
    as_keyed: bool = True
    """All replicates so far were computed by the code and the libraries of the key."""

    def complete(self) -> bool:
        return not self.pending and not self.in_flight


class Runner:
    """Runs labs on a pool of warm workers. Safe to use from any thread.

    `roots` are more folders of labs; `warm_for` names those that workers get ready for before their first job (all, if
    it is empty); `on_end(run)` is called once for every run that ends, from some thread.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        spares: int = 1,
        roots: Sequence[Path] = (),
        warm_for: Sequence[str] = (),
        cache: RunCache | None = None,
        pool: Pool | None = None,
        abandon_seconds: float = 30.0,
        on_end: Callable[[Run], None] | None = None,
    ) -> None:
        for root in roots:
            catalogue.add_root(root)
        size = default_workers() if workers is None else workers
        self._pool: Pool = pool or WorkerPool(size, spares, warm_for=warm_for)
        self._cache = cache or RunCache()
        self._abandon_seconds = abandon_seconds
        self._on_end = on_end
        self._lock = threading.RLock()
        self._active: list[_Work] = []
        self._queued: list[_Work] = []

    def start(self) -> None:
        """Begin to warm the workers up; returns at once. Without it the first run does so."""
        self._pool.start()

    def wait_ready(self, timeout: float = 120.0, *, spares: bool = False) -> bool:
        """Wait until the workers are warm; with `spares`, also those that take over when one is killed.

        False if they are not in time, or cannot start (a run then says why).
        """
        return self._pool.wait_ready(timeout, spares=spares)

    def close(self) -> None:
        """Stop all runs and end the worker processes."""
        for run in reversed(self.runs()):  # waiting ones first, so that none begins now
            run.stop()
        self._pool.close()

    def submit(self, lab_name: str, config: LabConfig, *, reuse: bool = False) -> Run:
        """Run the lab, or return the active run of the same lab and config: a second click starts nothing.

        With `reuse`, a run that was finished before with the same code and libraries is replayed at once, as a new
        `Run` that has ended. Raises `UnknownLab`, `pydantic.ValidationError` for a config of another lab, and
        `RuntimeError` after `close`.
        """
        lab = catalogue.lab(lab_name)
        config = lab.config.model_validate(config.model_dump())
        key = RunKey(
            lab=lab.name,
            config=config.model_dump(mode="json"),
            code=catalogue.code_version(lab.name),
            libraries=libraries(),
        )
        stored = self._cache.load(key) if reuse else None
        with self._lock:
            run = self.find(lab_name, config)
            if run is not None:
                return run
            run = Run(lab, config, self._end, self._abandon_seconds)
            work = _Work(run, lab, key, deque(range(config.replicates)))
            if stored is None or not self._replay(work, stored):
                self._queued.append(work)
                self._dispatch()
        if run.replayed:
            self._tell(run)
        return run

    def find(self, lab_name: str, config: LabConfig) -> Run | None:
        """The active run of this lab and config, whoever started it."""
        plain = config.model_dump(mode="json")
        with self._lock:
            for work in (*self._active, *self._queued):
                if (work.key.lab, work.key.config) == (lab_name, plain):
                    return work.run
        return None

    def runs(self) -> list[Run]:
        """The active runs: those that compute, then those that wait, in their order."""
        with self._lock:
            return [work.run for work in (*self._active, *self._queued)]

    def _replay(self, work: _Work, stored: StoredRun) -> bool:
        """Fill the run from the cache. False if what was kept does not fit the lab, which should not happen."""
        try:
            frames = [work.lab.frame.model_validate(frame) for frame in stored.frames]
            ending = _judge(work, frames)
        except ValueError as error:
            _log.warning("a kept run of %s does not fit and will be computed again: %s", work.lab.name, error)
            self._cache.forget(work.key)
            return False
        work.run.computed_by(stored.versions)
        work.run.replay(frames, stored.seconds, stored.first_frame_seconds, stored.computed_at)
        return work.run.end(ending)

    def _dispatch(self) -> None:
        """Let queued runs begin, and hand out jobs. The lock is held."""
        while self._queued and len(self._active) < MOST_ACTIVE:
            work = self._queued.pop(0)
            self._active.append(work)
            work.run.begin()
        for place, work in enumerate(self._queued, start=1):
            work.run.set_place(place)
        while (chosen := self._next()) is not None:
            replicate = chosen.pending.popleft()
            job = Job(
                id=f"{chosen.run.id}-{replicate}",
                lab=chosen.lab.name,
                config=chosen.key.config,
                replicate=replicate,
            )
            chosen.in_flight.add(job.id)
            self._pool.execute(job, partial(self._on_answer, chosen, job))

    def _next(self) -> _Work | None:
        """The run that gets the next worker: the one with fewest. A run with none gets a spare if all are busy."""
        candidates = [work for work in self._active if work.pending]
        if not candidates:
            return None
        chosen = min(candidates, key=lambda work: len(work.in_flight))
        busy = sum(len(work.in_flight) for work in self._active)
        return chosen if busy < self._pool.size or not chosen.in_flight else None

    def _on_answer(self, work: _Work, job: Job, answer: Answer) -> None:
        try:
            if isinstance(answer, FrameAnswer):
                self._take(work, job, answer)
            elif isinstance(answer, Done):
                self._complete(work, job, answer)
            else:
                self._fail(work, answer)
        except Exception as error:  # noqa: BLE001 - our own mistake must end the run, or it would go on for ever
            _log.exception("an answer of job %s could not be taken", job.id)
            self._fail(work, Failed(f"The run could not go on: {type(error).__name__}: {error}. Press Run again."))

    def _take(self, work: _Work, job: Job, answer: FrameAnswer) -> None:
        try:
            frame = work.lab.frame.model_validate(answer.frame)
        except ValidationError as error:
            self._fail(work, Failed(f"The experiment sent a frame that its lab does not allow: {error}"))
            return
        if frame.replicate != job.replicate:
            self._fail(work, Failed(f"The experiment sent a frame of replicate {frame.replicate} in {job.replicate}."))
            return
        work.run.add(frame)

    def _complete(self, work: _Work, job: Job, answer: Done) -> None:
        work.run.computed_by({**answer.versions, "code": answer.code})
        with self._lock:
            work.in_flight.discard(job.id)
            work.as_keyed = work.as_keyed and _is_of(work.key, answer)
            self._dispatch()
            complete = work.complete() and work.run.state == "running"
        if complete:
            self._finish(work)

    def _finish(self, work: _Work) -> None:
        run = work.run
        try:
            ending = _judge(work, run.frames)
        except Exception as error:  # noqa: BLE001 - a lab's mistake must end the run, not the thread
            _log.exception("lab %s could not judge its run", work.lab.name)
            self._fail(work, Failed(f"The lab could not judge its run: {type(error).__name__}: {error}"))
            return
        if work.as_keyed:  # else the lab was edited, or torch upgraded, meanwhile, and the run is of neither version
            kept = [frame.model_dump(mode="json") for frame in run.frames]
            stored = StoredRun(
                frames=kept,
                seconds=run.seconds,
                first_frame_seconds=run.first_frame_seconds or run.seconds,
                versions=run.versions,
                computed_at=datetime.now(UTC),
            )
            self._cache.save(work.key, stored)
        self._end(run, ending)

    def _fail(self, work: _Work, answer: Failed) -> None:
        _log.error("run of %s failed: %s\n%s", work.lab.name, answer.message, answer.detail)
        self._end(work.run, Ending(state="failed", error=answer.message, detail=answer.detail))

    def _end(self, run: Run, ending: Ending) -> None:
        """End the run, free its workers and let the next one begin. Only the first ending counts."""
        with self._lock:
            if not run.end(ending):
                return
            ended = [job_id for work in self._active if work.run is run for job_id in work.in_flight]
            self._active = [work for work in self._active if work.run is not run]
            self._queued = [work for work in self._queued if work.run is not run]
            self._cancel(ended)
            self._dispatch()
        self._tell(run)

    def _cancel(self, job_ids: Sequence[str]) -> None:
        """Stop these jobs; their run has ended, whatever the pool makes of it."""
        for job_id in job_ids:
            try:
                self._pool.cancel(job_id)
            except Exception:  # noqa: BLE001 - the pool's mistake; other runs must go on
                _log.exception("job %s could not be cancelled", job_id)

    def _tell(self, run: Run) -> None:
        if self._on_end is None:
            return
        try:
            self._on_end(run)
        except Exception:  # noqa: BLE001 - the listener's mistake; the run has ended all the same
            _log.exception("what should happen after a run of %s did not", run.lab)


def _is_of(key: RunKey, answer: Done) -> bool:
    """Whether this replicate was computed by the code and the libraries of the key. Builds (`+cu130`) are not compared:
    torch names its own, its package's metadata often does not."""
    return answer.code == key.code and all(
        answer.versions.get(name, "").partition("+")[0] == installed.partition("+")[0]
        for name, installed in key.libraries.items()
    )


def _judge(work: _Work, frames: Sequence[Frame]) -> Ending:
    """The verdict, from frames in the order of the replicates: which worker was faster must not matter."""
    ordered = sorted(frames, key=lambda frame: frame.replicate)
    lab, config = work.lab, work.run.config
    return Ending(state="finished", verdict=lab.verdict(config, ordered), results=lab.results(config, ordered))
