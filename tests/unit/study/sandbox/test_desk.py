"""The desk: jobs to a worker process and back, side by side, and a worker that dies is replaced."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from content.exercises import Exercise
from study import computed
from study.desk import Desk, DeskError
from study.sandbox.usage import tree
from tests.unit.study.sandbox.conftest import SOLUTION, require_sandbox

ECHO = """\
import json, os, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    if job.get("generator") == "die":
        os._exit(3)
    if job.get("generator") != "hang":
        print(json.dumps({"id": job["id"], "result": os.getpid()}), flush=True)
"""


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    require_sandbox()
    opened = Desk()
    opened.start()
    assert opened.wait_ready()
    yield opened
    opened.close()


@pytest.fixture
def echo() -> Iterator[Desk]:
    opened = Desk((sys.executable, "-c", ECHO))
    yield opened
    opened.close()


def test_it_grades(desk: Desk, exercise: Exercise) -> None:
    assert desk.grade(exercise, SOLUTION).passed
    wrong = desk.grade(exercise, exercise.wrong["wrong_a.py"])
    assert [(test.name, test.passed) for test in wrong.tests] == [("a vector", False), ("a matrix", False)]


@pytest.mark.skipif(os.name != "posix", reason="has no process groups")
def test_ctrl_c_in_the_terminal_does_not_reach_its_worker(echo: Desk) -> None:
    echo.start()
    pid = echo.pid()
    assert pid is not None and os.getpgid(pid) == pid  # a terminal signals its foreground group


@pytest.mark.parametrize("seed", [0, 1])
def test_it_answers_while_a_loop_that_does_not_end_is_graded(desk: Desk, exercise: Exercise, seed: int) -> None:
    errors: list[str] = []
    looping = threading.Thread(target=lambda: errors.append(desk.grade(exercise, "while True: pass").error))
    looping.start()
    time.sleep(1.0)
    started = time.monotonic()
    desk.ping(timeout=5)
    name = sorted(computed.names())[seed]
    drawn = desk.draw(name, seed, timeout=5)
    assert time.monotonic() - started < 5
    assert drawn == computed.draw(name, seed)
    with pytest.raises(DeskError, match="no-such-generator"):
        desk.draw("no-such-generator", seed, timeout=5)
    assert looping.is_alive()
    looping.join(20)
    assert errors == ["It took longer than 8 s and was stopped. Is there a loop that does not end?"]


def test_an_exercise_at_fault_is_named(desk: Desk, exercise: Exercise) -> None:
    broken = exercise.model_copy(update={"checks": "import nothing_like_it"})
    with pytest.raises(DeskError, match=r"checks\.py of 'scale' cannot be loaded"):
        desk.grade(broken, SOLUTION)


def test_a_killed_worker_is_replaced_and_leaves_nothing(desk: Desk, exercise: Exercise) -> None:
    pid = desk.pid()
    assert pid is not None
    members = tree(pid)
    assert len(members) > 1  # a sandbox is warm, or getting so
    os.kill(pid, 9)
    for _ in range(100):
        if not any(Path(f"/proc/{member}").exists() for member in members):
            break
        time.sleep(0.05)
    assert [member for member in members if Path(f"/proc/{member}").exists()] == []
    assert desk.grade(exercise, SOLUTION).passed
    assert desk.pid() not in (None, pid)


def test_a_worker_that_dies_fails_its_jobs_and_the_next_one_takes_over(echo: Desk) -> None:
    echo.ping()
    first = echo.pid()
    with pytest.raises(DeskError, match=r"ended unexpectedly \(exit code 3\)"):
        echo.draw("die", 0)
    echo.ping()
    assert echo.pid() not in (None, first)


def test_a_draw_that_hangs_is_given_up_and_the_worker_replaced(echo: Desk) -> None:
    echo.ping()
    first = echo.pid()
    with pytest.raises(DeskError, match=r"No answer within 0\.5 s"):
        echo.draw("hang", 0, timeout=0.5)
    for _ in range(100):
        if echo.pid() is None:
            break
        time.sleep(0.05)
    echo.ping()
    assert echo.pid() not in (None, first)


def test_a_worker_that_cannot_start_says_why() -> None:
    broken = Desk((sys.executable, "-c", "raise SystemExit('operator torchvision::nms does not exist')"))
    with pytest.raises(DeskError, match=r"cannot start\. It said: operator torchvision::nms does not exist\. .*README"):
        broken.ping()
    with pytest.raises(DeskError, match="cannot start"):
        Desk(("/no/such/program",)).ping()
    broken.close()


def test_a_closed_desk_has_no_worker(exercise: Exercise) -> None:
    closed = Desk((sys.executable, "-c", ECHO))
    closed.ping()
    closed.close()
    assert closed.pid() is None
    with pytest.raises(DeskError, match="Restart the app"):
        closed.ping()
