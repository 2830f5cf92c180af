"""How fast the screens are, beside a Streamlit hello-world app with default settings, in the same run in Chromium.

Claim: click-to-text and page switch are no slower than in the hello-world app, and a deep link is at its text within
1.3 times its time. Each figure is the median over `--repeats`, the two apps taken in turn so that noise meets both.
The server's process is checked for torch at the end: it must never be loaded there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from content.loader import load_decks
from tests.support.chromium import browser, settled
from tests.support.server import Server, wait_quiet

HELLO = """
import streamlit as st

def first():
    st.title("First page")
    if st.button("Say hello"):
        st.session_state.count = st.session_state.get("count", 0) + 1
    st.write(f"said {st.session_state.get('count', 0)} times")

def second():
    st.title("Second page")

st.navigation([st.Page(first, title="first", default=True), st.Page(second, title="second")]).run()
"""

PAUSE_MS = 300
"""Nobody clicks in the very moment in which the page before has come up; the same pause in both apps."""

QUESTION = "feature-extraction-vs-fine-tuning"

# Waits in the page itself, frame by frame, so that Playwright's own polling is not part of the time.
_UNTIL = """([act, text]) => new Promise((done) => {
  const seen = () => document.querySelector('[data-testid=stMain]')?.textContent.includes(text);
  const began = performance.now();
  if (act) document.evaluate(act, document, null, 9, null).singleNodeValue.click();
  const look = () => seen() ? done(performance.now() - began) : requestAnimationFrame(look);
  look();
})"""


def _button(label: str) -> str:
    return f"//*[@data-testid='stMain']//button[contains(., '{label}')]"


def _link(label: str) -> str:
    return f"//a[@data-testid='stSidebarNavLink'][contains(., '{label}')]"


def _until(page: Page, act: str, text: str) -> float:
    """Milliseconds from the click on the element at XPath `act` until `text` is on the screen."""
    page.wait_for_timeout(PAUSE_MS)
    milliseconds = float(page.evaluate(_UNTIL, [act, text]))
    settled(page)
    return milliseconds


def _open(chromium: Browser, url: str, text: str) -> float:
    """Milliseconds from asking for `url`, with an empty browser cache, until `text` is on the screen."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator("[data-testid=stMain]").get_by_text(text).first.wait_for()
    elapsed = 1000 * (time.perf_counter() - began)
    context.close()
    return elapsed


def _hello_click(page: Page, turn: int) -> float:
    return _until(page, _button("Say hello"), f"said {turn + 1} times")


def _hello_switch(page: Page, _turn: int) -> float:
    there = _until(page, _link("second"), "Second page")
    back = _until(page, _link("first"), "First page")
    return (there + back) / 2


def _our_click(page: Page, turn: int) -> float:
    """Reveal an answer that this visit has not revealed yet; as in the other app, the page's code is already loaded."""
    numbers = range(2, 1 + len(load_decks()[0].questions))
    number = numbers[turn % len(numbers)]
    if turn % len(numbers) == 0:  # a new visit, whose first reveal is not measured
        page.goto(f"{page.url.rsplit('/', 1)[0]}/{QUESTION}", wait_until="commit")
        page.get_by_role("button", name="Reveal the answer").wait_for()
        settled(page)
        _until(page, _button("Reveal the answer"), "The card answer")
    _until(page, _link(f"{number} ·"), f"Question {number} of")
    return _until(page, _button("Reveal the answer"), "The card answer")


def _our_switch(page: Page, _turn: int) -> float:
    there = _until(page, _link("Small"), "Question 3 of")
    back = _until(page, _link("Home"), "Be ready for the transfer-learning interview")
    return (there + back) / 2


def _page(chromium: Browser, url: str) -> Page:
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(url)
    settled(page)
    return page


def _ratio(ours: Callable[[int], float], theirs: Callable[[int], float], repeats: int) -> dict[str, float]:
    pairs = [(ours(turn), theirs(turn)) for turn in range(repeats)]
    mine, hello = (statistics.median(side) for side in zip(*pairs, strict=True))
    return {"ours_ms": round(mine, 1), "hello_ms": round(hello, 1), "ratio": round(mine / hello, 3), "n": repeats}


def measure(repeats: int) -> dict[str, object]:
    """Both apps side by side. Returns medians in ms, their ratios, and whether our server holds torch."""
    with tempfile.TemporaryDirectory() as folder:
        home, hello_home = Path(folder) / "ours", Path(folder) / "hello"
        home.mkdir()
        hello_home.mkdir()
        (hello_home / "hello.py").write_text(HELLO)
        with (
            Server(home) as server,
            Server(hello_home, script=hello_home / "hello.py", settings=("--server.headless", "true")) as hello,
            browser() as chromium,
        ):
            for one in (server, hello):
                assert one.process is not None
                wait_quiet(one.process.pid)
            ours, theirs = _page(chromium, f"{server.url}/{QUESTION}"), _page(chromium, hello.url)
            found: dict[str, object] = {
                "click": _ratio(lambda i: _our_click(ours, i), lambda i: _hello_click(theirs, i), repeats),
                "page_switch": _ratio(lambda i: _our_switch(ours, i), lambda i: _hello_switch(theirs, i), repeats),
                "deep_link": _ratio(
                    lambda i: _open(chromium, f"{server.url}/{QUESTION}", "Think first"),
                    lambda i: _open(chromium, f"{hello.url}/second", "Second page"),
                    repeats,
                ),
            }
            assert server.process is not None
            maps = Path(f"/proc/{server.process.pid}/maps")
            found["server_holds_torch"] = "libtorch" in maps.read_text() if maps.exists() else None
    return found


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    print(json.dumps(measure(parser.parse_args().repeats), indent=2))


if __name__ == "__main__":
    main()
