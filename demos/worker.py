"""The worker process, `python -m demos worker [LAB ...]`: jobs in, frames out, as JSON lines. Here lives torch.

In: {"job", "lab", "config", "replicate"}, or {"cancel": job}, which is looked at between two frames. Out: {"kind":
"ready", "versions", "code"}, then per job {"kind": "frame", "job", "frame"} ... and at last one of {"kind": "done",
"job"}, {"kind": "cancelled", "job"} and {"kind": "error", "job", "message", "traceback"}.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import platform
import queue
import signal
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NoReturn

from demos import catalogue
from demos.base import Frame

NICENESS = 5
"""Experiments give way to the server, which has to stay responsive."""


@dataclass
class _Inbox:
    """What the server wants. One job at a time is sent, so that one cancelled job is enough to remember."""

    jobs: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)
    cancelled: str = ""


def main(warm_for: Sequence[str] = ()) -> NoReturn:
    """Serve jobs until stdin ends, which it does whenever the server is gone, however it went.

    It gets ready for the labs in `warm_for`, all if there are none, before it says so.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where Ctrl-C reaches us all the same (Windows), the server decides
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    commands, out = _private_pipes()
    inbox = _Inbox()
    threading.Thread(target=_listen, args=(commands, inbox), daemon=True).start()
    code = {name: catalogue.code_version(name) for name in catalogue.labs()}  # before the import of what it stands for
    versions = _warm_up(warm_for or list(code))
    _send(out, {"kind": "ready", "versions": versions, "code": code})
    while True:
        _answer(inbox.jobs.get(), inbox, out)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the server. What libraries print goes to stderr, and nothing can read our commands."""
    commands, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands, out


def _listen(commands: BinaryIO, inbox: _Inbox) -> None:
    for line in commands:
        message = json.loads(line)
        if "cancel" in message:
            inbox.cancelled = message["cancel"]
        else:
            inbox.jobs.put(message)
    os._exit(0)  # even in the middle of a computation: nobody is left to see the result


def _warm_up(labs: Sequence[str]) -> dict[str, str]:
    """Pay for imports and first calls before the first job does."""
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.Flatten(), torch.nn.Linear(144, 2))
    loss = model(torch.zeros(2, 1, 8, 8)).sum()
    loss.backward()
    torch.optim.AdamW(model.parameters()).step()
    for name in labs:
        _warm_lab(name)
    import numpy

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "threads": str(torch.get_num_threads()),
    }


def _warm_lab(name: str) -> None:
    """Import the lab's experiment and let it load its data. One broken lab leaves the others usable."""
    try:
        experiment = importlib.import_module(f"demos.{name}.experiment")
        warm = getattr(experiment, "warm", None)
        if warm is not None:
            warm()
    except Exception:  # noqa: BLE001 - the same error answers the lab's jobs, where it is seen
        traceback.print_exc()


def _answer(job: dict[str, Any], inbox: _Inbox, out: BinaryIO) -> None:
    try:
        config = catalogue.lab(job["lab"]).config.model_validate(job["config"])
        experiment = importlib.import_module(f"demos.{job['lab']}.experiment")
        for frame in experiment.run(config, job["replicate"]):
            if inbox.cancelled == job["job"]:
                _send(out, {"kind": "cancelled", "job": job["job"]})
                return
            _write(out, _line(job["job"], frame))
    except Exception as error:  # noqa: BLE001 - whatever an experiment raises becomes its answer
        message = f"The experiment failed in replicate {job['replicate']}: {type(error).__name__}: {error}"
        shortened = traceback.format_exc(limit=-6)
        _send(out, {"kind": "error", "job": job["job"], "message": message, "traceback": shortened})
    else:
        _send(out, {"kind": "done", "job": job["job"]})


def _line(job_id: str, frame: Frame) -> bytes:
    """The frame as a JSON line. Raises `ValueError` for NaN or infinity, which JSON does not have."""
    data = frame.model_dump(mode="json")
    try:
        return json.dumps({"kind": "frame", "job": job_id, "frame": data}, allow_nan=False).encode() + b"\n"
    except ValueError as error:
        bad = ", ".join(name for name, value in data.items() if not _finite(value))
        raise ValueError(
            f"{bad} of arm {frame.arm!r} is not a finite number at step {frame.step} of {frame.steps}. "
            "Training has probably diverged: a smaller learning rate helps."
        ) from error


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(map(_finite, value))
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return True


def _send(out: BinaryIO, message: dict[str, Any]) -> None:
    _write(out, json.dumps(message).encode() + b"\n")


def _write(out: BinaryIO, line: bytes) -> None:
    try:
        out.write(line)
        out.flush()
    except OSError:
        os._exit(0)  # the server is gone, and nobody is left to be told
