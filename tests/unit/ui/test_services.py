"""What the services make of what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from demos.quadrants import Point
from study.store import Store
from ui import services


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    kept = Store(f"sqlite:///{tmp_path / 'study.sqlite3'}")
    monkeypatch.setattr(services, "store", lambda: kept)
    yield kept
    kept.close()


def test_points_that_mixed_two_probes_are_left_out(store: Store) -> None:
    """Runs of before November 2026 put the last block's similarity beside another block's lead."""
    plain = _point("distant_domain", "letters to textures")
    named = _point("distant_domain", "letters to textures, probe after stem")
    other = _point("small_data", "letters to digits")
    runs = [
        ("distant_domain", {"probe_depth": "last"}, plain),
        ("distant_domain", {"probe_depth": "first"}, plain),
        ("distant_domain", {"probe_depth": "first"}, named),
        ("small_data", {}, other),
    ]
    for number, (lab, config, point) in enumerate(runs):
        measured = {"quadrant_point": asdict(point)}
        store.log_run(lab, config, 1.0, "holds", services.now(), run_id=f"run-{number}", measured=measured)
    assert services.quadrant_points() == [plain, named, other]


def _point(lab: str, transfer: str) -> Point:
    return Point(lab=lab, transfer=transfer, labels_per_class=40, similarity=12.0, lead=-15.0, half_width=2.0)
