"""What a process and its descendants use, from Linux's /proc (proc(5)). Elsewhere nothing is known; rlimits remain."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """Resident memory and the number of threads, over all processes of a tree."""

    resident_bytes: int = 0
    tasks: int = 0


def usage(pid: int) -> Usage:
    """Of `pid` and all its descendants; nothing if it has ended, or where there is no /proc."""
    pages, tasks = 0, 0
    for member in tree(pid):
        try:
            pages += int((_PROC / str(member) / "statm").read_text(encoding="ascii").split()[1])
            tasks += len(os.listdir(_PROC / str(member) / "task"))  # noqa: PTH208 - a third of the time
        except (OSError, IndexError):
            continue  # it has just ended
    return Usage(pages * os.sysconf("SC_PAGE_SIZE") if pages else 0, tasks)


def tree(pid: int) -> list[int]:
    """`pid` and its descendants, parents first."""
    found = [pid]
    for member in found:
        found += _children(member)
    return found


def _children(pid: int) -> list[int]:
    """Those of all its threads: a thread of Python's may have started some."""
    children: list[int] = []
    try:
        threads = os.listdir(_PROC / str(pid) / "task")  # noqa: PTH208
    except OSError:
        return []
    for thread in threads:
        try:
            children += map(int, (_PROC / str(pid) / "task" / thread / "children").read_text(encoding="ascii").split())
        except OSError:
            continue  # the thread has just ended
    return children
