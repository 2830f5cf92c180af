"""Worker processes: how they die, what is said about it, and that none is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import demos
from demos import catalogue
from demos.cache import RunCache
from demos.pool import Answer, Done, Failed, FrameAnswer, Job, WorkerPool
from demos.process import WorkerProcess
from demos.runner import Run, Runner
from tests.unit.demos.conftest import REPOSITORY, alive
from tests.unit.demos.test_runner import LONG, Toy, wait_until

LIGHT_WORKER = (
    sys.executable,
    "-c",
    "import sys, time; time.sleep(float(sys.argv[1]));"
    "from demos import worker; worker._warm_up = lambda labs: {}; worker.main()",
)
"""The worker itself, but without torch, so that it starts at once, or after so many seconds (one more argument)."""


@pytest.fixture
def light(toy_labs: Path) -> Iterator[WorkerPool]:
    """Two light workers and no spare."""
    pool = WorkerPool(2, 0, command=[*LIGHT_WORKER, "0"])
    pool.start()
    assert pool.wait_ready(20)
    yield pool
    pool.close()


def test_a_worker_killed_from_outside_fails_its_run_and_the_next_one_works(warm: Runner, toy: Toy) -> None:
    run = warm.submit("toy", toy(**LONG))
    wait_until(lambda: run.frames)
    psutil.Process(run.frames[-1].pid).kill()
    assert run.wait(2.0) and run.state == "failed"
    assert run.error is not None and run.error.startswith("A worker process ended unexpectedly (")
    assert "Nothing you did is lost. Press Run again." in run.error
    if os.name == "posix":
        assert "(signal 9, SIGKILL)" in run.error
    following = warm.submit("toy", toy())
    assert following.wait(20) and following.state == "finished"


def test_a_message_to_a_worker_that_is_dead_is_no_error() -> None:
    gone: list[WorkerProcess] = []
    process = WorkerProcess(lambda _worker, _message: None, gone.append, [sys.executable, "-c", "input()"])
    process.listen()
    process.kill()
    process.join(10)
    assert gone == [process]
    process.send({"cancel": "any"})


def test_two_workers_that_die_at_once_leave_nothing_behind(light: WorkerPool, toy: Toy, tmp_path: Path) -> None:
    ended: list[Run] = []
    runner = Runner(pool=light, cache=RunCache(tmp_path), on_end=ended.append)
    for _ in range(4):  # which of the two is noticed first, and when, is chance
        assert light.wait_ready(20)
        run = runner.submit("toy", toy(**LONG))
        wait_until(lambda run=run: len({frame.pid for frame in run.frames}) == 2)  # type: ignore[misc]
        with light._changed:  # nobody notices before both are known to be dead
            for worker in light._workers.values():
                worker.process.kill()
            for worker in light._workers.values():
                wait_until(lambda worker=worker: worker.process._process.stdin.closed)  # type: ignore[misc]
        assert run.wait(5) and run.state == "failed"
        wait_until(lambda run=run: run in ended)  # type: ignore[misc]
        assert runner.runs() == []
    following = runner.submit("toy", toy())
    assert following.wait(20) and following.state == "finished"


def test_a_listener_that_raises_costs_its_own_answers_only(
    light: WorkerPool, toy: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    def job(name: str) -> Job:
        return Job(id=name, lab="toy", config=toy().model_dump(mode="json"), replicate=0)

    def raise_it(answer: Answer) -> None:
        raise RuntimeError("a listener's mistake")

    before = set(light.pids())
    for name in ("one", "two"):
        light.execute(job(name), raise_it)
    answers: list[Answer] = []
    light.execute(job("three"), answers.append)
    wait_until(lambda: answers and isinstance(answers[-1], Done))
    assert all(isinstance(answer, FrameAnswer) for answer in answers[:-1]) and len(answers) == 2 * 5 + 1
    assert set(light.pids()) == before
    assert "a listener's mistake" in caplog.text


def test_waiting_for_a_slow_worker_is_not_in_the_time_left(toy_labs: Path, toy: Toy, tmp_path: Path) -> None:
    runner = Runner(pool=WorkerPool(1, 0, command=[*LIGHT_WORKER, "3"]), cache=RunCache(tmp_path))
    runner.start()
    try:
        run = runner.submit("toy", toy(steps=50, pause=0.02, replicates=2))  # 4 s, once it has begun
        wait_until(lambda: run.progress > 0.25)
        assert run.seconds > 4.0
        assert run.seconds_left == pytest.approx(3.0, abs=1.0)
    finally:
        runner.close()


def test_a_job_of_a_lab_that_was_removed_fails(light: WorkerPool) -> None:
    answers: list[Answer] = []
    light.execute(Job(id="one", lab="removed", config={}, replicate=0), answers.append)
    wait_until(lambda: answers)
    (answer,) = answers
    assert isinstance(answer, Failed) and "There is no lab 'removed'" in answer.message


def test_a_worker_that_dies_by_itself_is_no_different(warm: Runner, toy: Toy) -> None:
    run = warm.submit("toy", toy(behaviour="kills itself"))
    assert run.wait(5.0) and run.state == "failed"
    assert run.error is not None and "ended unexpectedly" in run.error


def test_a_stopped_worker_stays_warm_unless_it_is_stuck(warm: Runner, toy: Toy) -> None:
    pool = warm._pool
    assert isinstance(pool, WorkerPool)
    before = set(pool.pids())
    prompt = warm.submit("toy", toy(**LONG))
    wait_until(lambda: prompt.frames)
    prompt.stop()
    time.sleep(0.4)
    assert set(pool.pids()) == before
    stuck = warm.submit("toy", toy(pause=60.0))
    time.sleep(0.1)
    stuck.stop()
    wait_until(lambda: len(before - set(pool.pids())) == 2, 0.5)


def test_a_killed_spare_is_replaced_and_nobody_notices(warm: Runner, toy: Toy) -> None:
    pool = warm._pool
    assert isinstance(pool, WorkerPool)
    wait_until(lambda: len(pool.pids()) == 3)
    victim = pool.pids()[-1]
    psutil.Process(victim).kill()
    wait_until(lambda: len(pool.pids()) == 3 and victim not in pool.pids())
    run = warm.submit("toy", toy())
    assert run.wait(10) and run.state == "finished"


def test_workers_give_way_and_use_one_thread(warm: Runner, toy: Toy) -> None:
    run = warm.submit("toy", toy())
    assert run.wait(10)
    if os.name == "posix":
        assert psutil.Process(run.frames[0].pid).nice() > psutil.Process().nice()
    assert run.versions["threads"] == "1"


@pytest.mark.skipif(os.name != "posix", reason="has no process groups")
def test_ctrl_c_in_the_terminal_does_not_reach_workers_that_are_still_starting(toy_labs: Path, tmp_path: Path) -> None:
    pool = WorkerPool(2, 1, warm_for=["toy"])
    runner = Runner(pool=pool, cache=RunCache(tmp_path))
    runner.start()
    try:
        assert not runner.wait_ready(0.0) and len(pool.pids()) >= 2
        assert all(os.getpgid(pid) == pid for pid in pool.pids())  # a terminal signals its foreground group
    finally:
        runner.close()


def test_an_edited_experiment_runs_as_edited(toy_labs: Path, warm: Runner, tmp_path: Path) -> None:
    name = f"edited_{tmp_path.name}"
    shutil.copytree(toy_labs / "toy", tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    catalogue.add_root(tmp_path)
    try:
        config = catalogue.lab(name).config(seed=5)
        before = warm.submit(name, config)  # the workers do not know this lab: they are replaced
        assert before.wait(30) and before.state == "finished", before.error
        file = tmp_path / name / "experiment.py"
        file.write_text(file.read_text().replace("draw + gain", "draw + 2 * gain"))
        after = warm.submit(name, config, reuse=True)
        assert after.wait(30) and after.state == "finished" and not after.replayed
    finally:
        demos.__path__.remove(str(tmp_path))
    assert before.verdict is not None and after.verdict is not None
    assert after.verdict.effect == pytest.approx(before.verdict.effect + 5.0)


def test_workers_that_cannot_start_are_reported_with_what_they_said(toy_labs: Path, toy: Toy, tmp_path: Path) -> None:
    says = "import sys; sys.exit('RuntimeError: operator torchvision::nms does not exist')"
    broken = Runner(pool=WorkerPool(2, 1, command=[sys.executable, "-c", says]), cache=RunCache(tmp_path))
    broken.start()
    assert not broken.wait_ready(20)
    for seed in range(2):  # a later click tries again, and does not hang either
        run = broken.submit("toy", toy(seed=seed))
        assert run.wait(20) and run.state == "failed"
        assert run.error is not None and "torchvision::nms does not exist" in run.error and "README" in run.error
    broken.close()


def test_a_slow_start_is_told_from_a_broken_one_and_gets_more_time(toy_labs: Path, toy: Toy, tmp_path: Path) -> None:
    pool = WorkerPool(1, 0, command=[*LIGHT_WORKER, "1.5"])
    pool._start_seconds = 0.5
    slow = Runner(pool=pool, cache=RunCache(tmp_path))
    run = slow.submit("toy", toy())
    assert run.wait(20) and run.state == "failed" and run.error is not None
    assert "was not ready after 1 seconds and was ended" in run.error, "the second start had twice the first one's time"
    assert "Close other programs and press Run again: the next start has 2 seconds" in run.error
    assert "torchvision" not in run.error and "signal" not in run.error
    for _ in range(3):
        run = slow.submit("toy", toy())
        assert run.wait(60)
        if run.state == "finished":
            break
    assert run.state == "finished"
    slow.close()


def test_a_command_that_does_not_exist_is_reported_too(toy_labs: Path, toy: Toy, tmp_path: Path) -> None:
    broken = Runner(pool=WorkerPool(2, 1, command=[str(tmp_path / "no-python")]), cache=RunCache(tmp_path))
    run = broken.submit("toy", toy())
    assert run.wait(20) and run.state == "failed"
    assert run.error is not None and "no-python" in run.error
    broken.close()


SERVER = """
import sys, time
from pathlib import Path
from demos import catalogue
from demos.cache import RunCache
from demos.runner import Runner
runner = Runner(workers=1, spares=1, roots=[Path(sys.argv[1])], warm_for=["toy"], cache=RunCache(Path(sys.argv[2])))
run = runner.submit("toy", catalogue.lab("toy").config(steps=3, pause=60.0, replicates=2))
assert runner.wait_ready()
print(*runner._pool.pids(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def server(toy_labs: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with a runner and a long run under way."""
    command = [sys.executable, "-c", SERVER, str(toy_labs), str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_workers_die_with_a_server_that_is_killed(server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None
    workers = [psutil.Process(int(pid)) for pid in server.stdout.readline().split()]
    assert len(workers) == 2 and all(worker.is_running() for worker in workers)
    server.kill()
    server.wait()
    wait_until(lambda: alive(workers) == [], 5)


@pytest.mark.skipif(os.name != "posix", reason="no SIGSTOP")
def test_closing_leaves_no_process_not_even_a_stuck_one(toy_labs: Path, toy: Toy, tmp_path: Path) -> None:
    closing = Runner(workers=1, spares=1, warm_for=["toy"], cache=RunCache(tmp_path))
    run = closing.submit("toy", toy(**LONG))
    wait_until(lambda: run.frames, 30)
    workers = [psutil.Process(pid) for pid in closing._pool.pids()]  # type: ignore[attr-defined]
    workers[0].send_signal(signal.SIGSTOP)
    began = time.monotonic()
    closing.close()
    assert time.monotonic() - began < 2
    assert run.state == "stopped"
    assert alive(workers) == []
    with pytest.raises(RuntimeError, match="closed"):
        closing.submit("toy", toy())
