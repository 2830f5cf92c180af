"""The command line of the labs: `python -m demos list | run | validate | worker | pretrain | tune`."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from demos import catalogue
from demos.base import Lab, LabConfig
from demos.quiet import logging_from
from demos.runner import Run, Runner
from demos.uploads import UploadError
from demos.verdict import run_says

USAGE_ERROR, FAILED, INTERRUPTED, BROKEN_PIPE = 2, 1, 130, 141
FIGURE_SUFFIXES = (".png", ".svg", ".pdf")
_DELEGATED = {
    "validate": "run defaults and counter-presets over seeds: do they say what they should?",
    "pretrain": "rebuild the shipped pretrained starts",
    "tune": "sweep the learning rates of a lab's arms",
}


class UsageError(Exception):
    """The command cannot be carried out as given; the message names what is possible."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in _DELEGATED:
            return importlib.import_module(f"demos.{arguments[0]}").main(arguments[1:]) or 0
        code = _dispatch(_parser().parse_args(arguments))
        sys.stdout.flush()
    except UsageError as error:
        print(f"python -m demos: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit is quiet too
        return BROKEN_PIPE
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demos", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    show = commands.add_parser("list", help="the labs, what they claim, and their dials")
    show.add_argument("--json", action="store_true", help="as JSON, with the schema of each lab's dials")
    run = commands.add_parser("run", help="run a lab to its verdict, as the app does")
    run.add_argument("name", help="a lab's name, as `list` shows it")
    run.add_argument("--preset", help="a named setting of the dials")
    run.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="set a dial (may be repeated)")
    run.add_argument("--seed", help="the draw")
    run.add_argument("--figure", type=Path, metavar="FILE", help="draw the final figure: .png, .svg or .pdf")
    run.add_argument("--json", action="store_true", help="print one JSON object; seconds are those of warm workers")
    worker = commands.add_parser("worker", help="compute jobs from stdin (the app starts these itself)")
    worker.add_argument("names", nargs="*", help="labs to warm up for (default: all)")
    for name, purpose in _DELEGATED.items():
        commands.add_parser(name, help=purpose, add_help=False)
    return parser


def _dispatch(options: argparse.Namespace) -> int:
    if options.command == "list":
        return _list(options.json)
    if options.command == "worker":
        return _worker(options.names)
    return _run(options)


def _worker(names: Sequence[str]) -> NoReturn:
    from demos import worker

    worker.main([_lab(name).name for name in names])


def _list(as_json: bool) -> int:
    labs = catalogue.labs().values()
    if as_json:
        print(json.dumps([_described(lab) for lab in labs], indent=2))
        return 0
    for lab in labs:
        numbers = ", ".join(map(str, lab.questions))
        print(f"{lab.name}: {lab.title} (question{'s' if len(lab.questions) > 1 else ''} {numbers})")
        print(f"  claim    {lab.claim.statement}")
        print(f"  dials    {', '.join(lab.config.model_fields)}")
        print(f"  presets  {', '.join(preset.key for preset in lab.presets) or 'none'}")
    return 0


def _described(lab: Lab) -> dict[str, Any]:
    return {
        "name": lab.name,
        "title": lab.title,
        "questions": list(lab.questions),
        "claim": lab.claim.statement,
        "margin": lab.claim.margin,
        "unit": lab.claim.unit,
        "paper": lab.claim.paper,
        "prediction": {"question": lab.prediction.question, "options": dict(lab.prediction.options)},
        "config": lab.config.model_json_schema(),
        "presets": [
            {
                "key": preset.key,
                "label": preset.label,
                "why": preset.why,
                "values": dict(preset.values),
                "counter": preset.counter,
            }
            for preset in lab.presets
        ],
    }


def _lab(name: str) -> Lab:
    try:
        return catalogue.lab(name)
    except catalogue.UnknownLab as error:
        raise UsageError(str(error)) from error


def _run(options: argparse.Namespace) -> int:
    lab = _lab(options.name)
    config = configure(lab, options.preset, options.set, options.seed)
    _check_pictures(lab, config)
    if options.figure is not None:
        _check_figure(options.figure)
    run = _execute(lab, config, progress=not options.json and sys.stderr.isatty())
    if run.state != "finished":
        print(run.error or f"The run was {run.state}.", run.error_detail, sep="\n", file=sys.stderr)
        return FAILED
    print(json.dumps(_report(run)) if options.json else _summary(lab, run))
    return 0 if options.figure is None else _draw(lab, run, options.figure)


def _execute(lab: Lab, config: LabConfig, progress: bool) -> Run:
    runner = Runner(spares=0, warm_for=[lab.name])
    with logging_from(logging.CRITICAL, "demos.runner", "demos.pool"):  # what they would log is what we print
        try:
            runner.start()
            _warm(runner)
            return _wait(runner.submit(lab.name, config), progress)
        finally:
            runner.close()


def configure(lab: Lab, preset: str | None, assignments: Sequence[str], seed: str | None) -> LabConfig:
    """The lab's dials from the command line: preset, then `KEY=VALUE`s, then seed. Raises `UsageError`."""
    presets = {item.key: item for item in lab.presets}
    if preset is not None and preset not in presets:
        raise UsageError(f"{lab.name} has no preset {preset!r}. Presets: {', '.join(presets) or 'none'}.")
    values: dict[str, Any] = dict(presets[preset].values) if preset is not None else {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set takes KEY=VALUE, got {assignment!r}. Keys: {', '.join(lab.config.model_fields)}.")
        values[key.strip()] = _value(text.strip())
    if seed is not None:
        values["seed"] = _value(seed)
    try:
        return lab.config.model_validate(values)
    except ValidationError as error:
        raise UsageError("\n  ".join(_explain(lab, problem) for problem in error.errors())) from error


def _value(text: str) -> Any:
    """Numbers, true, false and null as in JSON; anything else is a word."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _explain(lab: Lab, problem: Any) -> str:
    if not problem["loc"]:
        return str(problem["msg"])
    name = str(problem["loc"][0])
    fields = lab.config.model_json_schema()["properties"]
    if name not in fields:
        return f"{lab.name} has no dial {name!r}. Dials: {', '.join(fields)}."
    return f"{name} = {problem['input']!r:.60}: {problem['msg']}. Allowed: {_allowed(fields[name])}."


def _allowed(schema: dict[str, Any]) -> str:
    choices = [one for one in (schema, *schema.get("anyOf", ())) if one.get("type") != "null"]
    texts = [", ".join(map(str, one["enum"])) for one in choices if "enum" in one]
    texts += [f"{one['minimum']} to {one['maximum']}" for one in choices if "minimum" in one and "maximum" in one]
    texts += [str(one["const"]) for one in choices if "const" in one]
    return " or ".join(texts) or str(schema.get("description", schema.get("type", "see `list --json`")))


def _check_pictures(lab: Lab, config: LabConfig) -> None:
    """Refuse a run on pictures of one's own that are not there, before the run and not within it."""
    check = getattr(importlib.import_module(f"demos.{lab.name}.lab"), "check", None)
    if check is None:
        return
    try:
        check(config)
    except UploadError as error:
        raise UsageError(str(error)) from error


def _check_figure(path: Path) -> None:
    """Refuse a figure that could not be written, before the run and not after it."""
    if path.suffix.lower() not in FIGURE_SUFFIXES:
        raise UsageError(f"--figure {path}: the name must end in one of {', '.join(FIGURE_SUFFIXES)}.")
    if path.is_dir():
        raise UsageError(f"--figure {path}: this is a folder; name a file in it.")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UsageError(f"--figure {path}: cannot write in {path.parent}: {error.strerror}.") from error


def _warm(runner: Runner) -> None:
    """Wait for warm workers, two minutes at most and in short steps, so that Ctrl-C is heard on every system."""
    for _ in range(600):
        if runner.wait_ready(0.2):  # False at once if they cannot start: then the run says why
            return


def _wait(run: Run, progress: bool) -> Run:
    """Wait for the end of the run; `progress` shows how far it is."""
    while not run.wait(0.2):
        if progress:
            left = run.seconds_left
            rest = "" if left is None else f", about {left:.0f} s left"
            print(f"\r{run.lab}: {100 * run.progress:3.0f} %{rest}   ", end="", file=sys.stderr, flush=True)
    if progress:
        print(f"\r{' ' * 60}\r", end="", file=sys.stderr, flush=True)
    return run


def _report(run: Run) -> dict[str, Any]:
    verdict = run.verdict
    assert verdict is not None
    return {
        "lab": run.lab,
        "config": run.config.model_dump(mode="json"),
        "seed": run.config.seed,
        "verdict": {
            "outcome": verdict.outcome,
            "claim": verdict.claim,
            "effect": verdict.effect,
            "interval": None if verdict.interval is None else list(verdict.interval),
            "margin": verdict.margin,
            "unit": verdict.unit,
            "replicates": verdict.replicates,
        },
        "arms": [{"name": arm.name, "metric": arm.metric, "values": list(arm.values)} for arm in run.results],
        "seconds": round(run.seconds, 3),
        "first_frame_seconds": None if run.first_frame_seconds is None else round(run.first_frame_seconds, 3),
        "frames": len(run.frames),
        "versions": dict(run.versions),
    }


def _summary(lab: Lab, run: Run) -> str:
    assert run.verdict is not None
    labels = {arm.key: arm.label for arm in lab.arms(run.config)}
    dials = ", ".join(f"{key}={value}" for key, value in run.config.model_dump(mode="json").items())
    lines = [
        f"{lab.title} ({dials})",
        "",
        f"Claim: {lab.claim.statement}",
        run_says(lab, run.config, run.frames, run.verdict),
        "",
    ]
    for arm in run.results:
        mean = sum(arm.values) / len(arm.values)
        each = " ".join(f"{value:.4g}" for value in arm.values)
        lines.append(f"  {labels.get(arm.name, arm.name):<28} {arm.metric}: mean {mean:.4g}  ({each})")
    plural = "" if run.config.replicates == 1 else "s"
    lines += ["", f"{run.config.replicates} replicate{plural}, {len(run.frames)} frames, {run.seconds:.1f} s"]
    return "\n".join(lines)


def _draw(lab: Lab, run: Run, path: Path) -> int:
    from demos.style import LIGHT

    figure = catalogue.figure_module(lab.name).figure(run.config, run.frames, LIGHT)
    try:
        figure.savefig(path, dpi=200)
    except OSError as error:
        print(f"The figure could not be written to {path}: {error}", file=sys.stderr)
        return FAILED
    return 0
