"""Finished runs on disk: what goes in comes out, and what is broken counts as absent."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from demos.cache import RunCache, RunKey, StoredRun, default_directory, libraries

KEY = RunKey(lab="toy", config={"seed": 0, "gain": 0.1}, code="abc", libraries={"numpy": "2", "torch": "2"})
RUN = StoredRun(
    frames=[{"arm": "a", "value": 0.1 + 0.2}, {"arm": "b", "value": 1e-300}],
    seconds=1.25,
    first_frame_seconds=0.1,
    versions={"torch": "2"},
    computed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


def _file(cache: RunCache) -> Path:
    (file,) = cache.directory.iterdir()
    return file


def test_what_is_saved_is_loaded_exactly(tmp_path: Path) -> None:
    cache = RunCache(tmp_path / "new" / "folder")
    assert cache.load(KEY) is None
    cache.save(KEY, RUN)
    assert cache.load(KEY) == RUN
    assert [path.name for path in cache.directory.iterdir()] == [_file(cache).name]  # no half-written file is left


@pytest.mark.parametrize(
    "change",
    [
        {"lab": "other"},
        {"config": {"seed": 1, "gain": 0.1}},
        {"code": "abd"},
        {"libraries": {"numpy": "2", "torch": "3"}},
    ],
)
def test_another_lab_config_code_or_library_is_another_run(tmp_path: Path, change: dict[str, object]) -> None:
    cache = RunCache(tmp_path)
    cache.save(KEY, RUN)
    assert cache.load(replace(KEY, **change)) is None  # type: ignore[arg-type]


def test_libraries_are_those_that_compute() -> None:
    found = libraries()
    assert found["numpy"] == np.__version__
    assert found["torch"].partition("+")[0] == torch.__version__.partition("+")[0]


def test_a_library_that_is_missing_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demos.cache.LIBRARIES", ("no-such-package-here",))
    assert libraries() == {"no-such-package-here": ""}


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(bytes(data))


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _other_json(file: Path) -> None:
    file.write_bytes(gzip.compress(b"[1, 2]\n"))


def _lost_frame(file: Path) -> None:
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    file.write_bytes(gzip.compress(b"".join(lines[:-1])))


@pytest.mark.parametrize("damage", [_truncate, _flip, _empty, _other_json, _lost_frame])
def test_a_damaged_file_counts_as_absent_and_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: object
) -> None:
    cache = RunCache(tmp_path)
    cache.save(KEY, RUN)
    damage(_file(cache))  # type: ignore[operator]
    assert cache.load(KEY) is None
    assert not list(tmp_path.iterdir())
    assert "will be computed again" in caplog.text


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    cache = RunCache(tmp_path, most_runs=3)
    keys = [replace(KEY, code=str(number)) for number in range(5)]
    for age, key in enumerate(keys):
        cache.save(key, RUN)
        newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (age, age))
    cache.save(KEY, RUN)
    assert [cache.load(key) is not None for key in keys] == [False, False, False, True, True]
    assert cache.load(KEY) is not None


def test_a_folder_that_cannot_be_made_is_logged_and_harmless(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = RunCache(tmp_path / "file")
    cache.save(KEY, RUN)
    assert "could not be kept" in caplog.text
    assert cache.load(KEY) is None


def test_the_environment_chooses_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLI_CACHE_DIR", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.delenv("TLI_CACHE_DIR")
    assert default_directory().parts[-2:] == ("transfer-learning-interview", "runs")
