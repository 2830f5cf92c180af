"""The lab from prediction to verdict; stop, leave and come back, queue, a killed worker, permalinks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect

from tests.support.chromium import settled
from tests.support.server import Server

LAB = "lab-strategies"
LONG = "labels_per_class=100&steps=1000&replicates=4"
VERDICT_SECONDS = 90
"""Generous: the machine that runs the tests may be busy. The speed itself is measured by the benchmark."""


def _predict_and_run(page: Page) -> None:
    settled(page)
    page.locator("[data-testid=stRadio] [role=radiogroup] label").first.click()
    run = page.get_by_role("button", name="Run the experiment")
    expect(run).to_be_enabled()
    run.click()


def _is_worker(process: psutil.Process) -> bool:
    """Whether it runs experiments. False for one that was killed and is only waiting to be noticed."""
    try:
        return {"demos", "worker"} <= set(process.cmdline())
    except psutil.Error:
        return False


def _user_seconds(process: psutil.Process) -> float:
    try:
        return float(process.cpu_times().user)
    except psutil.Error:  # it has ended meanwhile
        return 0.0


def _workers(server: Server) -> list[psutil.Process]:
    assert server.process is not None
    return [child for child in psutil.Process(server.process.pid).children(recursive=True) if _is_worker(child)]


def _busiest(server: Server) -> tuple[psutil.Process, float]:
    """The worker that computed most in the last second, and for how many seconds."""
    workers = _workers(server)
    before = {worker.pid: _user_seconds(worker) for worker in workers}
    time.sleep(1)
    spent = {worker: _user_seconds(worker) - before[worker.pid] for worker in workers}
    busiest = max(spent, key=lambda worker: spent[worker])
    return busiest, spent[busiest]


def _wait_until_idle(server: Server) -> None:
    """Workers that replace those of earlier tests have loaded torch: from now on, a busy one computes a run."""
    deadline = time.monotonic() + 120
    while _busiest(server)[1] > 0.05 and time.monotonic() < deadline:
        pass


def test_run_to_the_verdict(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/{LAB}?seed=4711")
    settled(page)
    expect(page.get_by_role("button", name="Run the experiment")).to_be_disabled()
    _predict_and_run(page)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_text("You predicted")).to_be_visible(timeout=1000 * VERDICT_SECONDS)
    expect(page.get_by_role("img").first).to_be_visible()
    expect(page.get_by_text("Your run says")).to_be_visible()
    assert "seed=4711" in page.url


def test_stop_midway_keeps_the_curves_and_gives_no_verdict(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/{LAB}?{LONG}&seed=4712")
    _predict_and_run(page)
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("there is no verdict on half a run")).to_be_visible(timeout=5_000)
    expect(page.get_by_text("You predicted")).to_have_count(0)


def test_what_was_asked_makes_room_for_the_curves_at_once(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/lab-lr-decay?replicates=20&seed=4716")
    question, charts = page.get_by_test_id("stRadio"), page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(1)  # what the rates will be
    _predict_and_run(page)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_text("Your prediction:")).to_be_visible()
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=30_000)
    expect(question).to_have_count(0, timeout=1_000)
    expect(charts).to_have_count(1, timeout=1_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("there is no verdict on half a run")).to_be_visible(timeout=5_000)


def test_the_answer_beside_a_run_opens_at_once_and_the_run_goes_on(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{server.url}/feature-extraction-vs-fine-tuning?lab=strategies&{LONG}&seed=4714")
    _predict_and_run(page)
    progress = page.get_by_test_id("stProgress")
    expect(progress).to_contain_text("s left", timeout=30_000)  # it draws again and again by now
    page.get_by_role("button", name="Reveal the answer").click()
    expect(page.get_by_role("button", name="Reveal the answer")).to_have_count(0, timeout=3_000)
    said = progress.inner_text()
    expect(progress).not_to_have_text(said, timeout=15_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("there is no verdict on half a run")).to_be_visible(timeout=5_000)


def test_dials_are_drawn_when_opened_and_stay_open(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/{LAB}?seed=4715")
    settled(page)
    expect(page.get_by_test_id("stSlider")).to_have_count(0)
    page.get_by_text("Dials", exact=True).click()
    labels = page.get_by_role("slider").first
    labels.focus()
    labels.press("ArrowRight")
    page.wait_for_url("**labels_per_class=2**")
    settled(page)
    expect(labels).to_be_visible()
    assert "seed=4715" in page.url


def test_a_run_goes_on_while_the_learner_is_elsewhere(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/{LAB}?{LONG}&seed=4713")
    _predict_and_run(page)
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=30_000)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Progress").click()
    expect(page.get_by_role("heading", name="Progress")).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=10_000)
    page.reload()
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=10_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("there is no verdict on half a run")).to_be_visible(timeout=5_000)


def test_a_third_run_sees_its_place_in_the_queue(server: Server, open_page: Callable[..., Page]) -> None:
    pages = [open_page(f"{server.url}/{LAB}?{LONG}&seed={seed}") for seed in (4721, 4722, 4723)]
    for page in pages[:2]:
        _predict_and_run(page)
        expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=30_000)
    _predict_and_run(pages[2])
    expect(pages[2].get_by_text("place 1 in the queue")).to_be_visible(timeout=10_000)
    pages[0].get_by_role("button", name="Stop").click()
    expect(pages[2].get_by_test_id("stProgress")).to_be_visible(timeout=30_000)
    for page in pages[1:]:
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("there is no verdict on half a run")).to_be_visible(timeout=5_000)


def test_a_killed_worker_is_explained_and_the_next_run_works(server: Server, open_page: Callable[..., Page]) -> None:
    _wait_until_idle(server)
    page = open_page(f"{server.url}/{LAB}?{LONG}&seed=4731")
    _predict_and_run(page)
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=30_000)
    _busiest(server)[0].kill()
    expect(page.get_by_text("ended unexpectedly")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_test_id("stProgress")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("there is no verdict on half a run")).to_be_visible(timeout=5_000)


def test_a_bad_address_names_the_remedy(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{server.url}/{LAB}?labels_per_class=999999&steps=abc")
    expect(page.get_by_text("The address asks for labels_per_class")).to_be_visible()
    expect(page.get_by_text("The address asks for steps")).to_be_visible()
    expect(page.get_by_role("button", name="Run the experiment")).to_be_visible()


def test_the_server_never_loads_torch(server: Server, open_page: Callable[..., Page]) -> None:
    assert server.process is not None
    deadline = time.monotonic() + 60
    while len(_workers(server)) < 2 and time.monotonic() < deadline:
        time.sleep(0.5)
    assert len(_workers(server)) >= 2
    assert "libtorch" not in Path(f"/proc/{server.process.pid}/maps").read_text()
