"""Caches on disk: they stay small, and leave other programs' files alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from demos import disk


def aged(path: Path, seconds: float, size: int = 10) -> Path:
    """A file that was modified so long ago."""
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - seconds,) * 2)
    return path


def test_what_was_modified_longest_ago_goes_first(tmp_path: Path) -> None:
    files = [aged(tmp_path / f"{age}.npy", age) for age in (50, 10, 40, 20, 30)]
    other = aged(tmp_path / "other.txt", 1000)
    disk.trim(tmp_path, "*.npy", most_files=4)
    assert {path.stem for path in files if path.exists()} == {"10", "20", "30", "40"}
    disk.trim(tmp_path, "*.npy", most_bytes=25)
    assert {path.stem for path in files if path.exists()} == {"10", "20"}
    disk.trim(tmp_path, "*.npy")
    disk.trim(tmp_path / "not there", "*.npy", most_files=0)
    assert len(list(tmp_path.glob("*.npy"))) == 2 and other.exists()


def test_a_file_that_another_process_removes_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept, old = (aged(tmp_path / f"{age}.npy", age) for age in (5, 10, 20))
    stat = Path.stat

    def removed_first(path: Path, **more: bool) -> os.stat_result:
        if path.name == gone.name:
            gone.unlink(missing_ok=True)
        return stat(path, **more)

    monkeypatch.setattr(Path, "stat", removed_first)
    disk.trim(tmp_path, "*.npy", most_files=1)
    assert [path.exists() for path in (kept, old)] == [True, False]


def test_half_files_of_dead_processes_go_after_an_hour(tmp_path: Path) -> None:
    dead, writing = aged(tmp_path / "tmpab12cd_4.part", 3700), aged(tmp_path / "tmpab12cd_5.part", 3500)
    foreign = aged(tmp_path / "film.mkv.part", 10_000)  # TLI_CACHE_DIR may be any folder
    disk.write_whole(tmp_path / "whole", lambda handle: handle.write(b"all"))
    assert (tmp_path / "whole").read_bytes() == b"all"
    assert [path.exists() for path in (dead, writing, foreign)] == [False, True, True]


def test_a_process_that_is_killed_leaves_what_is_recognised_later(tmp_path: Path) -> None:
    def killed(handle: object) -> None:
        (half,) = tmp_path.iterdir()
        (tmp_path / "seen").write_text(half.name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        disk.write_whole(tmp_path / "whole", killed)
    name = (tmp_path / "seen").read_text()
    aged(tmp_path / name, 3700)
    disk.write_whole(tmp_path / "other", lambda handle: handle.write(b"all"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "seen"]
