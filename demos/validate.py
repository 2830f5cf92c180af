"""Are the labs' claims what the app says they are? `python -m demos validate`: defaults and counter-presets over seeds.

Each lab runs at its default and at its counter-preset, once per seed, through the same runner and the same verdict as
in the app. What counts is the share of seeds on which the default *holds* and the counter-preset *does not hold*.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from demos import catalogue
from demos.base import Lab, Outcome, Preset
from demos.quiet import logging_from
from demos.runner import Runner

FIRST_SEED = 5_000_000
"""Validation owns the seeds from here up: no default, test or sweep uses them."""
LEAST_DEFAULT, LEAST_COUNTER = 0.9, 0.8
USAGE_ERROR = 2


def counter_preset(lab: Lab) -> Preset:
    """The lab's one preset at which the claim is expected not to hold. Raises `ValueError` if it is not one."""
    found = [preset for preset in lab.presets if preset.counter]
    if len(found) != 1:
        raise ValueError(f"{lab.name} has {len(found)} counter-presets; a lab has exactly one")
    return found[0]


def validate(lab: Lab, seeds: Iterable[int], runner: Runner, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run the lab's default and counter-preset over the seeds; outcomes, effects, shares and times."""
    counter = counter_preset(lab)
    cases: tuple[tuple[str, Preset, Outcome], ...] = (
        ("default", lab.presets[0], "holds"),
        ("counter", counter, "does_not_hold"),
    )
    return {
        "lab": lab.name,
        "claim": lab.claim.statement,
        "margin": lab.claim.margin,
        "unit": lab.claim.unit,
        **{name: _case(lab, preset, expected, seeds, runner, tell) for name, preset, expected in cases},
    }


def _case(
    lab: Lab, preset: Preset, expected: Outcome, seeds: Iterable[int], runner: Runner, tell: Callable[[str], None]
) -> dict[str, Any]:
    outcomes, effects, seconds = [], [], []
    for seed in seeds:
        run = runner.submit(lab.name, lab.config.model_validate({**preset.values, "seed": seed}))
        run.wait()
        if run.verdict is None:
            raise RuntimeError(f"{lab.name}, preset {preset.key}, seed {seed}: {run.error or run.state}")
        outcomes.append(run.verdict.outcome)
        effects.append(round(run.verdict.effect, 2))
        seconds.append(run.seconds)
        tell(f"{lab.name} {preset.key} seed {seed}: {run.verdict.outcome} ({effects[-1]:g}), {run.seconds:.1f} s")
    return {
        "preset": preset.key,
        "expected": expected,
        "share": outcomes.count(expected) / len(outcomes),
        "outcomes": dict(Counter(outcomes)),
        "effects": effects,
        "median_seconds": round(statistics.median(seconds), 2),
    }


def main(argv: Sequence[str]) -> int:
    """Validate labs; exit 1 if a share falls short of nine in ten (defaults) or eight in ten (counter-presets)."""
    parser = argparse.ArgumentParser(prog="python -m demos validate", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="labs (default: all)")
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds (default 10)")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help=f"the first of them (default {FIRST_SEED})")
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of lines")
    options = parser.parse_args(argv)
    if options.seeds < 1 or options.first_seed < 0:
        parser.error("--seeds must be at least 1 and --first-seed not negative")
    try:
        labs = [catalogue.lab(name) for name in options.names] or list(catalogue.labs().values())
    except catalogue.UnknownLab as error:
        print(f"python -m demos validate: {error}", file=sys.stderr)
        return USAGE_ERROR
    with logging_from(logging.ERROR, "demos"):
        found = _all(labs, range(options.first_seed, options.first_seed + options.seeds))
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(map(_line, found)))
    return 0 if all(map(_enough, found)) else 1


def _all(labs: Sequence[Lab], seeds: range) -> list[dict[str, Any]]:
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {text}", file=sys.stderr, flush=True)

    runner = Runner(spares=0, warm_for=[lab.name for lab in labs])
    try:
        runner.start()
        runner.wait_ready()
        return [validate(lab, seeds, runner, tell) for lab in labs]
    finally:
        runner.close()


def _enough(found: dict[str, Any]) -> bool:
    return bool(found["default"]["share"] >= LEAST_DEFAULT and found["counter"]["share"] >= LEAST_COUNTER)


def _line(found: dict[str, Any]) -> str:
    default, counter = found["default"], found["counter"]
    return (
        f"{found['lab']}: default holds on {100 * default['share']:.0f} % of seeds, "
        f"{counter['preset']} does not hold on {100 * counter['share']:.0f} %"
    )
