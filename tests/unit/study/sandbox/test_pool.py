"""Warm sandboxes: one run each, nothing outlives it, two at once, and a plain process only with consent."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from study.sandbox import fence
from study.sandbox.pool import Pool, SandboxError
from study.sandbox.process import Limits
from study.sandbox.usage import tree, usage
from tests.unit.study.sandbox.conftest import require_sandbox

ECHO = "def drive(submission, given): return submission.f(given)"


@pytest.fixture
def no_fence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fence, "why_no_fence", lambda: "bubblewrap is not installed")
    yield


def test_a_warm_run_answers_in_under_three_seconds_and_the_clock_is_its_own(pool: Pool) -> None:
    assert pool.wait_ready()
    started = time.monotonic()
    transcript = pool.run("def f(x): return x['n'] + 1", ECHO, "f", [{"n": 1}, {"n": 41}])
    assert time.monotonic() - started < 3
    assert [answer.report for answer in transcript.answers] == [2, 42]
    assert transcript.stopped is None
    assert 0 < transcript.seconds < 3


def test_nothing_outlives_a_run(pool: Pool) -> None:
    code = (
        "import os, torch\nseen = os.listdir('.') + [str(hasattr(torch, 'mark'))]\n"
        "def f(x):\n    open('mark', 'w').write('1'); torch.mark = 1\n    return seen"
    )
    for _ in range(3):
        assert pool.run(code, ECHO, "f", [{}]).answers[0].report == ["False"]


def test_prints_come_back_but_are_no_answer(pool: Pool) -> None:
    transcript = pool.run("import sys\nprint('one')\ndef f(x): print('two', file=sys.stderr)", ECHO, "f", [{}])
    assert transcript.printed == "one\ntwo\n"
    assert transcript.answers[0].report is None


def test_one_that_closes_the_way_back_ends_without_our_own_traceback(pool: Pool) -> None:
    transcript = pool.run("import os\nprint('one')\ndef f(x): os.closerange(3, 64)", ECHO, "f", [{}])
    assert (transcript.stopped, transcript.exit_code) == ("ended", 1)
    assert transcript.printed == "one\n"


def test_the_submission_sees_one_case_at_a_time_and_in_order(pool: Pool) -> None:
    code = "seen = []\ndef f(x):\n    seen.append(x['n'])\n    return list(seen)"
    transcript = pool.run(code, ECHO, "f", [{"n": 3}, {"n": 1}, {"n": 2}])
    assert [answer.report for answer in transcript.answers] == [[3], [3, 1], [3, 1, 2]]


def test_two_run_at_once_and_the_third_waits(pool: Pool) -> None:
    ends: list[float] = []

    def run() -> None:
        transcript = pool.run("import time\ndef f(x): time.sleep(1.5); return 'done'", ECHO, "f", [{}])
        assert transcript.answers[0].report == "done"
        ends.append(time.monotonic())

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 3
    assert max(ends) - min(ends) > 1.0


def test_everything_is_mounted_read_only_but_the_folder_to_work_in(pool: Pool) -> None:
    code = "def f(x): return [line.split()[4:6] for line in open('/proc/self/mountinfo')]"
    mounts = pool.run(code, ECHO, "f", [{}]).answers[0].report
    writable = {where for where, options in mounts if "ro" not in options.split(",")}
    assert writable == {"/scratch", "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"}
    assert {"/", "/proc", "/dev"} <= {where for where, _ in mounts}


def test_a_sandbox_that_is_killed_while_warm_is_replaced(pool: Pool) -> None:
    assert pool.wait_ready()
    killed = pool.pids()
    for pid in killed:
        os.kill(pid, 9)
    time.sleep(0.2)
    assert not set(killed) & set(pool.pids())
    assert pool.run("def f(x): return 7", ECHO, "f", [{}]).answers[0].report == 7


def test_close_leaves_no_process_and_ends_what_runs() -> None:
    require_sandbox()
    opened = Pool(warm=1)
    assert opened.wait_ready()
    stopped: list[str | None] = []
    looping = threading.Thread(target=lambda: stopped.append(opened.run("while True: pass", ECHO, "f", [{}]).stopped))
    pids = opened.pids()
    looping.start()
    time.sleep(0.5)
    pids += opened.pids()
    members = [member for pid in pids for member in tree(pid)]
    opened.close()
    looping.join(10)
    assert stopped == ["closed"]
    assert members
    for _ in range(100):
        if not any(Path(f"/proc/{member}").exists() for member in members):
            break
        time.sleep(0.05)
    assert [member for member in members if Path(f"/proc/{member}").exists()] == []
    with pytest.raises(SandboxError, match="shut down"):
        opened.run("", ECHO, "f", [{}])


def test_other_limits_hold_and_are_named() -> None:
    require_sandbox()
    with Pool(limits=Limits(seconds=0.5)) as short:
        transcript = short.run("while True: pass", ECHO, "f", [{}])
    assert transcript.stopped == "time"
    assert 0.4 < transcript.seconds < 5


def test_without_the_fence_nothing_runs_unasked(no_fence: None) -> None:
    with pytest.raises(SandboxError, match="bubblewrap is not installed"):
        Pool()


def test_with_consent_a_plain_process_has_the_same_limits_and_an_empty_folder(no_fence: None) -> None:
    with Pool(consent=True, limits=Limits(seconds=4)) as plain:
        assert plain.mode == "plain"
        where = plain.run(
            "import os\ndef f(x): return [os.getcwd(), os.listdir('.'), dict(os.environ)]", ECHO, "f", [{}]
        )
        folder, listing, environment = where.answers[0].report
        assert listing == []
        assert environment == {}
        assert not Path(folder).exists()  # gone with the run
        assert plain.run("def f(x):\n    while True: pass", ECHO, "f", [{}]).stopped == "time"
        forked = plain.run("import os\ndef f(x): os.fork()", ECHO, "f", [{}]).answers[0].raised
        assert forked is not None
        assert forked.type == "PermissionError"
        huge = plain.run("import torch\ndef f(x): torch.empty(25_000_000_000)", ECHO, "f", [{}]).answers[0].raised
        assert huge is not None
        assert "memory" in huge.message


def test_a_sandbox_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, no_fence: None) -> None:
    monkeypatch.setattr(fence, "BOOT", "raise SystemExit('no torch here')")
    with Pool(consent=True) as broken, pytest.raises(SandboxError, match="no torch here"):
        broken.run("def f(x): return 1", ECHO, "f", [{}])


THREADED = """\
import threading, time
ballast = b"x" * 50_000_000
for _ in range(5): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("ready", flush=True)
time.sleep(60)
"""


def test_usage_counts_memory_and_threads_of_a_process_and_its_children() -> None:
    starter = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    with subprocess.Popen([sys.executable, "-c", starter, THREADED], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        members = tree(process.pid)
        used = usage(process.pid)
        os.kill(members[1], 9)
    assert len(members) == 2
    assert used.tasks == 1 + 6
    assert 50_000_000 < used.resident_bytes < 150_000_000
    assert usage(process.pid).tasks == 0
