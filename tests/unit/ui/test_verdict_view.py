"""What the end of a run says about itself."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from demos.resolution.lab import LAB, Config
from demos.runs import Run
from ui import session, verdict_view


def test_a_replayed_run_is_dated_by_the_learners_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "timezone", lambda: ZoneInfo("Asia/Tokyo"))
    run = Run(LAB, Config(), end=lambda run, ending: None)
    run.replay([], 1.0, 0.1, datetime(2026, 3, 4, 20, 0, tzinfo=UTC))
    assert "replayed from 05 Mar 2026" in verdict_view._how_measured(Config(), run)
