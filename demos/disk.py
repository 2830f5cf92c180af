"""Files in the user's directories: where caches lie, how they stay small, and writing so that nobody ever reads half a
file. No torch."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from platformdirs import user_cache_dir

STALE_SECONDS = 3600.0
"""A half-written file that old belonged to a process that was killed."""


def cache_folder(name: str) -> Path:
    """The folder of this cache: below `$TLI_CACHE_DIR`, or below the user's cache directory."""
    root = os.environ.get("TLI_CACHE_DIR") or user_cache_dir("transfer-learning-interview", appauthor=False)
    return Path(root) / name


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` fill a file beside `path`, then move it there: several processes may be at it, and the disk may be
    full. Raises `OSError`; then nothing is left behind. A process that is killed leaves its half file; it goes with a
    later write, after an hour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(path.parent)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as handle:
        temporary = Path(handle.name)
        try:
            write(handle)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    try:
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def trim(folder: Path, pattern: str, *, most_files: float = math.inf, most_bytes: float = math.inf) -> None:
    """Remove those files of `pattern` that were modified longest ago, until so many files and bytes are left.

    Several processes may be at it: what is gone already is no error, and what cannot be removed stays.
    """
    files = []
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):
            status = path.stat()
            files.append((status.st_mtime_ns, status.st_size, path))
    size = 0
    for place, (_, bytes_, path) in enumerate(sorted(files, reverse=True), start=1):
        size += bytes_
        if place > most_files or size > most_bytes:
            remove(path)


def remove(path: Path) -> None:
    """Remove a file of a cache if that is possible."""
    with contextlib.suppress(OSError):
        path.unlink()


def _remove_stale(folder: Path) -> None:
    """Remove what `write_whole` of a process that died left in this folder; other programs' `.part` files stay."""
    for path in folder.glob(f"{tempfile.gettempprefix()}*.part"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
