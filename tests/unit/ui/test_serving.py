"""What the server starts with."""

from __future__ import annotations

import logging

import pytest

from ui import services, serving


@pytest.mark.parametrize(("said", "workers"), [(None, True), ("yes", True), ("no", False), (" No ", False)])
def test_workers_start_with_the_server_unless_it_says_no(
    said: str | None, workers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(serving.WORKERS_VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(serving.WORKERS_VARIABLE, said)
    assert serving.workers_at_start() is workers


def test_anything_else_names_the_remedy(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv(serving.WORKERS_VARIABLE, "maybe")
    with caplog.at_level(logging.WARNING):
        assert serving.workers_at_start()
    assert "'maybe'; set it to yes or no" in caplog.text


@pytest.mark.parametrize("workers", [True, False])
def test_warming_up_touches_workers_only_if_they_are_wanted(workers: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Fake:
        def wait_ready(self) -> bool:
            asked.append("lab workers")
            return True

    monkeypatch.setattr(services, "store", lambda: None)
    monkeypatch.setattr(services, "search_index", lambda: None)
    monkeypatch.setattr(services, "runner", Fake)
    monkeypatch.setattr(services, "desk", lambda: asked.append("quiz's worker"))
    monkeypatch.setattr(serving.gc, "freeze", lambda: None)
    serving.warm_up(workers)
    assert asked == (["lab workers", "quiz's worker"] if workers else [])
