"""What the learner reads about a submission that did not do what it should. Imports no torch."""

from __future__ import annotations

import errno

from study.sandbox.pool import Raised, Transcript
from study.sandbox.process import Limits

NOT_RUN = "Not run: the code was stopped before."
_NEEDED_MEMORY = ("not enough memory", "Cannot allocate memory", "can't allocate memory", "bad_alloc")
_TOO_MUCH_MEMORY = f"more memory than there is for it ({Limits().memory_bytes / 1e9:g} GB)"
_FORBIDDEN = "In here a submission cannot start processes, open sockets, or reach into others."
_READ_ONLY = "Files cannot be written in here, except small ones in the working directory."
_NO_FILES = "In here there are only Python, torch and an empty working directory."


def what_stopped(transcript: Transcript, function: str, code: str, limits: Limits) -> str:
    """Why cases were left unanswered; "" if none was."""
    if transcript.not_loaded is not None:
        return raised(transcript.not_loaded, code)
    if transcript.missing:
        return f"The code does not define “{function}”. Define it under exactly this name, at the top level."
    return {
        None: "",
        "time": f"It took longer than {limits.seconds:g} s and was stopped. Is there a loop that does not end?",
        "memory": f"It took {_TOO_MUCH_MEMORY} and was stopped.",
        "tasks": f"It started more than {limits.tasks} threads or processes and was stopped.",
        "printed": f"It printed more than {limits.printed_bytes // 1000} kB and was stopped. Print a few numbers only.",
        "answers": "It gave back far more data than any test asks for, and was stopped.",
        "channel": "Something other than the tests' answers was written to where these go. Nothing of it counts: "
        "only what your function does is looked at.",
        "ended": f"Python ended before it had answered ({_exit(transcript.exit_code)}). A function answers by "
        "returning: leave out os._exit and signals, and look for what can crash Python itself.",
        "closed": "The sandbox was shut down while this ran. Run it again.",
    }[transcript.stopped]


def raised(error: Raised, code: str) -> str:
    """An exception of the submission: type, message, line, and what to make of it."""
    if error.type == "WireError":
        return f"What your function gave back cannot be judged: {error.message}."
    where = _line(error.line, code)
    if error.type in ("SyntaxError", "IndentationError", "TabError"):
        return f"Python cannot read the code{where}: {error.message}. Mend this line, or the one before it."
    said = f"{error.type}: {error.message.rstrip('.')}" if error.message else error.type
    where = where or " (in the test that called your code, with what it gave back)"
    return f"{said}{where}. {_remedy(error)}".rstrip()


def unreadable(error: Exception) -> str:
    """A report that the check could not even read."""
    return (
        f"What your function gave back has not the form that is asked for ({type(error).__name__}: {str(error)[:200]})."
    )


def too_long(length: int, most: int) -> str:
    """Code beyond what is run."""
    return f"The code has {length} characters; at most {most} are run."


def _line(line: int | None, code: str) -> str:
    lines = code.splitlines()
    if line is None:
        return ""
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return f" (line {line}: “{text[:100]}”)" if text else f" (line {line})"


def _remedy(error: Raised) -> str:
    if error.type == "MemoryError" or any(text in error.message for text in _NEEDED_MEMORY):
        return f"It asked for {_TOO_MUCH_MEMORY}."
    if error.errno in (errno.EROFS, errno.ENOSPC, errno.EFBIG):
        return _READ_ONLY
    if error.errno == errno.EACCES:  # who is not root meets the kernel's own rules before the fence's
        return f"{_FORBIDDEN} {_READ_ONLY}"
    if error.errno == errno.EPERM or f"[Errno {errno.EPERM}]" in error.message:
        return _FORBIDDEN
    if error.errno == errno.ENOENT:
        return _NO_FILES
    return {
        "SystemExit": "Your code ended Python (sys.exit, exit or quit). A function answers by returning.",
        "KeyboardInterrupt": "Your code raised it itself.",
        "RecursionError": "The function calls itself without end.",
        "ModuleNotFoundError": "In here there are Python's own modules, torch, and what is installed with it.",
    }.get(error.type, "")


def _exit(code: int | None) -> str:
    """bubblewrap reports a signal as 128 and its number, Python as its negative."""
    if code is None:
        return "no exit code"
    if code < 0 or code > 128:
        return f"signal {-code if code < 0 else code - 128}"
    return f"exit code {code}"
