"""Files in the user's directories: where caches lie, and writing so that nobody ever reads half a file. No torch."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from platformdirs import user_cache_dir


def cache_folder(name: str) -> Path:
    """The folder of this cache: below `$TLI_CACHE_DIR`, or below the user's cache directory."""
    root = os.environ.get("TLI_CACHE_DIR") or user_cache_dir("transfer-learning-interview", appauthor=False)
    return Path(root) / name


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` fill a file beside `path`, then move it there: several processes may be at it, and the disk may be
    full. Raises `OSError`; then nothing is left behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
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
