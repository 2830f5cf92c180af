"""Runs on real worker processes: streaming, sharing, queueing, stopping, watching, replaying."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from demos import catalogue
from demos.base import LabConfig
from demos.cache import RunCache, libraries
from demos.pool import Done, FrameAnswer, Job, OnAnswer
from demos.runner import Run, Runner

Toy = Callable[..., LabConfig]
LONG = {"steps": 1000, "pause": 0.02}


def wait_until(happened: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for a state, not for a time."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def submit(warm: Runner) -> Iterator[Callable[..., Run]]:
    """Submits runs of the toy lab, and stops at the end of the test those that still go on."""
    yield lambda config, **more: warm.submit("toy", config, **more)
    for run in reversed(warm.runs()):
        run.stop()


def steps(frames: Iterable[Any], replicate: int, arm: str) -> list[int]:
    return [frame.step for frame in frames if (frame.replicate, frame.arm) == (replicate, arm)]


def test_frames_stream_in_order_and_end_in_a_verdict(submit: Callable[..., Run], toy: Toy) -> None:
    run = submit(toy(steps=5, pause=0.01, replicates=4))
    seen: list[Any] = []
    progress = [run.progress]
    while not run.wait(0.005):
        new, count = run.frames_since(len(seen))
        seen += new
        assert count == len(seen)
        progress.append(run.progress)
    assert run.state == "finished" and run.error is None
    assert seen == run.frames[: len(seen)] and len(run.frames) == 4 * 2 * 6
    assert len(set(progress)) > 4 and progress == sorted(progress) and run.progress == 1.0
    for replicate in range(4):
        assert steps(run.frames, replicate, "a") == steps(run.frames, replicate, "b") == list(range(6))
    assert run.verdict is not None and run.verdict.outcome == "holds" and run.verdict.replicates == 4
    assert [len(arm.values) for arm in run.results] == [4, 4]
    assert run.first_frame_seconds is not None and 0 < run.first_frame_seconds < 1 < run.seconds * 100
    assert run.versions["threads"] == "1" and run.versions["code"] == catalogue.code_version("toy")
    assert {"torch", "python", "numpy", "machine"} <= set(run.versions)


def test_the_same_draw_gives_the_same_result(submit: Callable[..., Run], toy: Toy) -> None:
    def values(seed: int) -> list[Any]:
        run = submit(toy(seed=seed, replicates=5))
        assert run.wait(10)
        return [arm.values for arm in run.results]

    assert values(11) == values(11) != values(12)


def test_a_second_click_finds_the_first_run(submit: Callable[..., Run], warm: Runner, toy: Toy) -> None:
    run = submit(toy(**LONG))
    assert submit(toy(**LONG)) is run is submit(toy(**LONG), reuse=True)
    assert warm.find("toy", toy(**LONG)) is run
    assert warm.find("toy", toy(seed=1, **LONG)) is None
    assert warm.runs() == [run]
    run.stop()
    assert warm.find("toy", toy(**LONG)) is None
    assert submit(toy(**LONG)) is not run


def test_a_run_alone_gets_all_workers_and_two_share(submit: Callable[..., Run], warm: Runner, toy: Toy) -> None:
    first = submit(toy(replicates=30, steps=10, pause=0.01))
    wait_until(lambda: len({frame.pid for frame in first.frames}) == 2)
    second = submit(toy(replicates=30, steps=10, pause=0.01, seed=1))
    wait_until(lambda: second.frames)  # the spare: it need not wait for a replicate of the other to end
    before = (first.progress, second.progress)
    wait_until(lambda: second.progress > before[1] + 0.2)
    gained = (first.progress - before[0], second.progress - before[1])
    assert 0.5 < gained[0] / gained[1] < 2.0
    assert (first.state, second.state) == ("running", "running")


def test_a_third_run_waits_knows_its_place_and_moves_up(submit: Callable[..., Run], toy: Toy) -> None:
    first, second, third, fourth = (submit(toy(seed=seed, **LONG)) for seed in range(4))
    assert [run.state for run in (first, second, third, fourth)] == ["running", "running", "queued", "queued"]
    assert [run.place for run in (first, second, third, fourth)] == [None, None, 1, 2]
    assert third.seconds == 0 and third.seconds_left is None and third.frames == []
    second.stop()
    assert (third.state, third.place, fourth.state, fourth.place) == ("running", None, "queued", 1)
    wait_until(lambda: third.frames)
    fourth.stop()
    assert (fourth.state, fourth.place, fourth.frames) == ("stopped", None, [])


@pytest.mark.parametrize("pause", [0.02, 60.0], ids=["prompt", "stuck"])
def test_stop_takes_effect_within_half_a_second(submit: Callable[..., Run], toy: Toy, pause: float) -> None:
    run = submit(toy(steps=1000, pause=pause))
    time.sleep(0.1)
    clicked = time.monotonic()
    run.stop()
    assert run.state == "stopped" and run.wait(0)
    following = submit(toy(seed=2))
    wait_until(lambda: following.frames)  # on the spare, or on a worker that has come to its next frame
    assert time.monotonic() - clicked < 0.5


def test_a_stopped_run_keeps_its_frames_and_gets_no_more(submit: Callable[..., Run], toy: Toy) -> None:
    run = submit(toy(**LONG))
    wait_until(lambda: len(run.frames) > 10)
    run.stop()
    frames, seconds = run.frames, run.seconds
    assert len(frames) > 10 and run.verdict is None and run.results == [] and run.error is None
    time.sleep(0.2)
    assert run.frames == frames and run.seconds == seconds and run.progress < 1
    run.stop()
    assert run.state == "stopped"


def test_the_time_left_is_estimated_from_the_pace(submit: Callable[..., Run], toy: Toy) -> None:
    run = submit(toy(steps=50, pause=0.02))  # 2 s
    assert run.seconds_left is None
    wait_until(lambda: run.progress > 0.5)
    assert run.seconds_left == pytest.approx(1.0, abs=0.6)
    assert run.wait(10) and run.seconds_left is None


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        ("raises", "The experiment failed in replicate 1: ZeroDivisionError: a toy error"),
        ("nan", "value of arm 'a' is not a finite number at step 2 of 4. Training has probably diverged"),
        ("wrong replicate", "sent a frame of replicate"),
    ],
)
def test_an_experiment_that_fails_says_why(
    submit: Callable[..., Run], warm: Runner, toy: Toy, behaviour: str, message: str
) -> None:
    run = submit(toy(behaviour=behaviour))
    assert run.wait(10) and run.state == "failed"
    assert run.error is not None and message in run.error
    assert run.verdict is None and warm.runs() == []
    following = submit(toy())
    assert following.wait(10) and following.state == "finished"


def test_a_failure_comes_with_its_traceback(submit: Callable[..., Run], toy: Toy) -> None:
    run = submit(toy(behaviour="raises"))
    assert run.wait(10)
    assert 'raise ZeroDivisionError("a toy error")' in run.error_detail


def test_what_an_experiment_prints_does_not_disturb(submit: Callable[..., Run], toy: Toy) -> None:
    run = submit(toy(behaviour="noisy", steps=50))
    assert run.wait(10) and run.state == "finished"
    assert len(run.frames) == 2 * 2 * 51


def test_a_run_that_nobody_watches_any_more_ends(toy_labs: Path, warm: Runner, toy: Toy, tmp_path: Path) -> None:
    impatient = Runner(pool=warm._pool, cache=RunCache(tmp_path), abandon_seconds=0.2)
    run = impatient.submit("toy", toy(**LONG))
    run.watch("one")
    run.watch("two")
    run.watch("two")
    run.unwatch("two")
    time.sleep(0.4)
    assert run.state == "running"
    run.unwatch("one")
    run.watch("three")  # back before the time is over
    time.sleep(0.4)
    assert run.state == "running"
    run.unwatch("three")
    assert run.wait(1.0) and run.state == "stopped" and run.abandoned


def test_a_run_that_nobody_ever_watched_goes_on(warm: Runner, toy: Toy, tmp_path: Path) -> None:
    run = Runner(pool=warm._pool, cache=RunCache(tmp_path), abandon_seconds=0.05).submit("toy", toy(**LONG))
    time.sleep(0.3)
    assert run.state == "running" and not run.abandoned
    run.stop()


def test_a_finished_run_is_replayed_only_if_asked(submit: Callable[..., Run], toy: Toy) -> None:
    config = toy(seed=77, replicates=3)
    first = submit(config, reuse=True)
    assert first.wait(10) and not first.replayed and first.computed_at is None
    clicked = time.monotonic()
    again = submit(config, reuse=True)
    assert time.monotonic() - clicked < 0.2
    assert again is not first and again.replayed and again.state == "finished" and again.computed_at is not None
    assert (again.frames, again.verdict, again.results) == (first.frames, first.verdict, first.results)
    assert again.versions == first.versions
    assert again.seconds == pytest.approx(first.seconds, abs=0.1)
    fresh = submit(config)
    assert not fresh.replayed and fresh.wait(10)


def test_only_finished_runs_are_replayed(submit: Callable[..., Run], toy: Toy) -> None:
    run = submit(toy(seed=78, **LONG))
    wait_until(lambda: run.frames)
    run.stop()
    assert not submit(toy(seed=78, **LONG), reuse=True).replayed
    failed = submit(toy(seed=79, behaviour="raises"))
    assert failed.wait(10)
    assert not submit(toy(seed=79, behaviour="raises"), reuse=True).replayed


def test_a_kept_run_of_other_code_is_not_replayed(
    submit: Callable[..., Run], warm: Runner, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = toy(seed=80)
    assert submit(config).wait(10) and submit(config, reuse=True).replayed
    load = warm._cache.load
    monkeypatch.setattr(warm._cache, "load", lambda key: load(replace(key, code="another")))
    assert not submit(config, reuse=True).replayed


def test_a_kept_run_of_other_libraries_is_not_replayed(
    submit: Callable[..., Run], toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = toy(seed=81)
    assert submit(config).wait(10) and submit(config, reuse=True).replayed
    monkeypatch.setattr("demos.runner.libraries", lambda: {**libraries(), "torch": "99.0"})  # upgraded since
    computed = submit(config, reuse=True)
    assert not computed.replayed and computed.wait(10) and computed.state == "finished"
    assert not submit(config, reuse=True).replayed, "workers that still run the old torch: kept as neither"


def test_every_end_is_told_once(warm: Runner, toy: Toy, tmp_path: Path) -> None:
    ended: list[Run] = []

    def note(run: Run) -> None:
        ended.append(run)
        raise RuntimeError("a listener's mistake")  # is logged, and harms nobody

    telling = Runner(pool=warm._pool, cache=RunCache(tmp_path), on_end=note)
    finished = telling.submit("toy", toy())
    assert finished.wait(10)
    stopped = telling.submit("toy", toy(**LONG))
    stopped.stop()
    stopped.stop()
    replayed = telling.submit("toy", toy(), reuse=True)
    wait_until(lambda: len(ended) == 3)
    assert ended == [finished, stopped, replayed]


class _BrittlePool:
    """Keeps what it is asked to do, and cannot cancel."""

    size = 2

    def __init__(self) -> None:
        self.given: list[tuple[Job, OnAnswer]] = []

    def start(self) -> None: ...

    def wait_ready(self, timeout: float, *, spares: bool = False) -> bool:
        return True

    def execute(self, job: Job, on_answer: OnAnswer) -> None:
        self.given.append((job, on_answer))

    def cancel(self, job_id: str) -> None:
        raise ValueError("a pool's mistake")

    def close(self) -> None: ...


def test_a_run_that_cannot_be_cancelled_frees_its_place(toy_labs: Path, toy: Toy, tmp_path: Path) -> None:
    ended: list[Run] = []
    runner = Runner(pool=_BrittlePool(), cache=RunCache(tmp_path), on_end=ended.append)
    first, second, third = (runner.submit("toy", toy(seed=seed)) for seed in range(3))
    first.stop()
    assert runner.runs() == [second, third] and third.state == "running" and ended == [first]
    assert runner.submit("toy", toy(seed=0)) is not first


def test_our_own_mistake_ends_the_run_instead_of_leaving_it_running(
    toy_labs: Path, toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, cache = _BrittlePool(), RunCache(tmp_path)
    runner = Runner(pool=pool, cache=cache)
    run = runner.submit("toy", toy(steps=1))
    monkeypatch.setattr(cache, "save", lambda key, stored: 1 / 0)
    for job, on_answer in pool.given:
        for arm in ("a", "b"):
            values = {"replicate": job.replicate, "arm": arm, "step": 1, "steps": 1, "value": 1.0, "pid": 1}
            on_answer(FrameAnswer(values))
        on_answer(Done(libraries(), catalogue.code_version("toy")))
    assert run.state == "failed" and run.error is not None and "ZeroDivisionError" in run.error
    assert runner.runs() == []


def test_unknown_labs_and_foreign_configs_are_refused(warm: Runner, toy: Toy) -> None:
    class Foreign(LabConfig):
        other: int = 1

    with pytest.raises(catalogue.UnknownLab, match="toy"):
        warm.submit("nope", toy())
    with pytest.raises(ValidationError, match="other"):
        warm.submit("toy", Foreign())
