"""Pictures of one's own: refused with a reason, taken, learned from, opened by a cell of the table, removed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.support.chromium import settled
from tests.support.server import Server

COLOURS = {"apples": (200, 40, 40), "blueberries": (40, 60, 190), "limes": (60, 180, 60)}


def pictures(classes: list[str]) -> bytes:
    """A ZIP file with six noisy pictures of each class, which differ in their colour."""
    generator, out = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in classes:
            for number in range(6):
                noise = generator.normal(0, 45, (80, 100, 3)) + COLOURS[name]
                picture = io.BytesIO()
                Image.fromarray(noise.clip(0, 255).astype(np.uint8)).save(picture, "PNG")
                archive.writestr(f"fruit/{name}/{number}.png", picture.getvalue())
    return out.getvalue()


def bring(page: Page, content: bytes) -> None:
    page.locator(".st-key-own-images-zip input[type=file]").set_input_files(
        files=FilePayload(name="fruit.zip", mimeType="application/zip", buffer=content)
    )


@pytest.fixture
def page(server: Server, open_page: Callable[..., Page]) -> Page:
    opened = open_page(f"{server.url}/lab-own-images?pictures=own&labels_per_class=2&replicates=3")
    settled(opened)
    return opened


def test_pictures_are_brought_learned_from_opened_and_removed(page: Page) -> None:
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    expect(page.get_by_text("Bring your pictures first.")).to_be_visible()
    run = page.get_by_role("button", name="Run the experiment")
    expect(run).to_be_disabled()

    bring(page, pictures(["apples"]))
    expect(page.get_by_text("There is one class only, 'apples'.")).to_be_visible()

    bring(page, pictures(list(COLOURS)))
    expect(page.get_by_text("18 pictures:")).to_be_visible()
    expect(page.get_by_text("apples (6), blueberries (6), limes (6)")).to_be_visible()
    settled(page)  # a click on a part of the screen that is just being replaced is lost
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    expect(run).to_be_enabled()
    run.click()
    expect(page.get_by_text("Your run says:")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Which picture was taken for what?")).to_be_visible()

    table = page.locator("[class*=st-key-confusion] [data-testid=stDataFrame]")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + 52)  # the first row below the header
    # The heading says "taken for", too: only what the cell opens shows that the click has arrived.
    expect(page.get_by_text(re.compile(r"^(No \w+ was taken for \w+\.|\w+ taken for \w+.*:)$"))).to_be_visible()
    expect(page.locator("[data-testid=stImage] img").last).to_be_visible()

    settled(page)
    page.get_by_role("button", name="Remove these pictures").click()
    expect(page.get_by_text("Bring your pictures first.")).to_be_visible(timeout=20_000)


def test_a_photograph_of_ones_own_is_shown_at_several_sizes(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/lab-resolution?photograph=own&replicates=2")
    settled(page)
    expect(page.get_by_text("No picture has been brought.").first).to_be_visible()
    chooser = page.locator(".st-key-own-photograph input[type=file]")
    chooser.set_input_files(files=FilePayload(name="x.png", mimeType="image/png", buffer=b"no picture"))
    expect(page.get_by_text("x.png is not a picture that can be read.")).to_be_visible()
    noise, picture = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8), io.BytesIO()
    Image.fromarray(noise).save(picture, "PNG")
    chooser.set_input_files(files=FilePayload(name="me.png", mimeType="image/png", buffer=picture.getvalue()))
    expect(page.get_by_role("button", name="Remove it from this machine")).to_be_visible()
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    page.locator("button:enabled", has_text="Run the experiment").click()
    expect(page.get_by_text("Your run says:")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("ImageNet weights and your picture")).to_be_visible(timeout=20_000)
