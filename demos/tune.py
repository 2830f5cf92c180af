"""Choose learning rates by one documented sweep: `python -m demos tune NAME`, result kept beside the lab.

A lab takes part by defining `sweep() -> Sweep` in `demos/<name>/sweep.py`. Seeds start at 1,000,000, which no default
and no test uses, and scores come from a validation split, never from the test images of the draw.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

FIRST_SEED = 1_000_000
"""Tuning owns the seeds from here up."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What to sweep: every case at every rate, `score(group, case, rate, seed)` being the validation accuracy in %.

    `groups` names the settings that are tuned apart (run lengths, say) and lists the cases of each. `settings` is what
    a reader needs to know of the rest, and is kept with the result.
    """

    groups: Mapping[str, Sequence[str]]
    rates: Sequence[float]
    score: Callable[[str, str, float, int], float]
    settings: Mapping[str, Any]


def run(name: str, seeds: Sequence[int], jobs: int) -> dict[str, Any]:
    """Sweep the lab; the best rate of every case, and the whole table."""
    sweep = load(name)
    cells = [(g, c, r) for g, cases in sweep.groups.items() for c in cases for r in sweep.rates]
    # Spawned, as forking a process in which torch has run may hang.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        scores = list(pool.map(_score_cell, [name] * len(cells), cells, [tuple(seeds)] * len(cells)))
    table: dict[str, dict[str, dict[str, Any]]] = {g: {c: {} for c in cases} for g, cases in sweep.groups.items()}
    for (group, case, rate), values in zip(cells, scores, strict=True):
        mean, spread = statistics.fmean(values), statistics.stdev(values)
        table[group][case][f"{rate:g}"] = {"mean": round(mean, 2), "sd": round(spread, 2)}
    best = {g: {c: _best(row) for c, row in cases.items()} for g, cases in table.items()}
    return {
        "command": f"python -m demos tune {name}",
        "metric": "validation accuracy (%), mean and sd over seeds",
        "settings": dict(sweep.settings),
        "seeds": list(seeds),
        "versions": _versions(),
        "rates": best,
        "at_the_edge_of_the_grid": [f"{g}/{c}" for g, cs in best.items() for c in cs if _at_edge(cs[c], sweep.rates)],
        "table": table,
    }


def load(name: str) -> Sweep:
    """The lab's sweep. Raises `SystemExit` with a message for a lab that has none."""
    try:
        module = importlib.import_module(f"demos.{name}.sweep")
    except ModuleNotFoundError as error:
        folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/sweep.py"))
        print(f"python -m demos tune: {name!r} has no sweep. Labs that have: {', '.join(folders)}", file=sys.stderr)
        raise SystemExit(2) from error
    swept: Sweep = module.sweep()
    return swept


def _score_cell(name: str, cell: tuple[str, str, float], seeds: tuple[int, ...]) -> list[float]:
    """One cell of the table over all seeds; runs in a process of its own, on one thread, as labs do."""
    import torch

    torch.set_num_threads(1)
    score = load(name).score
    return [score(*cell, seed) for seed in seeds]


def _best(row: Mapping[str, Mapping[str, float]]) -> float:
    """The rate with the highest mean; the smaller of two equals."""
    return float(max(row, key=lambda rate: (row[rate]["mean"], -float(rate))))


def _at_edge(rate: float, rates: Sequence[float]) -> bool:
    return rate in (min(rates), max(rates))


def _versions() -> dict[str, str]:
    import numpy
    import torch

    return {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__}


def main(argv: Sequence[str]) -> int:
    """Sweep a lab and keep the result; exit 1 if a best rate lies at the edge of the grid, where it is not a best."""
    parser = argparse.ArgumentParser(prog="python -m demos tune", description=__doc__)
    parser.add_argument("name", help="a lab that has a sweep.py")
    parser.add_argument("--seeds", type=int, default=8, help="how many tuning seeds (default 8)")
    parser.add_argument("--jobs", type=int, default=2, help="processes, one thread each (default 2)")
    parser.add_argument("--out", type=Path, help="where to write (default: the lab's tuned.json)")
    options = parser.parse_args(argv)
    if options.seeds < 2 or options.jobs < 1:
        parser.error("--seeds must be at least 2 and --jobs at least 1")
    load(options.name)
    started = time.perf_counter()
    result = run(options.name, range(FIRST_SEED, FIRST_SEED + options.seeds), options.jobs)
    out = options.out or Path(__file__).parent / options.name / "tuned.json"
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{out}: {result['rates']} in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if result["at_the_edge_of_the_grid"]:
        print(f"best at the edge of the grid: {result['at_the_edge_of_the_grid']}; widen it", file=sys.stderr)
        return 1
    return 0
