"""The runs of this visit: the last few are kept with their frames, so that they are shown again and compared.

An older one is not lost: it lies in the runner's cache, and running its settings again replays it at once.
"""

from __future__ import annotations

from demos.base import Lab, LabConfig
from demos.runner import Run
from ui import services, session

MOST_KEPT = 8
"""Of all labs together: a run's frames take up to a few megabytes, and a server has many visits."""

_KEY = "recent-runs"


def find(lab: Lab, config: LabConfig) -> Run | None:
    """This visit's run of these dials, or one that is under way elsewhere (found again after a reload)."""
    for run in _kept():
        if run.lab == lab.name and run.config == config:
            return run
    elsewhere = services.runner().find(lab.name, config)
    if elsewhere is not None:
        add(elsewhere)
    return elsewhere


def add(run: Run) -> None:
    """Keep the run, newest first; an earlier one of the same dials makes room for it."""
    others = [kept for kept in _kept() if (kept.lab, kept.config) != (run.lab, run.config)]
    session.keep(_KEY, [run, *others][:MOST_KEPT])


def earlier(lab: Lab, config: LabConfig) -> list[Run]:
    """Finished runs of this lab with other dials, newest first."""
    return [run for run in _kept() if run.lab == lab.name and run.config != config and run.state == "finished"]


def _kept() -> list[Run]:
    runs: list[Run] = session.kept(_KEY, [])
    return runs
