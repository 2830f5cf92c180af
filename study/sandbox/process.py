"""A process that will run one submission, seen from outside: its pipes, and the watchdog that ends it."""

from __future__ import annotations

import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Literal

from study.sandbox import fence, wire
from study.sandbox.usage import usage

Mode = Literal["sandboxed", "plain"]
Reason = Literal["time", "memory", "tasks", "printed", "answers", "channel", "ended", "closed"]

_POLL_SECONDS = 0.02
_LAST_SECONDS = 0.5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one submission may use, from the moment its code is handed over."""

    seconds: float = 8.0
    memory_bytes: int = 1_500_000_000
    """Resident memory, beyond what the warm process has."""
    tasks: int = 64
    """Processes and threads."""
    printed_bytes: int = 64_000
    answer_bytes: int = 4 * wire.MOST_BYTES
    """All that comes back."""


class Stopped(Exception):  # noqa: N818  (not always an error: see `reason`)
    """The process has ended, or was ended, before it answered."""

    def __init__(self, reason: Reason, exit_code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exit_code = exit_code


class SandboxProcess:
    """One single-use process. Create it in a thread that outlives it: Linux ends it with the thread that started it.

    `on_change()` is called from another thread when it is ready, and when it has ended. `OSError` if it cannot start.
    """

    def __init__(self, mode: Mode, limits: Limits, on_change: Callable[[], None]) -> None:
        self._limits = limits
        self._on_change = on_change
        self._messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._printed = bytearray()
        self._lock = threading.Lock()
        self._reason: Reason | None = None
        self._over = threading.Event()
        self.ready = False
        self._folder = tempfile.mkdtemp(prefix="tli-exercise-") if mode == "plain" else None
        self._mode = mode
        self._process = _start(mode, self._folder)
        self._readers = [
            threading.Thread(target=self._read_answers, name="sandbox-answers", daemon=True),
            threading.Thread(target=self._read_printed, name="sandbox-printed", daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The process id: bubblewrap's own, or Python's where there is no fence."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return not self._over.is_set() and self._process.poll() is None

    @property
    def printed(self) -> str:
        """What it wrote to stdout and stderr, as far as the limit."""
        return bytes(self._printed[: self._limits.printed_bytes]).decode(errors="replace")

    def watch(self) -> None:
        """From now on the limits hold, and what it prints counts."""
        self._printed.clear()
        threading.Thread(target=self._watchdog, name="sandbox-watchdog", daemon=True).start()

    def send(self, message: wire.Plain) -> None:
        """Write one message. To a process that has ended this does nothing: `receive` tells."""
        assert self._process.stdin is not None
        line = wire.encode(message)
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: closed on this side already
            _log.debug("a submission's process does not read any more: %s", error)

    def receive(self) -> dict[str, Any]:
        """Its next message. `Stopped` if there will be none, or if it is none."""
        line = self._messages.get()
        if not line:
            self._messages.put(b"")
            raise Stopped(self._reason or "ended", self._process.returncode)
        try:
            message = wire.decode(line)
        except wire.WireError as error:
            self.stop("channel")
            raise Stopped("channel") from error
        if not isinstance(message, dict):
            self.stop("channel")
            raise Stopped("channel")
        return message

    def stop(self, reason: Reason) -> None:
        """End it, and everything that it started, at once. The first reason counts."""
        with self._lock:
            self._reason = self._reason or reason
            if self._process.poll() is not None:
                return
            if self._mode == "plain" and sys.platform != "win32":
                _kill_group(self._process.pid)
            self._process.kill()

    def close(self) -> None:
        """End it and wait until it has: nothing is left then."""
        self.stop("closed")
        for reader in self._readers:
            reader.join(10.0)

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        total = 0
        while line := self._process.stdout.readline(wire.MOST_BYTES + 1):
            total += len(line)
            if not self.ready:
                self.ready = True  # its first line, before it has any of the submission's code
                self._on_change()
                continue
            if len(line) > wire.MOST_BYTES or total > self._limits.answer_bytes:
                self.stop("answers")
                break
            self._messages.put(line)
        self._end()

    def _end(self) -> None:
        """It has closed its answers, by ending or otherwise: end it for good."""
        try:
            self._process.wait(_LAST_SECONDS)
        except subprocess.TimeoutExpired:
            self.stop("ended")
            self._process.wait()
        self._over.set()
        self._readers[1].join(_LAST_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            _close(pipe)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._messages.put(b"")
        self._on_change()

    def _read_printed(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while chunk := stream.read1(65536):  # type: ignore[attr-defined]  # a buffered reader has it
                if len(self._printed) <= self._limits.printed_bytes:
                    self._printed += chunk
                else:
                    self.stop("printed")

    def _watchdog(self) -> None:
        started = time.monotonic()
        before = usage(self._process.pid)
        while not self._over.wait(_POLL_SECONDS):
            now = usage(self._process.pid)
            if time.monotonic() - started > self._limits.seconds:
                self.stop("time")
            elif now.resident_bytes - before.resident_bytes > self._limits.memory_bytes:
                self.stop("memory")
            elif now.tasks - before.tasks > self._limits.tasks:
                self.stop("tasks")


def _start(mode: Mode, folder: str | None) -> subprocess.Popen[bytes]:
    if mode == "plain":
        # Windows' sockets and random numbers need SystemRoot; nothing else of the environment goes in.
        kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if sys.platform == "win32" and name in os.environ}
        return _open(fence.plain_command(), cwd=folder, env=kept, start_new_session=True)
    code = fence.filter_program()
    if code is None:
        return _open(fence.fenced_command(None), env={})
    readable, writable = os.pipe()
    try:
        os.write(writable, code)  # fits into any pipe's buffer
        os.close(writable)
        return _open(fence.fenced_command(readable), env={}, pass_fds=(readable,))
    finally:
        os.close(readable)


def _open(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, **options)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        _log.debug("process group %d has ended by itself", pid)


def _close(pipe: IO[bytes] | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except OSError as error:  # closing flushes what a killed process never read
        _log.debug("closing a dead process's pipe: %s", error)
