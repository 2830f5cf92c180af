"""The process inside the fence. It runs one submission and holds no expected value, so nothing here is worth stealing.

This file, `wire.py` and `seccomp.py` are all that it sees of the project. Lines come on stdin and go to stdout (see
`wire`), both moved to private descriptors at once; what the submission prints goes to stderr. In: {"code", "drive",
"function"}, then a case {"case", "given"} at a time. Out: {"kind": "ready"}; {"kind": "loaded", "found"} or {"kind":
"failed", "error"}; and for each case {"kind": "report", "case", "report"} or {"kind": "failed", "case", "error"}.
"""

from __future__ import annotations

import os
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch

from study.sandbox import seccomp
from study.sandbox.wire import WireError, decode, encode

MEMORY_BYTES = 2_000_000_000
"""Address space beyond that of Python and torch. The watchdog outside looks at what is used of it."""
FILE_BYTES = 4_000_000
OPEN_FILES = 64
CPU_SECONDS = 30
"""Only a second line: the watchdog outside is earlier."""
FILE = "submission.py"

Drive = Callable[[types.ModuleType, dict[str, Any]], Any]


def main(path: list[str]) -> None:
    """Warm up, say so, and serve one submission until stdin ends. `path` is what `sys.path` becomes."""
    lines, out = _private_pipes()
    sys.path[:] = path
    if hasattr(os, "nice"):
        os.nice(5)  # the server has to stay responsive
    _warm_up()
    _confine()
    _send(out, {"kind": "ready"})
    handed_over = lines.readline()
    if not handed_over:
        return
    job = decode(handed_over)
    drive = module("drive", job["drive"], "drive.py").drive
    exit_code = 1
    try:
        _serve(job, drive, lines, out)
        exit_code = 0
    finally:
        # Not by way of Python's own ending: with torch it takes seconds, and after submissions that had cleared
        # sys.modules or closed our pipes it was seen to last beyond the limit of 8 s.
        _flush()
        os._exit(exit_code)


def _serve(job: dict[str, Any], drive: Drive, lines: BinaryIO, out: BinaryIO) -> None:
    try:
        submission = module("submission", job["code"], FILE)
    except BaseException as error:  # noqa: BLE001 - whatever a submission raises, SystemExit too, is its answer
        _send(out, {"kind": "failed", "error": described(error)})
        return
    _send(out, {"kind": "loaded", "found": callable(getattr(submission, job["function"], None))})
    while line := lines.readline():
        case = decode(line)
        _send(out, _answer(drive, submission, case))


def _flush() -> None:
    """What the submission printed is the learner's to read, also if it has put something of its own in the place."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # noqa: BLE001 - closed, or whatever the submission's own stream raises
            continue


def _answer(drive: Drive, submission: types.ModuleType, case: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"kind": "report", "case": case["case"], "report": drive(submission, case["given"])}
    except BaseException as error:  # noqa: BLE001 - as above
        return {"kind": "failed", "case": case["case"], "error": described(error)}


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """stdin and stdout on descriptors of their own. 0 is empty from now on, and 1 the same as 2."""
    lines, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    return lines, out


def _warm_up() -> None:
    """Pay for first calls before the submission does: an optimiser's first step takes 0.9 s."""
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    features = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Flatten())
    model = torch.nn.Sequential(features, torch.nn.Linear(72, 2))
    for optimiser in (torch.optim.SGD(model.parameters(), 0.1, momentum=0.9), torch.optim.AdamW(model.parameters())):
        torch.nn.functional.cross_entropy(model(torch.zeros(2, 1, 8, 8)), torch.tensor([0, 1])).backward()
        optimiser.step()
    os.environ.clear()
    for left in Path().iterdir():  # torch has made a folder for compiled code
        shutil.rmtree(left, ignore_errors=True)


def _confine() -> None:
    """Limits for good: no capability is left to raise them. Where one does not exist, the watchdog outside remains."""
    if sys.platform != "win32":
        import resource

        limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": FILE_BYTES, "RLIMIT_NOFILE": OPEN_FILES, "RLIMIT_CPU": CPU_SECONDS}
        if sys.platform == "linux":
            limits["RLIMIT_AS"] = _address_space() + MEMORY_BYTES
        for name, most in limits.items():
            resource.setrlimit(getattr(resource, name), (most, most))
    seccomp.install()


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")


def module(name: str, code: str, file: str) -> types.ModuleType:
    """The code as a module of this name. Raises whatever it raises."""
    module = types.ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module
    try:
        compiled = compile(code, file, "exec", dont_inherit=True)
    except ValueError as error:  # what Python before 3.11.4 says of a null character
        raise SyntaxError(str(error)) from None
    exec(compiled, module.__dict__)
    return module


def described(error: BaseException) -> dict[str, Any]:
    """Type, message, and the line of the submission that was being run, if any."""
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == FILE else None
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == FILE:
            line = step.tb_lineno
        step = step.tb_next
    try:
        message = str(error.msg if isinstance(error, SyntaxError) else error)[:1000]
    except BaseException as worse:  # noqa: BLE001 - an exception of the submission may not be printable
        message = f"(its message cannot be shown: {type(worse).__name__})"
    return {
        "type": type(error).__name__[:100],
        "message": message,
        "line": line,
        "errno": getattr(error, "errno", None),
    }


def _send(out: BinaryIO, message: dict[str, Any]) -> None:
    try:
        line = encode(message)
    except WireError as error:
        failed = {"type": "WireError", "message": str(error), "line": None, "errno": None}
        line = encode({"kind": "failed", "case": message.get("case"), "error": failed})
    out.write(line)
    out.flush()
