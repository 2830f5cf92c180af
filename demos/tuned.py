"""The learning rates that a sweep has chosen: what `python -m demos tune NAME` left beside the lab. No torch."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def rates(lab: str) -> dict[str, dict[str, Any]]:
    """The best rate of every case, by group: `rates(lab)[group][case]`."""
    path = Path(__file__).parent / lab / "tuned.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["rates"])
