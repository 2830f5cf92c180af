"""One worker process, seen from the server: its pipes, the threads that read them, and its death."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from demos import catalogue

COMMAND = (sys.executable, "-m", "demos", "worker")
START_SECONDS = 120.0
"""A worker that is not ready by then is ended (`too_slow`). Importing torch from a cold disk takes tens of seconds."""

_REPOSITORY = Path(__file__).resolve().parent.parent
_TAIL_LINES = 12
_log = logging.getLogger(__name__)

Message = Mapping[str, Any]


class WorkerProcess:
    """A process that reads jobs and writes messages, both as JSON lines.

    `on_message(worker, message)` and `on_exit(worker)` are called from this worker's own thread, messages in order,
    the exit last. If it is not `started()` within `start_seconds`, it is ended and was `too_slow`. Raises `OSError` if
    the process cannot be created.
    """

    def __init__(
        self,
        on_message: Callable[[WorkerProcess, Message], None],
        on_exit: Callable[[WorkerProcess], None],
        command: Sequence[str] = COMMAND,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self._on_message, self._on_exit = on_message, on_exit
        self.start_seconds = start_seconds
        self.too_slow = False
        self._stderr_tail: deque[str] = deque(maxlen=_TAIL_LINES)
        # The pipes are not inherited by other children (close_fds is the default), so a dead worker's pipe closes.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=_REPOSITORY,
            env=_environment(),
            process_group=0,  # Ctrl-C in the terminal is the server's alone, from before our first line of Python on
        )
        self._limit = threading.Timer(start_seconds, self._strike)
        self._limit.daemon = True
        self._stderr_thread = threading.Thread(target=self._read_stderr, name="worker-stderr", daemon=True)
        self._thread = threading.Thread(target=self._read_stdout, name="worker-stdout", daemon=True)

    def listen(self) -> None:
        """Begin to read what it says. Not in the constructor: its owner must know the worker before it speaks."""
        for thread in (self._limit, self._stderr_thread, self._thread):
            thread.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def stderr_tail(self) -> str:
        """The last lines that the worker wrote to stderr."""
        return "\n".join(self._stderr_tail)

    def started(self) -> None:
        """The worker said that it is ready: the start limit no longer holds."""
        self._limit.cancel()

    def send(self, message: Message) -> None:
        """Write one message. A worker that is already dead is no error here: its exit is on the way."""
        assert self._process.stdin is not None
        line = json.dumps(message).encode() + b"\n"
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: its reader has found it dead and closed the pipe
            _log.info("worker %d does not read any more: %s", self.pid, error)

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def _strike(self) -> None:
        """The start limit is over."""
        if self._process.poll() is None:
            self.too_slow = True
            self.kill()

    def join(self, timeout: float) -> None:
        """Wait until the process has ended and its last message was handled."""
        if self._thread.ident is None:  # interrupted before it was listened to
            self._process.wait(timeout)
        else:
            self._thread.join(timeout)

    def describe_exit(self) -> str:
        """How the process ended, for people."""
        if self.too_slow:
            return f"not ready after {self.start_seconds:g} seconds, and ended for it"
        code = self._process.returncode
        if code is not None and code < 0:
            known = {item.value: item.name for item in signal.Signals}
            return f"signal {-code}, {known.get(-code, 'unknown')}"
        return f"exit code {code}"

    def _read_stdout(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                _log.error("worker %d sent a line that is not JSON: %.200r", self.pid, line)
                self.kill()
                break
            self._on_message(self, message)
        self._process.wait()
        self._limit.cancel()
        self._stderr_thread.join(1.0)
        for pipe in (self._process.stdin, self._process.stdout):
            _close(pipe)
        self._on_exit(self)

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip()
                self._stderr_tail.append(text)
                _log.debug("worker %d: %s", self.pid, text)


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError as error:  # closing flushes what a killed worker never read
        _log.debug("closing a dead worker's pipe: %s", error)


def _environment() -> dict[str, str]:
    extra_roots = [str(root) for root in catalogue.roots()[1:]]
    path = [str(_REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        catalogue.ROOTS_VARIABLE: os.pathsep.join(extra_roots),
    }
