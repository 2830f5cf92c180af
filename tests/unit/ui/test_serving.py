"""What the server starts with."""

from __future__ import annotations

import logging
import platform
import subprocess
import sys

import pytest

from ui import services, serving


@pytest.mark.parametrize(("said", "workers"), [(None, True), ("yes", True), ("no", False), (" No ", False)])
def test_workers_start_with_the_server_unless_it_says_no(
    said: str | None, workers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(serving.WORKERS_VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(serving.WORKERS_VARIABLE, said)
    assert serving.workers_at_start() is workers


def test_anything_else_names_the_remedy(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv(serving.WORKERS_VARIABLE, "maybe")
    with caplog.at_level(logging.WARNING):
        assert serving.workers_at_start()
    assert "'maybe'; set it to yes or no" in caplog.text


@pytest.mark.parametrize("workers", [True, False])
def test_warming_up_touches_workers_only_if_they_are_wanted(workers: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Fake:
        def wait_ready(self) -> bool:
            asked.append("lab workers")
            return True

    monkeypatch.setattr(services, "store", lambda: None)
    monkeypatch.setattr(services, "search_index", lambda: None)
    monkeypatch.setattr(services, "runner", Fake)
    monkeypatch.setattr(services, "desk", lambda: asked.append("quiz's worker"))
    monkeypatch.setattr(serving.gc, "freeze", lambda: None)
    serving.warm_up(workers)
    assert asked == (["lab workers", "quiz's worker"] if workers else [])


LARGE_BLOCK_FREED = """
import psutil
from ui import serving

def megabytes():
    return psutil.Process().memory_full_info().uss / 2**20

{call}
before = megabytes()
bytearray(b"x") * (30 * 2**20)  # freed at once: from here on glibc would keep what is smaller
block = bytearray(b"x") * (20 * 2**20)
behind = [bytes(2000) for _ in range(100)]  # so that the block is not the last one
del block
print(megabytes() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc's")
@pytest.mark.parametrize(("call", "least", "most"), [("serving.return_large_blocks()", -1, 2), ("", 15, 25)])
def test_a_large_block_goes_back_to_the_system(call: str, least: float, most: float) -> None:
    done = subprocess.run([sys.executable, "-c", LARGE_BLOCK_FREED.format(call=call)], capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert least < float(done.stdout) < most


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(serving.ctypes, "CDLL", lambda _name: pytest.fail("not glibc"))
    serving.return_large_blocks()
