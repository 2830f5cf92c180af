"""Writing a file whole or not at all, and what export and import complain of."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import BinaryIO


class ExportError(RuntimeError):
    """A file cannot be written or used. The message names it and the remedy; nothing was changed."""


class ChoiceNeededError(ExportError):
    """There is a history already, and nobody said whether to replace it or to merge with it."""


def write_whole(file: Path, content: bytes) -> None:
    """Write `content` to `file`, synced to disk; whoever looks meanwhile sees the old file or the new one.

    ExportError if it cannot be written.
    """
    try:
        handle, draft_name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise _unwritable(file, error) from error
    draft = Path(draft_name)
    try:
        with os.fdopen(handle, "wb") as stream:
            _write(stream, content)
        draft.chmod(0o666 & ~_umask())  # mkstemp lets nobody else read it
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _unwritable(file, error) from error


def write_new(file: Path, content: bytes) -> None:
    """Write `content` to a `file` that must not exist yet, synced to disk.

    FileExistsError if it does; ExportError, leaving nothing, if it cannot be written.
    """
    try:
        stream = file.open("xb")
    except FileExistsError:
        raise
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        with stream:
            _write(stream, content)
    except OSError as error:
        file.unlink(missing_ok=True)
        raise _unwritable(file, error) from error


def _write(stream: BinaryIO, content: bytes) -> None:
    stream.write(content)
    stream.flush()
    os.fsync(stream.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(file: Path, error: OSError) -> ExportError:
    return ExportError(
        f"{file} cannot be written: {error.strerror or error}. Name a file in a folder that exists and is yours."
    )
