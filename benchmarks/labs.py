"""What a lab's default run costs: first frame and total, headless and through the page in Chromium, same replicates.

Claims: the default run takes under 10 s on 2 idle cores; its first frame is there within 1 s of the click on a warm
server; running through the page costs under 15 % over draining the same replicates headless (median of the ratios, the
two taken in turn on the same draws, now one first and now the other: a shared machine's pace drifts within a minute).
A quarter of the ratios lie below the first quartile, a quarter above the third.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

from demos.cache import RunCache
from demos.catalogue import lab as find
from demos.catalogue import labs
from demos.runner import Runner
from tests.support.chromium import browser, settled
from tests.support.server import Server, wait_quiet

PAUSE_MS = 1000
"""Between the prediction and the click on Run: a person's way of the mouse."""

# Clicks Run and waits in the page itself, told by its changes: asking from outside again and again would take time from
# the experiment. "Training" is drawn together with the first marks, the verdict with the end.
_FIRST_AND_TOTAL = """() => new Promise((done) => {
  const text = (selector) => document.querySelector(selector)?.textContent ?? '';
  const began = performance.now();
  let first = null;
  new MutationObserver((_, observer) => {
    const now = performance.now() - began;
    if (first === null && text('[data-testid=stProgress]').includes('Training')) first = now;
    if (text('[class*=st-key-verdict-]').includes('Your run says')) { observer.disconnect(); done([first, now]); }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
  [...document.querySelectorAll('button')].find((b) => b.textContent.includes('Run the experiment')).click();
})"""

FIRST_SEED = 900_000
"""Draws that nothing else uses."""


def _headless(runner: Runner, name: str, seed: int) -> tuple[float, float]:
    """Seconds to the first frame and to the end of a default run without a page."""
    run = runner.submit(name, find(name).config(seed=seed))
    run.wait(timeout=300)
    assert run.state == "finished", run.error
    assert run.first_frame_seconds is not None
    return run.first_frame_seconds, run.seconds


def _through_page(chromium: Browser, url: str, seed: int) -> tuple[float, float]:
    """Seconds from the click to the first curve and to the verdict on the screen."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{url}?seed={seed}")
    settled(page)
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    run = page.get_by_role("button", name="Run the experiment")
    run.and_(page.locator(":enabled")).wait_for()
    page.wait_for_timeout(PAUSE_MS)
    first, total = page.evaluate(_FIRST_AND_TOTAL)
    context.close()
    return first / 1000, total / 1000


def measure(name: str, repeats: int) -> dict[str, object]:
    """Medians over `repeats` draws, in seconds, and the median and quartiles of the page's cost over headless."""
    headless: list[tuple[float, float]] = []
    page: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server, browser() as chromium:
        runner = Runner(cache=RunCache(Path(folder) / "headless"))
        runner.start()
        runner.wait_ready()
        ways = [
            (headless, lambda seed: _headless(runner, name, seed)),
            (page, lambda seed: _through_page(chromium, f"{server.url}/lab-{name.replace('_', '-')}", seed)),
        ]
        for turn in range(repeats + 1):
            for times, way in ways if turn % 2 else reversed(ways):
                wait_quiet()  # workers load torch before their first run; a picture is drawn after its verdict
                times.append(way(FIRST_SEED + turn))
        runner.close()
    del headless[0], page[0]  # the first time, nothing is warm
    ratios = [through[1] / alone[1] for through, alone in zip(page, headless, strict=True)]
    return {
        "lab": name,
        "n": repeats,
        "headless_first_frame_s": round(statistics.median(first for first, _ in headless), 2),
        "headless_total_s": round(statistics.median(total for _, total in headless), 2),
        "page_first_frame_s": round(statistics.median(first for first, _ in page), 2),
        "page_total_s": round(statistics.median(total for _, total in page), 2),
        "page_over_headless": round(statistics.median(ratios), 3),
        "page_over_headless_quartiles": [round(ratio, 3) for ratio in statistics.quantiles(ratios)[::2]],
    }


def headless(names: Sequence[str], repeats: int) -> list[dict[str, object]]:
    """Medians of every lab's default run without a page, in seconds, over draws that nothing else uses."""
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(cache=RunCache(Path(folder)))
        runner.start()
        runner.wait_ready()
        wait_quiet()  # the spare is warm, too
        for name in names:
            times = [_headless(runner, name, seed) for seed in range(FIRST_SEED, FIRST_SEED + repeats)]
            found.append(
                {
                    "lab": name,
                    "n": repeats,
                    "first_frame_s": round(statistics.median(first for first, _ in times), 2),
                    "total_s": round(statistics.median(total for _, total in times), 2),
                }
            )
            print(json.dumps(found[-1]), file=sys.stderr, flush=True)  # all of them take minutes
        runner.close()
    return found


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="LAB")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--headless", action="store_true", help="without the page; all labs if none is named")
    arguments = parser.parse_args()
    if not arguments.headless and arguments.repeats < 2:
        parser.error("--repeats must be 2 or more: quartiles need two runs")
    if arguments.headless:
        result = headless(arguments.names or list(labs()), arguments.repeats)
    else:
        result = [measure(name, arguments.repeats) for name in arguments.names or ["strategies"]]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
