"""`make screenshots`: the screens as a person meets them, desktop and phone, light and dark, into docs/screenshots.

python -m tests.browser.screenshots [--out DIR] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from content.loader import DECKS
from demos import catalogue
from tests.support.chromium import browser, settled
from tests.support.server import ROOT, Server
from ui import navigation

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
LAB_PREFIX = "verdict-"
QUESTION = "feature-extraction-vs-fine-tuning"
EXERCISE = DECKS / "transfer-learning" / "10-layer-freezing" / "exercises" / "freeze-first-children" / "solution.py"


def _as_it_is(page: Page) -> None:
    """Nothing to do: the screen as it opens."""


def _reveal(page: Page) -> None:
    page.get_by_role("button", name="Reveal").first.click()
    settled(page)


def _run_lab(page: Page) -> None:
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    page.locator("button:enabled", has_text="Run the experiment").click()
    page.get_by_text("Your run says:").wait_for(timeout=180_000)
    page.get_by_text("The run in numbers").wait_for()  # the verdict comes first, the pictures a second later
    settled(page)


def _run_lab_halfway(page: Page) -> None:
    """A draw of its own each time: a finished run would be replayed at once."""
    page.goto(f"{page.url}&seed={int(time.time())}")
    settled(page)
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    page.locator("button:enabled", has_text="Run the experiment").click()
    page.get_by_test_id("stProgress").get_by_text("Training").wait_for(timeout=120_000)  # after the runs before it
    page.wait_for_timeout(5000)


def _some_reviews(page: Page) -> None:
    """Answer a few cards, so that there is progress to show."""
    for turn in range(6):
        page.get_by_role("button", name="Reveal").click()
        page.locator("button", has_text=("Good ·", "Easy ·", "Again ·")[turn % 3]).click()
        page.get_by_role("button", name="Reveal").wait_for()
        settled(page)


def _only(kind: str) -> Callable[[Page], None]:
    """Ask one kind of card only, and answer that one does not know."""

    def prepare(page: Page) -> None:
        page.get_by_role("button", name="Asking").click()
        page.get_by_test_id("stPopoverBody").get_by_role("button", name=kind, exact=True).click()
        settled(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="I don't know").click()
        page.get_by_role("button", name="Good ·").wait_for()
        settled(page)

    return prepare


def _solve(page: Page) -> None:
    """The reference solution, run."""
    editor = page.frame_locator("iframe").first.locator(".ace_content")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(EXERCISE.read_text(encoding="utf-8"))
    page.wait_for_timeout(1500)
    settled(page)
    page.get_by_role("button", name="Run the tests").click()
    page.get_by_text("tests passed").first.wait_for(timeout=60_000)
    settled(page)


def _begin_interview(page: Page) -> None:
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Your answer").wait_for()
    settled(page)


def _end_interview(page: Page) -> None:
    """Two answers, then the report."""
    _begin_interview(page)
    for answer in ("Freeze the backbone and train a new head.", "Small steps keep what was learned."):
        page.get_by_label("Your answer").fill(answer)
        page.get_by_role("button", name="Answer").click()
        page.wait_for_timeout(1500)
        settled(page)
    page.get_by_role("button", name="End the interview").click()
    page.get_by_role("button", name="End and see the report").click()
    page.get_by_role("heading", name="How it went").wait_for()
    settled(page)


SHOTS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "home": ("", _as_it_is),
    "question": (QUESTION, _as_it_is),
    "question-revealed": (QUESTION, _reveal),
    "question-with-two-labs": ("lower-learning-rate", _as_it_is),
    "lab": ("lab-strategies", _as_it_is),
    "lab-running": ("lab-strategies?labels_per_class=5", _run_lab_halfway),
    "lab-verdict": ("lab-strategies", _run_lab),
    "search": ("search?q=batchnorm", _as_it_is),
    "quiz": ("quiz", _as_it_is),
    "quiz-revealed": ("quiz", _reveal),
    "quiz-choice": ("quiz", _only("Choice")),
    "quiz-bug": ("quiz", _only("Spot the bug")),
    "quiz-numbers": ("quiz", _only("Numbers")),
    "exercises": ("exercises", _as_it_is),
    "exercise": (f"exercises?exercise={EXERCISE.parent.name}", _solve),
    "interview": ("interview", _begin_interview),
    "interview-report": ("interview", _end_interview),
    "progress": ("progress", _as_it_is),
    "plan": ("plan", _as_it_is),
    "cards": ("cards", _as_it_is),
    "export": ("export", _as_it_is),
}


def _shots_of_labs() -> dict[str, tuple[str, Callable[[Page], None]]]:
    """Every lab after its default run; the second colour scheme replays the first one's."""
    return {f"{LAB_PREFIX}{name}": (navigation.lab_path(name), _run_lab) for name in catalogue.labs()}


def shoot(chromium: Browser, server: Server, out: Path, only: list[str], *, full: bool) -> None:
    """One PNG per screen, size and colour scheme."""
    for name, (path, prepare) in {**SHOTS, **_shots_of_labs()}.items():
        if only and name not in only:
            continue
        of_lab = name.startswith(LAB_PREFIX)
        for size, (width, height) in SIZES.items():
            if of_lab and size == "phone":
                continue
            for scheme in ("light", "dark"):
                context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                page = context.new_page()
                page.goto(f"{server.url}/{path}")
                settled(page)
                prepare(page)
                page.wait_for_timeout(400)
                if full or of_lab:
                    _grow(page, width)
                _save(page.screenshot(), out / f"{name}-{size}-{scheme}.png")
                context.close()


def _save(png: bytes, path: Path) -> None:
    """In 256 colours chosen for the picture: a third of the size, and hardly a difference on flat colours."""
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)


def _grow(page: Page, width: int) -> None:
    """Make the window as tall as the screen's content, which scrolls inside Streamlit's own container."""
    needed = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(int(needed) + 80, 8000)})
    page.wait_for_timeout(400)


def main() -> None:
    """Renew the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--only", nargs="*", default=[], choices=[*SHOTS, *_shots_of_labs()])
    parser.add_argument("--full", action="store_true", help="the whole length of each screen")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, Server(Path(home)) as server, browser() as chromium:
        if not arguments.only or "progress" in arguments.only:
            page = chromium.new_page()
            page.goto(f"{server.url}/quiz")
            settled(page)
            _some_reviews(page)
            page.close()
        shoot(chromium, server, arguments.out, arguments.only, full=arguments.full)


if __name__ == "__main__":
    main()
