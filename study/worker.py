"""The desk's worker process, `python -m study worker`: grades exercises and draws computed items. Here lives torch.

In, as JSON lines: {"id", "job": "grade", "exercise" (its fields), "code", "consent"}, {"id", "job": "draw",
"generator", "seed"}, {"id", "job": "ping"}. Out: {"ready": true}; then, in whatever order they are done, {"id",
"result"}, or {"id", "error": message}. Jobs run side by side, and a submission that loops
for ever keeps no draw waiting. The process ends with its stdin.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, NoReturn

from content.exercises import Exercise
from study.sandbox import fence
from study.sandbox.pool import MOST_AT_ONCE, Pool, SandboxError

Message = dict[str, Any]

_log = logging.getLogger(__name__)


class Worker:
    """Answers jobs; `send` is called from several threads, one at a time."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._sending = threading.Lock()
        self._making = threading.Lock()
        self._pool: Pool | None = None
        self._threads = {
            "grade": ThreadPoolExecutor(MOST_AT_ONCE, "grade"),
            "draw": ThreadPoolExecutor(1, "draw"),
            "ping": ThreadPoolExecutor(1, "ping"),
        }
        self._jobs: dict[str, Callable[[Message], Any]] = {
            "grade": self._grade,
            "draw": _draw,
            "ping": lambda _: "pong",
        }

    def warm_up(self) -> None:
        """Start a sandbox, and import torch while it warms up."""
        if fence.fence_available():
            self._pool_for(consent=False).start()
        import torch

        torch.set_num_threads(1)
        importlib.import_module("study.exercises.grading")
        try:
            importlib.import_module("study.computed")
        except ImportError:  # the same error answers the draws, where it is seen
            _log.exception("computed items cannot be drawn")

    def accept(self, message: Message) -> None:
        """Answer `message` in another thread."""
        job = message.get("job")
        if job not in self._jobs:
            self._answer({"id": message.get("id"), "error": f"The worker knows no job '{job}'."})
            return
        self._threads[job].submit(self._do, message)

    def close(self) -> None:
        """End what runs in sandboxes."""
        if self._pool is not None:
            self._pool.close()

    def _do(self, message: Message) -> None:
        try:
            answer = {"id": message["id"], "result": self._jobs[message["job"]](message)}
        except SandboxError as error:
            answer = {"id": message["id"], "error": str(error)}
        except Exception as error:  # noqa: BLE001 - whatever a job raises becomes its answer
            _log.exception("job %s failed", message.get("job"))
            answer = {"id": message["id"], "error": f"{type(error).__name__}: {error}"}
        self._answer(answer)

    def _answer(self, answer: Message) -> None:
        with self._sending:
            self._send(answer)

    def _grade(self, message: Message) -> Message:
        from study.exercises.grading import grade

        exercise = Exercise.model_validate(message["exercise"])
        pool = self._pool_for(consent=bool(message.get("consent")))
        return grade(exercise, message["code"], pool).as_data()

    def _pool_for(self, *, consent: bool) -> Pool:
        """The pool. Consent is given for each run: without the fence, one run's does not count for the next."""
        with self._making:
            if self._pool is None or (self._pool.mode == "plain" and not consent):
                made = Pool(consent=consent)
                self._pool = self._pool or made
            return self._pool


def _draw(message: Message) -> Message:
    from study.computed import draw

    drawn: Message = draw(message["generator"], message["seed"]).as_data()
    return drawn


def main() -> NoReturn:
    """Serve jobs until stdin ends, which it does whenever the server is gone, however it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where Ctrl-C reaches us all the same (Windows), the server decides
    logging.basicConfig(level=logging.WARNING)
    lines, out = _private_pipes()

    def send(message: Message) -> None:
        try:
            out.write(json.dumps(message).encode() + b"\n")
            out.flush()
        except OSError as error:
            _log.info("the server is gone, and nobody is left to be told: %s", error)

    worker = Worker(send)
    worker.warm_up()
    send({"ready": True})
    for line in lines:
        worker.accept(json.loads(line))
    worker.close()
    os._exit(0)  # even in the middle of a draw


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the server. What libraries print goes to stderr, and nothing can read our jobs."""
    lines, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return lines, out
