"""Warm sandboxes, each used once: a run takes the one that waits, and the next is started at once. Imports no torch."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from study.sandbox import fence
from study.sandbox.process import Limits, Mode, Reason, SandboxProcess, Stopped
from study.sandbox.wire import Plain

MOST_AT_ONCE = 2
START_SECONDS = 120.0
"""A process that is not ready by then is given up. Importing torch from a cold disk takes tens of seconds."""
MOST_CODE = 100_000
_MOST_FAILED_STARTS = 2
_log = logging.getLogger(__name__)


class SandboxError(RuntimeError):
    """Nothing could be run, through no fault of the submission. The message names the remedy."""


@dataclass(frozen=True)
class Raised:
    """What the submission raised. `line` is one of its own lines, if it was there."""

    type: str
    message: str
    line: int | None = None
    errno: int | None = None


@dataclass(frozen=True)
class Answer:
    """To one case: a report, or what was raised instead."""

    report: Plain = None
    raised: Raised | None = None


@dataclass
class Transcript:
    """What happened. `answers` are to the first cases; fewer than cases only if `stopped` or `not_loaded`."""

    answers: list[Answer] = field(default_factory=list)
    not_loaded: Raised | None = None
    missing: bool = False
    """The code ran, and did not define the function."""
    stopped: Reason | None = None
    exit_code: int | None = None
    printed: str = ""
    seconds: float = 0.0


class Pool:
    """Keeps `warm` sandboxes ready and lets `MOST_AT_ONCE` run. Safe to use from any thread; a context manager.

    Without the fence (`fence.fence_available`) pass `consent=True` to run submissions as plain processes, or the
    constructor raises `SandboxError`: who sets it has asked the learner.
    """

    def __init__(self, *, warm: int = 1, limits: Limits | None = None, consent: bool = False) -> None:
        why_not = fence.why_no_fence()
        if why_not and not consent:
            raise SandboxError(f"Exercises cannot run: {why_not}, and running code without it was not agreed to.")
        self.mode: Mode = "plain" if why_not else "sandboxed"
        self.limits = limits or Limits()
        self._warm = warm
        self._changed = threading.Condition()
        self._slots = threading.Semaphore(MOST_AT_ONCE)
        self._processes: list[SandboxProcess] = []
        self._running: list[SandboxProcess] = []
        self._waiting = 0
        self._failed_starts = 0
        self._why_not = ""
        self._closed = False
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> Pool:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin to warm up; returns at once. Without it the first run does so."""
        with self._changed:
            if self._keeper is None and not self._closed:
                self._keeper = threading.Thread(target=self._keep, name="sandbox-keeper", daemon=True)
                self._keeper.start()

    def wait_ready(self, timeout: float = START_SECONDS) -> bool:
        """Wait until a run would find a warm sandbox. False if that takes longer, or will not happen."""
        self.start()
        with self._changed:
            self._changed.wait_for(lambda: self._first_ready() is not None or self._broken(), timeout)
            return self._first_ready() is not None

    def pids(self) -> list[int]:
        """The processes that are warm or getting so; not those that run a submission."""
        with self._changed:
            return [process.pid for process in self._processes]

    def run(self, code: str, drive: str, function: str, cases: Sequence[dict[str, Plain]]) -> Transcript:
        """Load `code`, then `drive` it with one case after the other. `SandboxError` if it could not be tried."""
        with self._lease() as process:
            return _run(process, {"code": code, "drive": drive, "function": function}, cases)

    def close(self) -> None:
        """End all processes and wait for them; runs under way end with the reason "closed"."""
        with self._changed:
            self._closed = True
            processes, self._processes = self._processes, []
            running = list(self._running)
            self._changed.notify_all()
        for process in (*running, *processes):
            process.close()
        if self._keeper is not None and self._keeper is not threading.current_thread():
            self._keeper.join(10.0)

    @contextmanager
    def _lease(self) -> Iterator[SandboxProcess]:
        self.start()
        with self._slots:
            process = self._take()
            try:
                yield process
            finally:
                process.close()
                with self._changed:
                    self._running.remove(process)

    def _take(self) -> SandboxProcess:
        deadline = time.monotonic() + START_SECONDS
        with self._changed:
            if self._broken():
                self._failed_starts = 0
            self._waiting += 1
            self._changed.notify_all()
            try:
                while (process := self._first_ready()) is None:
                    if self._closed or self._broken() or time.monotonic() > deadline:
                        raise SandboxError(self._complaint())
                    self._changed.wait(1.0)
            finally:
                self._waiting -= 1
            self._processes.remove(process)
            self._running.append(process)
            self._changed.notify_all()
            return process

    def _complaint(self) -> str:
        if self._closed:
            return "The sandbox was shut down. Restart the app."
        why = self._why_not or "it took too long to start"
        return f"The sandbox cannot start: {why}. Check the installation with `python -m study grade`; then try again."

    def _keep(self) -> None:
        """Start what is missing, in this one thread for as long as the pool lives."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or (not self._broken() and self._missing() > 0))
                if self._closed:
                    return
                try:
                    self._processes.append(SandboxProcess(self.mode, self.limits, self._look_again))
                except OSError as error:
                    self._failed_starts += 1
                    self._why_not = str(error)
                    self._changed.notify_all()

    def _missing(self) -> int:
        return max(self._warm, self._waiting) - len(self._processes)

    def _broken(self) -> bool:
        return self._failed_starts >= _MOST_FAILED_STARTS

    def _first_ready(self) -> SandboxProcess | None:
        return next((process for process in self._processes if process.ready and process.alive), None)

    def _look_again(self) -> None:
        """Some process is ready, or has ended."""
        with self._changed:
            for process in [process for process in self._processes if not process.alive]:
                self._processes.remove(process)
                if not process.ready:
                    self._failed_starts += 1
                    self._why_not = process.printed.strip()[-500:] or "it ended at once"
                    _log.error("a sandbox could not start: %s", self._why_not)
            if any(process.ready for process in self._processes):
                self._failed_starts = 0
            self._changed.notify_all()


def _run(process: SandboxProcess, job: dict[str, Any], cases: Sequence[dict[str, Plain]]) -> Transcript:
    transcript = Transcript()
    started = time.perf_counter()
    process.watch()
    try:
        process.send(job)
        _load(process, transcript)
        if transcript.not_loaded is None and not transcript.missing:
            for given in cases:
                transcript.answers.append(_ask(process, given))
    except Stopped as stopped:
        transcript.stopped, transcript.exit_code = stopped.reason, stopped.exit_code
    transcript.seconds = time.perf_counter() - started
    process.close()
    transcript.printed = process.printed
    return transcript


def _load(process: SandboxProcess, transcript: Transcript) -> None:
    message = process.receive()
    if message.get("kind") == "failed" and "case" not in message:
        transcript.not_loaded = _raised(process, message)
    elif message.get("kind") == "loaded" and isinstance(message.get("found"), bool):
        transcript.missing = not message["found"]
    else:
        raise _forged(process)


def _ask(process: SandboxProcess, given: dict[str, Plain]) -> Answer:
    """One case. Its number is not known before, so that no answer can have been sent before it was asked."""
    number = secrets.token_hex(8)
    process.send({"case": number, "given": given})
    message = process.receive()
    if message.get("case") != number:
        raise _forged(process)
    if message.get("kind") == "failed":
        return Answer(raised=_raised(process, message))
    if message.get("kind") != "report" or "report" not in message:
        raise _forged(process)
    return Answer(report=message["report"])


def _raised(process: SandboxProcess, message: dict[str, Any]) -> Raised:
    """The error of a message, which a submission may have written itself: only its types are relied on."""
    error = message.get("error")
    if not isinstance(error, dict):
        raise _forged(process)
    kind, text, line, number = (error.get(name) for name in ("type", "message", "line", "errno"))
    if not isinstance(kind, str) or not isinstance(text, str):
        raise _forged(process)
    return Raised(kind[:100], text[:1000], line if type(line) is int else None, number if type(number) is int else None)


def _forged(process: SandboxProcess) -> Stopped:
    process.stop("channel")
    return Stopped("channel")
