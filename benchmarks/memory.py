"""Does anything grow? Fifty runs in a row through the page; private memory of the server and of each worker.

`python -m benchmarks.memory [LAB ...] [--runs 50] [--early 5]` prints JSON. The labs take turns with two replicates;
every run is a draw of its own, so nothing is replayed. Wanted: after the last run, the server and each worker within
10 % of their size after the fifth.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil
from playwright.sync_api import Page

from demos import catalogue
from tests.support.chromium import browser, settled
from tests.support.server import Server
from ui.navigation import lab_path

FIRST_SEED = 910_000
GROWTH = 1.10


def megabytes(process: psutil.Process) -> float:
    """Private memory (USS): what would be free again if the process ended."""
    return float(process.memory_full_info().uss) / 2**20


def workers(server: Server) -> list[psutil.Process]:
    """The server's worker processes, in the order of their birth."""
    assert server.process is not None
    children = psutil.Process(server.process.pid).children(recursive=True)
    return sorted((one for one in children if "worker" in one.cmdline()), key=lambda one: (one.create_time(), one.pid))


def sizes(server: Server) -> dict[str, float]:
    """Megabytes of the server and of each worker, by process id."""
    assert server.process is not None
    found = {"server": megabytes(psutil.Process(server.process.pid))}
    return found | {f"worker {one.pid}": megabytes(one) for one in workers(server)}


def one_run(page: Page, url: str, name: str, seed: int, *, again: bool) -> None:
    """A run of the lab with two replicates, from the prediction to its verdict; `again` in the same visit."""
    if again:
        page.get_by_role("button", name="New draw").click()
        page.get_by_role("button", name="Run the experiment").wait_for()
    else:
        fixed = catalogue.lab(name).config.model_fields["replicates"]
        few = "" if fixed.default == 1 else "&replicates=2"
        page.goto(f"{url}/{lab_path(name)}?seed={seed}{few}")
    settled(page)
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    page.locator("button:enabled", has_text="Run the experiment").click()
    page.get_by_text("Your run says:").wait_for(timeout=180_000)
    settled(page)


def measure(names: Sequence[str], runs: int, early: int) -> dict[str, object]:
    """Sizes after `early` runs and after all, and the ratio of each process."""
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server, browser() as chromium:
        page = chromium.new_page()
        before: dict[str, float] = {}
        for turn in range(runs):
            again = len(names) == 1 and turn > 0
            one_run(page, server.url, names[turn % len(names)], FIRST_SEED + turn, again=again)
            if turn + 1 == early:
                before = sizes(server)
        after = sizes(server)
    ratios = {name: round(after[name] / before[name], 3) for name in before if name in after}
    return {
        "labs": list(names),
        "runs": runs,
        f"megabytes_after_{early}": {name: round(value) for name, value in before.items()},
        f"megabytes_after_{runs}": {name: round(value) for name, value in after.items()},
        "ratios": ratios,
        "met": set(before) == set(after) and max(ratios.values()) <= GROWTH,
    }


def main(argv: Sequence[str]) -> int:
    """Measure and print; exit 1 if something grew by more than a tenth, or a worker was replaced."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="LAB", default=["strategies"])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--early", type=int, default=5, help="compare with the sizes after this many runs")
    options = parser.parse_args(argv)
    result = measure(options.names, options.runs, options.early)
    print(json.dumps(result, indent=2))
    return 0 if result["met"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
