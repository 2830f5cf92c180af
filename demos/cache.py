"""Finished runs on disk: a permalink replays at once. One gzipped JSON-lines file per (lab, config, versions)."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from platformdirs import user_cache_dir

from demos import disk

DIRECTORY_VARIABLE = "TLI_CACHE_DIR"
MOST_RUNS = 500
LIBRARIES = ("numpy", "torch")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunKey:
    """What makes two runs the same run. `config` is every dial, as plain data; `code` and `libraries` are versions."""

    lab: str
    config: Mapping[str, Any]
    code: str
    libraries: Mapping[str, str]

    def text(self) -> str:
        """The key as canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """A finished run. `frames` in the order of their arrival; `computed_at` with its time zone."""

    frames: Sequence[Mapping[str, Any]]
    seconds: float
    first_frame_seconds: float
    versions: Mapping[str, str]
    computed_at: datetime


def libraries() -> dict[str, str]:
    """The installed versions of what a run computes with, read from their packages' metadata (about 3 ms, no import).

    Read each time: an upgrade counts at once, also for a server that runs on. A package that is missing has none.
    """
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def default_directory() -> Path:
    """Where finished runs are kept: `$TLI_CACHE_DIR`, or `runs` in the user's cache directory."""
    chosen = os.environ.get(DIRECTORY_VARIABLE)
    return Path(chosen) if chosen else Path(user_cache_dir("transfer-learning-interview")) / "runs"


class RunCache:
    """A directory with at most `most_runs` finished runs, the newest ones. Losing it loses nothing but time."""

    def __init__(self, directory: Path | None = None, most_runs: int = MOST_RUNS) -> None:
        self.directory = directory if directory is not None else default_directory()
        self._most_runs = most_runs

    def load(self, key: RunKey) -> StoredRun | None:
        """The run of this key, or None. A file that cannot be understood is removed, and counts as absent."""
        path = self._path(key)
        try:
            with gzip.open(path, "rt", encoding="utf-8") as stream:
                head, *frames = [json.loads(line) for line in stream]
            if len(frames) != head["frames"] or head["key"] != key.text():
                raise ValueError("incomplete, or of another run")
            return StoredRun(
                frames=frames,
                seconds=head["seconds"],
                first_frame_seconds=head["first_frame_seconds"],
                versions=head["versions"],
                computed_at=datetime.fromisoformat(head["computed_at"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error) as error:
            _log.warning("kept run %s is not readable and will be computed again: %s", path, error)
            self.forget(key)
            return None

    def save(self, key: RunKey, run: StoredRun) -> None:
        """Keep `run`. A full or read-only disk is logged; the run itself does not suffer."""
        head = {
            "key": key.text(),
            "frames": len(run.frames),
            "seconds": run.seconds,
            "first_frame_seconds": run.first_frame_seconds,
            "versions": dict(run.versions),
            "computed_at": run.computed_at.isoformat(),
        }
        try:
            disk.write_whole(self._path(key), lambda raw: _write_lines(raw, [head, *run.frames]))
            disk.trim(self.directory, "*.jsonl.gz", most_files=self._most_runs)
        except OSError as error:
            _log.warning("the run could not be kept in %s: %s", self.directory, error)

    def forget(self, key: RunKey) -> None:
        """Remove the run of this key, if it is there."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            _log.warning("kept run %s could not be removed: %s", self._path(key), error)

    def _path(self, key: RunKey) -> Path:
        return self.directory / f"{key.lab}-{hashlib.sha256(key.text().encode()).hexdigest()[:24]}.jsonl.gz"


def _write_lines(raw: IO[bytes], lines: Sequence[Mapping[str, Any]]) -> None:
    """One gzipped JSON line each."""
    with gzip.open(raw, "wt", compresslevel=5, encoding="utf-8") as stream:
        stream.writelines(json.dumps(line, allow_nan=False) + "\n" for line in lines)
