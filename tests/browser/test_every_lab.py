"""Every lab in a real browser: from the prediction to its verdict, and its picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from demos import catalogue
from tests.support.chromium import settled
from tests.support.server import Server
from ui.navigation import lab_path

VERDICT_SECONDS = 240
"""Generous: the machine that runs the tests may be slow or busy. The speed itself is measured by the benchmark."""

LONG = ("adaptation", "discriminative", "distant_domain", "forgetting", "small_data")
"""Run with the fewest replicates there can be, the others at their defaults: what a browser shows of a run is the same
with two, and the defaults' verdicts are tested without one (`python -m demos validate`, the labs' own tests)."""

pytestmark = pytest.mark.timeout(3 * VERDICT_SECONDS)


@pytest.mark.parametrize("name", sorted(catalogue.labs()))
def test_a_lab_runs_to_its_verdict(name: str, server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/{lab_path(name)}{'?replicates=2' if name in LONG else ''}")
    settled(page)
    lab = catalogue.lab(name)
    expect(page.get_by_role("heading", name=lab.title, exact=True)).to_be_visible()
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    run = page.get_by_role("button", name="Run the experiment")
    expect(run).to_be_enabled()
    run.click()
    expect(page.get_by_text("Your run says:")).to_be_visible(timeout=VERDICT_SECONDS * 1000)
    expect(page.locator("[class*=st-key-verdict-]")).to_have_count(1)
    picture = page.locator("[data-testid=stImage] img").first
    expect(picture).to_be_visible()
    assert len(picture.get_attribute("alt") or "") > 40, "the figure has a text alternative"
    assert picture.evaluate("image => image.naturalWidth") > 1000, "crisp on high-density screens"


_PICTURES_ARE_THERE = """() => {
  const pictures = [...document.querySelectorAll('[data-testid=stImage] img')];
  return pictures.length > 0 && pictures.every((one) => one.complete && one.naturalWidth > 0);
}"""


def _predict_and_run(page: Page) -> None:
    settled(page)
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    page.locator("button:enabled", has_text="Run the experiment").click()
    expect(page.get_by_text("Your run says:")).to_be_visible(timeout=VERDICT_SECONDS * 1000)
    # Streamlit drops a picture that the next screen does not show; one still on its way would be a 404 in the console.
    page.wait_for_function(_PICTURES_ARE_THERE)


def test_a_run_is_laid_over_an_earlier_one_and_taken_away(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/lab-strategies?seed=31")
    _predict_and_run(page)
    page.get_by_role("radio", name="Five labels per class").or_(
        page.get_by_role("button", name="Five labels per class")
    ).click()
    expect(page.get_by_role("button", name="Run the experiment")).to_be_visible()
    _predict_and_run(page)
    choice = page.locator("[class*=st-key-compare] input")
    choice.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # scrolling closes the list, also the scrolling that is still under way
    choice.click()
    page.get_by_role("option", name="Labels per class 1 (now 5)").click()
    expect(page.get_by_text("Pale: the earlier one.")).to_be_visible()
    page.get_by_text("The run in numbers").click()
    for button, suffix in (("Frames (CSV)", ".csv"), ("Figure (PNG)", ".png"), ("Figure (SVG)", ".svg")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.suggested_filename == f"strategies-draw-31{suffix}"
        assert download.value.path().stat().st_size > 1000
