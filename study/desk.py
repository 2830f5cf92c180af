"""The quiz's desk: hands what needs torch to a worker process, `python -m study worker`. Imports no torch itself."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from itertools import count
from pathlib import Path
from typing import Any

from content.exercises import Exercise
from study.drawn import Drawn
from study.exercises.graded import Graded

COMMAND = (sys.executable, "-m", "study", "worker")
START_SECONDS = 120.0
GRADE_SECONDS = 60.0
"""A run takes at most 8 s, but others may be waiting before it."""
DRAW_SECONDS = 30.0

_REPOSITORY = Path(__file__).resolve().parent.parent
_TAIL_LINES = 12
_log = logging.getLogger(__name__)


class DeskError(RuntimeError):
    """Nothing came of a job. The message says what to do; nothing of the learner's is lost."""


class Desk:
    """Safe to use from any thread. A worker that has died is replaced."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False

    def start(self) -> None:
        """Start the worker; returns before it is ready. Without it the first job does so. `DeskError` if it cannot."""
        self._current()

    def wait_ready(self, timeout: float = START_SECONDS) -> bool:
        """Wait until the worker answers at once. False if it does not in time."""
        worker = self._current()
        return worker.ready.wait(timeout) and worker.alive

    def pid(self) -> int | None:
        """The worker's process id."""
        with self._lock:
            return self._worker.pid if self._worker is not None and self._worker.alive else None

    def grade(self, exercise: Exercise, code: str, *, consent: bool = False, timeout: float = GRADE_SECONDS) -> Graded:
        """Run `code` on fresh cases. `consent`: without the fence, the learner has agreed to run it as a plain process.

        `DeskError` if nothing could be run; what the code does wrong is in `Graded`.
        """
        fields = exercise.model_dump(mode="json")
        result = self._ask({"job": "grade", "exercise": fields, "code": code, "consent": consent}, timeout)
        return Graded.from_data(result)

    def draw(self, generator: str, seed: int, timeout: float = DRAW_SECONDS) -> Drawn:
        """A computed item; the same seed gives the same values. `DeskError` if there is no such generator."""
        return Drawn.from_data(self._ask({"job": "draw", "generator": generator, "seed": seed}, timeout))

    def ping(self, timeout: float = DRAW_SECONDS) -> None:
        """`DeskError` unless the worker answers."""
        self._ask({"job": "ping"}, timeout)

    def close(self) -> None:
        """End the worker, and with it everything in its sandboxes."""
        with self._lock:
            self._closed = True
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def _current(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise DeskError("The quiz's worker was shut down. Restart the app.")
            if self._worker is None or not self._worker.alive:
                try:
                    self._worker = _Worker(self._command)
                except OSError as error:
                    raise DeskError(f"The quiz's worker cannot start: {error}. Restart the app.") from error
            return self._worker

    def _ask(self, job: Mapping[str, Any], timeout: float) -> Any:
        worker = self._current()
        if not worker.ready.wait(START_SECONDS):
            worker.kill()
            raise DeskError(
                "The quiz's worker is still not ready after 2 minutes. Close other programs; then try again."
            )
        try:
            return worker.ask(job).result(timeout)
        except TooLate as error:
            if job["job"] != "grade":  # other runs may be waiting before it; a draw that takes so long is stuck
                worker.kill()
            raise DeskError(f"No answer within {timeout:g} s. Try again; the machine may be busy.") from error


class _Worker:
    """One worker process, and the answers that are waited for."""

    def __init__(self, command: Sequence[str]) -> None:
        self.ready = threading.Event()
        self.alive = True
        self._was_ready = False
        self._lock = threading.Lock()
        self._numbers = count()
        self._waiting: dict[int, Future[Any]] = {}
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=_REPOSITORY,
            env=_environment(),
            process_group=0,  # Ctrl-C in the terminal is the server's alone
        )
        self.pid = self._process.pid
        self._said = threading.Thread(target=self._read_stderr, name="desk-stderr", daemon=True)
        self._answers = threading.Thread(target=self._read_answers, name="desk-answers", daemon=True)
        self._said.start()
        self._answers.start()

    def ask(self, job: Mapping[str, Any]) -> Future[Any]:
        """Send a job; its answer, or a `DeskError`, will be in the future."""
        answer: Future[Any] = Future()
        assert self._process.stdin is not None
        with self._lock:
            number = next(self._numbers)
            if not self.alive:
                answer.set_exception(self._lost())
                return answer
            self._waiting[number] = answer
            try:
                self._process.stdin.write(json.dumps({"id": number, **job}).encode() + b"\n")
                self._process.stdin.flush()
            except OSError as error:
                _log.info("the quiz's worker does not read any more, its end is on the way: %s", error)
        return answer

    def kill(self) -> None:
        """End it at once; what is waited for fails."""
        self._process.kill()

    def close(self) -> None:
        """Let it end by itself, which ends its sandboxes; kill it if it does not."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError as error:
            _log.debug("closing the pipe of a dead worker: %s", error)
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._answers.join(5.0)

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                message = json.loads(line)
                if "ready" in message:
                    self._was_ready = True
                    self.ready.set()
                    continue
                with self._lock:
                    answer = self._waiting.pop(message["id"], None)
                if answer is None:
                    continue
                if "result" in message:
                    answer.set_result(message["result"])
                else:
                    answer.set_exception(DeskError(message["error"]))
        self._process.wait()
        self._said.join(1.0)
        with self._lock:
            self.alive = False
            waiting, self._waiting = self._waiting, {}
            lost = self._lost()
        self.ready.set()  # so that nobody waits for it; `alive` says the rest
        for answer in waiting.values():
            answer.set_exception(lost)

    def _lost(self) -> DeskError:
        said = " / ".join(list(self._tail)[-3:])
        if not self._was_ready:
            return DeskError(
                f"The quiz's worker cannot start. It said: {said or 'nothing'}. The usual cause is torch and "
                "torchvision that do not match; the README's section on installing has the cure."
            )
        return DeskError(
            f"The quiz's worker ended unexpectedly (exit code {self._process.returncode}). Nothing you wrote is lost. "
            "Try again; if it keeps happening, the machine may be short of memory: close other programs."
        )

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._tail.append(line.decode(errors="replace").rstrip())
                _log.debug("the quiz's worker: %s", self._tail[-1])


def _environment() -> dict[str, str]:
    path = [str(_REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
