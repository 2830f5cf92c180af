"""The command line: what it prints, and what it refuses (exit code 2, naming what is possible, no traceback)."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from demos import catalogue, cli, uploads, validate
from demos.base import LabConfig
from tests.unit.demos.conftest import REPOSITORY, alive
from tests.unit.demos.test_runner import wait_until
from tests.unit.demos.test_uploads import good

COMMAND = [sys.executable, "-m", "demos"]


@pytest.fixture
def environment(toy_labs: Path, tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "TLI_LAB_ROOTS": str(toy_labs), "TLI_CACHE_DIR": str(tmp_path / "cache")}


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Iterator[None]:
    monkeypatch.setenv("TLI_CACHE_DIR", environment["TLI_CACHE_DIR"])
    yield


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "toi"], "no lab 'toi'. Did you mean 'toy'? Labs:"),
        (["run", "toy", "--preset", "x"], "no preset 'x'. Presets: default, reversed."),
        (["run", "toy", "--set", "gain"], "KEY=VALUE, got 'gain'. Keys: replicates, seed,"),
        (["run", "toy", "--set", "gian=3"], "no dial 'gian'. Dials: replicates, seed, steps, pause, gain, behaviour."),
        (["run", "toy", "--set", "gain=30"], "gain = 30: Input should be less than or equal to 10. Allowed: -10.0 to"),
        (["run", "toy", "--set", "gain=NaN"], "Allowed: -10.0 to 10.0"),
        (["run", "toy", "--set", "steps=many"], "steps = 'many'"),
        (["run", "toy", "--set", "behaviour=odd"], "Allowed: steady, noisy, raises"),
        (
            ["run", "toy", "--set", "replicates=1"],
            "replicates = 1: Input should be greater than or equal to 2. Allowed:",
        ),
        (["run", "toy", "--seed", "-1"], "Allowed: 0 to 2147483647"),
        (["run", "toy", "--seed", "x"], "seed = 'x'"),
        (["run", "toy", "--set", "gain=99", "--set", "steps=0"], "steps = 0"),
        (["run", "toy", "--figure", "x.bmp"], "must end in one of .png, .svg, .pdf"),
        (["run", "toy", "--figure", "/nowhere/x.png"], "cannot write in /nowhere"),
    ],
)
def test_refusals(toy_labs: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err and printed.out == "" and "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("arguments", "dial"),
    [
        (["own_images", "--preset", "own"], "collection=''"),
        (["own_images", "--preset", "own", "--set", f"collection={'a' * 32}"], f"collection='{'a' * 32}'"),
        (["resolution", "--set", "photograph=own"], "upload=''"),
    ],
)
def test_pictures_of_ones_own_are_asked_for_before_the_run(
    arguments: list[str], dial: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TLI_UPLOADS_DIR", str(tmp_path / "pictures"))
    monkeypatch.setattr(cli, "Runner", lambda **_: pytest.fail("no worker may start"))
    name = dial.partition("=")[0]
    assert cli.main(["run", *arguments]) == 2
    said = capsys.readouterr().err
    assert dial in said and f"Bring them in the app, then name them with --set {name}=KEY. None are on" in said
    collection = uploads.from_files(good())
    uploads.keep(collection)
    kept = {"collection": collection.key, "upload": uploads.keep_photograph("mine.png", good()[0][1])}[name]
    assert cli.main(["run", *arguments]) == 2
    assert f"On this machine, newest first: {kept}.\n" in capsys.readouterr().err
    lab, chosen = catalogue.lab(arguments[0]), {"collection": "pictures=own", "upload": "photograph=own"}[name]
    cli._check_pictures(lab, cli.configure(lab, None, [chosen, f"{name}={kept}"], None))


def test_a_folder_is_no_figure(toy_labs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    assert cli.main(["run", "toy", "--figure", str(tmp_path / "x.png")]) == 2
    assert "this is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["run"], ["list", "--xml"]])
def test_usage_errors(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        cli.main(arguments)
    assert error.value.code == 2
    assert "usage: python -m demos" in capsys.readouterr().err


def test_preset_then_sets_then_seed(toy_labs: Path) -> None:
    config: Any = cli.configure(catalogue.lab("toy"), "reversed", ["steps=7", "behaviour=noisy", "seed=1"], "2")
    assert isinstance(config, LabConfig)
    assert (config.gain, config.steps, config.behaviour, config.seed) == (-5.0, 7, "noisy", 2)


def test_list_as_json(toy_labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == list(catalogue.labs())
    for entry in listed:
        assert set(entry) == {
            "name", "title", "questions", "claim", "margin", "unit", "paper", "prediction", "config", "presets",
        }  # fmt: skip
        assert set(entry["prediction"]["options"]) >= {"holds", "does_not_hold"}
        assert [preset["counter"] for preset in entry["presets"]].count(True) == 1
        assert entry["config"]["properties"]["seed"]["type"] == "integer"
    (toy,) = [entry for entry in listed if entry["name"] == "toy"]
    assert toy["questions"] == [99] and toy["claim"] == "a beats b"
    assert toy["presets"][1] == {
        "key": "reversed",
        "label": "Reversed",
        "why": "b wins",
        "values": {"gain": -5.0},
        "counter": True,
    }


def test_list_for_people(toy_labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    assert "toy: Toy (question 99)\n  claim    a beats b\n" in capsys.readouterr().out


def test_run_as_json_and_its_figure(environment: dict[str, str], tmp_path: Path) -> None:
    arguments = ["run", "toy", "--preset", "reversed", "--seed", "3", "--json", "--figure", str(tmp_path / "f.svg")]
    done = subprocess.run([*COMMAND, *arguments], cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert list(report) == [
        *("lab", "config", "seed", "verdict", "arms", "seconds", "first_frame_seconds", "frames", "versions")
    ]
    verdict = report["verdict"]
    assert set(verdict) == {"outcome", "claim", "effect", "interval", "margin", "unit", "replicates"}
    assert verdict["outcome"] == "does_not_hold" and verdict["interval"][0] < verdict["effect"] < verdict["interval"][1]
    assert report["config"]["gain"] == -5.0 and report["seed"] == 3 and report["frames"] == 2 * 2 * 5
    assert [(arm["name"], arm["metric"], len(arm["values"])) for arm in report["arms"]] == [
        ("a", "value", 2),
        ("b", "value", 2),
    ]
    assert report["first_frame_seconds"] > 0 and 0 < report["seconds"] < 5
    assert (tmp_path / "f.svg").read_text().startswith("<?xml")


def test_run_for_people(toy_labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "toy"]) == 0
    printed = capsys.readouterr()
    assert "Holds: arm a came out 5." in printed.out and "Arm a" in printed.out and printed.err == ""


def test_a_run_that_fails_exits_1_and_says_why(toy_labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "toy", "--set", "behaviour=raises", "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("The experiment failed in replicate 1: ZeroDivisionError")


def test_a_command_leaves_logging_as_it_was(toy_labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loggers = [logging.getLogger(name) for name in ("demos", "demos.runner", "demos.pool")]
    before = [logger.level for logger in loggers]
    assert cli.main(["run", "toy", "--set", "behaviour=raises"]) == 1
    assert cli.main(["validate", "toy", "--seeds", "1"]) == 0
    assert [logger.level for logger in loggers] == before


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process group")
def test_ctrl_c_stops_cleanly(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "run", "toy", "--set", "pause=60"],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A test run in the background of a shell ignores SIGINT, and its children would too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: len(psutil.Process(process.pid).children()) >= 2, 20)
    workers = psutil.Process(process.pid).children()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "\nStopped.\n")
    assert alive(workers) == []


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
def test_a_closed_pipe_is_quiet(environment: dict[str, str]) -> None:
    line = f"{sys.executable} -c 'import time; time.sleep(2)' | true; {' '.join(COMMAND)} list --json | true"
    done = subprocess.run(line, shell=True, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["pretrain", "tune"])
def test_the_science_commands_get_their_arguments(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    class Module:
        @staticmethod
        def main(argv: list[str]) -> None:
            seen.append(argv)

    monkeypatch.setitem(sys.modules, f"demos.{name}", Module)  # type: ignore[arg-type]
    assert cli.main([name, "toy", "--help"]) == 0
    assert seen == [["toy", "--help"]]


def test_validate_counts_outcomes_over_seeds(environment: dict[str, str]) -> None:
    arguments = ["validate", "toy", "--seeds", "3", "--first-seed", "70", "--json"]
    done = subprocess.run([*COMMAND, *arguments], cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["default"]["share"], found["counter"]["share"]) == (1.0, 1.0)
    assert found["default"]["outcomes"] == {"holds": 3} and found["counter"]["preset"] == "reversed"
    assert all(4 < effect < 6 for effect in found["default"]["effects"])
    assert "toy default seed 72: holds" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["nothing"], "There is no lab 'nothing'"), (["--seeds", "0"], "--seeds must be at least 1")],
)
def test_validate_refuses_what_it_cannot_do(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = cli.main(["validate", *arguments])
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    assert code == 2 and words in capsys.readouterr().err


def test_a_share_that_falls_short_is_an_error() -> None:
    def found(default: float, counter: float) -> dict[str, dict[str, float]]:
        return {"default": {"share": default}, "counter": {"share": counter}}

    assert validate._enough(found(0.9, 0.8)) and validate._enough(found(1.0, 1.0))
    assert not validate._enough(found(0.8, 1.0)) and not validate._enough(found(1.0, 0.7))
