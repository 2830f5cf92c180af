"""How jobs get executed: a few warm worker processes, one job at a time each, replaced when they die.

What a run is, and which job comes next, is the runner's affair. Another way to execute jobs (a Dask cluster, say) has
to offer the same few methods: `Pool`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from demos import catalogue
from demos.process import COMMAND, START_SECONDS, Message, WorkerProcess

_log = logging.getLogger(__name__)

GRACE_SECONDS = 0.25
"""A cancelled worker that has not come to its next frame by then is killed. One that has stays warm."""

MOST_FAILED_STARTS = 2
"""After so many workers in a row that died before they were ready, jobs fail instead of waiting for ever."""

MOST_START_SECONDS = 4 * START_SECONDS
"""The start limit is doubled for a machine on which it struck, up to this."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One replicate to compute."""

    id: str
    lab: str
    config: Mapping[str, Any]
    replicate: int


@dataclass(frozen=True)
class FrameAnswer:
    """A frame of the job, as plain data."""

    frame: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """The job is complete: all its frames were sent. `code` is the version of the lab that computed it."""

    versions: Mapping[str, str]
    code: str


@dataclass(frozen=True)
class Failed:
    """The job ended without completing. `message` is for people, `detail` (a traceback) for who mends it."""

    message: str
    detail: str = ""


Answer = FrameAnswer | Done | Failed
OnAnswer = Callable[[Answer], None]


class Pool(Protocol):
    """What the runner needs. Answers of a job come in order, one thread at a time, and never from inside `execute`."""

    size: int
    """How many jobs are worth having under way at once; a few more are accepted."""

    def start(self) -> None:
        """Begin to warm up; returns at once."""

    def wait_ready(self, timeout: float, *, spares: bool = False) -> bool:
        """Wait until `size` jobs could start at once; with `spares`, even after a worker was killed.

        False if that did not happen in time, or will not.
        """

    def execute(self, job: Job, on_answer: OnAnswer) -> None:
        """Compute `job` as soon as a worker is free. The last answer is `Done` or `Failed`."""

    def cancel(self, job_id: str) -> None:
        """Stop computing this job at once. No answer follows, but one on its way may still arrive."""

    def close(self) -> None:
        """End everything; waits until it has ended."""


@dataclass
class _Worker:
    """What the pool knows of one process."""

    process: WorkerProcess
    versions: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    ready: bool = False
    retired: bool = False
    job: Job | None = None
    on_answer: OnAnswer | None = None


class WorkerPool:
    """Local worker processes: `size` of them, and `spares` warm ones that take over when others are killed.

    They are warm for the labs in `warm_for`, or for all if it is empty. Each computes every lab, the others cold.
    """

    def __init__(
        self, size: int, spares: int = 1, command: Sequence[str] = COMMAND, *, warm_for: Sequence[str] = ()
    ) -> None:
        self.size = size
        self._target = size + spares
        self._command = (*command, *warm_for)
        self._changed = threading.Condition()
        self._workers: dict[WorkerProcess, _Worker] = {}
        self._waiting: deque[tuple[Job, OnAnswer]] = deque()
        self._failed_starts = 0
        self._start_seconds = START_SECONDS
        self._why_not = Failed("")
        self._closed = False

    def start(self) -> None:
        """Start all worker processes; returns before they are ready.

        They are started in a thread: in the main one, Ctrl-C could strike between the birth of a process and our note
        of it, and `close` would leave it behind.
        """
        starting = threading.Thread(target=self._start, name="pool-start")
        starting.start()
        starting.join()

    def _start(self) -> None:
        with self._changed:
            self._fill()

    def pids(self) -> list[int]:
        """The process ids of the living workers."""
        with self._changed:
            return [process.pid for process in self._workers]

    def wait_ready(self, timeout: float, *, spares: bool = False) -> bool:
        """Wait until `size` workers are ready, or these and the spares. False if not in time, or if they cannot."""
        wanted = self._target if spares else self.size

        def settled() -> bool:
            return self._ready() >= wanted or self._broken() or self._closed

        with self._changed:
            self._changed.wait_for(settled, timeout)
            return self._ready() >= wanted

    def execute(self, job: Job, on_answer: OnAnswer) -> None:
        """Compute `job` on the next free worker. If workers could not start before, they are tried again."""
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool of workers is closed")
            if self._broken():
                self._failed_starts = 0
            self._waiting.append((job, on_answer))
            self._fill()
            self._assign()
            if not self._workers:  # not even created; answers never come from inside this call
                threading.Thread(target=self._give_up, daemon=True).start()

    def cancel(self, job_id: str) -> None:
        """Ask the worker of this job to stop at its next frame. If that takes too long, kill and replace it."""
        with self._changed:
            self._waiting = deque(item for item in self._waiting if item[0].id != job_id)
            for worker in self._workers.values():
                if worker.job is not None and worker.job.id == job_id:
                    worker.on_answer = None
                    worker.process.send({"cancel": job_id})
                    limit = threading.Timer(GRACE_SECONDS, self._insist, (worker, job_id))
                    limit.daemon = True
                    limit.start()

    def _insist(self, worker: _Worker, job_id: str) -> None:
        with self._changed:
            if worker.job is not None and worker.job.id == job_id:
                self._retire(worker)

    def close(self) -> None:
        """Kill all workers and wait for them."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            processes = list(self._workers)
            for worker in self._workers.values():
                self._retire(worker)
            self._changed.notify_all()
        for process in processes:
            process.join(5.0)

    def _ready(self) -> int:
        return sum(worker.ready and not worker.retired for worker in self._workers.values())

    def _broken(self) -> bool:
        return self._failed_starts >= MOST_FAILED_STARTS

    def _fill(self) -> None:
        """Start the workers that are missing, `size` at a time: spares must not slow the first ones down."""
        living = sum(not worker.retired for worker in self._workers.values())
        most = min(self._target, self._ready() + self.size)
        while not self._closed and not self._broken() and living < most:
            try:
                process = WorkerProcess(self._on_message, self._on_exit, self._command, self._start_seconds)
            except OSError as error:
                self._failed_starts += 1
                self._why_not = _cannot_start(str(error))
                continue
            self._workers[process] = _Worker(process)
            process.listen()
            living += 1

    def _retire(self, worker: _Worker) -> None:
        """Kill this worker, on purpose: whatever it was doing is not answered."""
        worker.retired, worker.job, worker.on_answer = True, None, None
        worker.process.kill()

    def _assign(self) -> None:
        for worker in list(self._workers.values()):
            if not self._waiting:
                return
            if not worker.ready or worker.retired or worker.job is not None:
                continue
            job, on_answer = self._waiting[0]
            if not _is_current(worker, job.lab):
                self._retire(worker)
                continue
            self._waiting.popleft()
            worker.job, worker.on_answer = job, on_answer
            worker.process.send({"job": job.id, "lab": job.lab, "config": dict(job.config), "replicate": job.replicate})

    def _on_message(self, process: WorkerProcess, message: Message) -> None:
        with self._changed:
            worker = self._workers[process]
            on_answer = worker.on_answer
            if message["kind"] == "ready":
                process.started()
                worker.ready, worker.versions, worker.code = True, message["versions"], message["code"]
                self._failed_starts = 0
                self._fill()
            if message["kind"] in ("done", "error", "cancelled"):
                done_lab = worker.job.lab if worker.job else ""
                worker.job, worker.on_answer = None, None
            self._assign()
            self._changed.notify_all()
        if on_answer is None:
            return
        if message["kind"] == "frame":
            _tell(on_answer, FrameAnswer(message["frame"]))
        elif message["kind"] == "done":
            _tell(on_answer, Done(worker.versions, worker.code.get(done_lab, "")))
        elif message["kind"] == "error":
            _tell(on_answer, Failed(message["message"], message["traceback"]))

    def _on_exit(self, process: WorkerProcess) -> None:
        with self._changed:
            worker = self._workers.pop(process)
            if not worker.ready and not worker.retired:
                self._failed_starts += 1
                why = f"{process.stderr_tail}\n({process.describe_exit()})".strip()
                self._why_not = self._too_slow(process, why) if process.too_slow else _cannot_start(why)
                _log.error("a worker process could not start: %s", why)
            self._fill()
            self._assign()
            self._changed.notify_all()
        if worker.on_answer is not None:
            _tell(worker.on_answer, _lost(process))
        self._give_up()

    def _too_slow(self, process: WorkerProcess, why: str) -> Failed:
        """Give the next starts twice the time that this one had, up to the most: a slow machine may need it."""
        longer = min(2 * process.start_seconds, MOST_START_SECONDS)
        self._start_seconds = max(self._start_seconds, longer)
        return Failed(
            f"The experiments' worker process was not ready after {process.start_seconds:g} seconds and was ended. "
            "The machine is busy, short of memory, or reads PyTorch from a slow disk. Close other programs and press "
            f"Run again: the next start has {self._start_seconds:g} seconds.",
            why,
        )

    def _give_up(self) -> None:
        """Fail the waiting jobs if no worker can be started."""
        with self._changed:
            if self._closed or not self._broken() or self._workers:
                return
            waiting, self._waiting = self._waiting, deque()
            answer = self._why_not
        for _, on_answer in waiting:
            _tell(on_answer, answer)


def _tell(on_answer: OnAnswer, answer: Answer) -> None:
    """Hand over an answer. What goes wrong there is logged: the thread that reads this worker has more to do."""
    try:
        on_answer(answer)
    except Exception:  # noqa: BLE001 - the listener's mistake
        _log.exception("an answer of a worker could not be taken: %.200r", answer)


def _is_current(worker: _Worker, lab_name: str) -> bool:
    """False if the lab was edited after this worker started, which still has the old code in memory."""
    try:
        return worker.code.get(lab_name) == catalogue.code_version(lab_name)
    except catalogue.UnknownLab:
        return True  # removed since: no new worker would know it either, and this one can say so
    except (OSError, UnicodeDecodeError) as error:
        _log.warning("the files of lab %s cannot be read just now: %s", lab_name, error)
        return False


def _lost(process: WorkerProcess) -> Failed:
    return Failed(
        f"A worker process ended unexpectedly ({process.describe_exit()}). Nothing you did is lost. Press Run again. "
        "If it keeps happening, the machine may be short of memory: close other programs.",
        process.stderr_tail,
    )


def _cannot_start(why: str) -> Failed:
    last = why.strip().splitlines()[-3:]
    return Failed(
        "The experiments' worker process cannot start. It said: " + " / ".join(last) + ". The usual cause is torch and "
        "torchvision that do not match; the README's section on installing has the cure. Then press Run again.",
        why,
    )
