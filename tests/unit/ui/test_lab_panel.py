"""What a press of Run writes down: the prediction of a draw's first run, and no second one once its end is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demos import catalogue
from study.store import Store
from ui import lab_panel, services

LAB = catalogue.lab("strategies")


@dataclass
class Run:
    """As much of a run as the panel looks at when it starts one."""

    id: str
    verdict: None = None


class Runner:
    """Starts nothing."""

    def __init__(self) -> None:
        self.started = 0

    def submit(self, *_: Any, **__: Any) -> Run:
        self.started += 1
        return Run(f"run-{self.started}")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    kept = Store(f"sqlite:///{tmp_path / 'study.sqlite3'}")
    runner = Runner()
    monkeypatch.setattr(services, "store", lambda: kept)
    monkeypatch.setattr(services, "runner", lambda: runner)
    monkeypatch.setattr(lab_panel.recent_runs, "add", lambda run: None)
    monkeypatch.setattr(lab_panel.watching, "watch", lambda run: None)
    yield kept
    kept.close()


def _settled(store: Store) -> list[tuple[str, str | None]]:
    return [(item.prediction_id, item.outcome) for item in store.predictions()]


def test_only_the_first_prediction_of_a_draw_counts(store: Store) -> None:
    config = LAB.config(seed=1)
    lab_panel._start(LAB, config, "holds", True)
    store.settle_prediction("run-1", "does_not_hold", services.now())
    lab_panel._start(LAB, config, "does_not_hold", False)
    assert _settled(store) == [("run-1", "does_not_hold")]
    lab_panel._start(LAB, LAB.config(seed=2), "holds", True)
    assert _settled(store) == [("run-1", "does_not_hold"), ("run-3", None)]


def test_after_a_run_that_was_stopped_the_next_one_counts(store: Store) -> None:
    lab_panel._start(LAB, LAB.config(seed=1), "holds", True)
    lab_panel._start(LAB, LAB.config(seed=1), "does_not_hold", False)
    store.settle_prediction("run-2", "holds", services.now())
    assert _settled(store) == [("run-1", None), ("run-2", "holds")]
