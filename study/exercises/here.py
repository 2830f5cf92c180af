"""Running a solution in this very process: for the deck author's own, which are many and known not to be hostile.

A sandbox is used once and takes two seconds to warm up; a deck has over a hundred wrong solutions. Nothing of a
learner's ever runs here.
"""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Sequence
from typing import Any

import torch

from study.sandbox.inside import described, module
from study.sandbox.pool import Answer, Raised, Transcript
from study.sandbox.process import Limits
from study.sandbox.wire import Plain, WireError, decode, encode


class Here:
    """Takes the place of a `Pool`. What is given and reported crosses the same wire; nothing is limited."""

    limits = Limits()
    _lock = threading.Lock()

    def run(self, code: str, drive: str, function: str, cases: Sequence[dict[str, Plain]]) -> Transcript:
        """Load `code`, then `drive` it with one case after the other."""
        # One at a time: modules have names, and torch has modes, that belong to the process.
        with self._lock, torch.enable_grad(), contextlib.redirect_stdout(io.StringIO()) as printed:
            started = time.monotonic()
            transcript = self._run(code, drive, function, cases)
            transcript.seconds = time.monotonic() - started
        transcript.printed = printed.getvalue()
        return transcript

    def _run(self, code: str, drive: str, function: str, cases: Sequence[dict[str, Plain]]) -> Transcript:
        driver = module("drive", drive, "drive.py").drive
        try:
            submission = module("submission", code, "submission.py")
        except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
            return Transcript(not_loaded=Raised(**described(error)))
        if not callable(getattr(submission, function, None)):
            return Transcript(missing=True)
        return Transcript(answers=[self._answer(driver, submission, given) for given in cases])

    @staticmethod
    def _answer(driver: Any, submission: Any, given: dict[str, Plain]) -> Answer:
        try:
            return Answer(report=decode(encode(driver(submission, decode(encode(given))))))
        except WireError as error:
            return Answer(raised=Raised("WireError", str(error)))
        except Exception as error:  # noqa: BLE001 - as above
            return Answer(raised=Raised(**described(error)))
