"""A run's frames as a table for other programs: CSV, one row per frame."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from demos.base import Frame


def frames_csv(frames: Sequence[Frame]) -> str:
    """The frames as CSV with a header: nested numbers get dotted names (`drift.stem`), lists are JSON, None is empty.

    Rows are in the order of the replicates, whichever worker was faster. Columns are those of all frames together.
    """
    rows = [_flat(frame.model_dump(mode="json")) for frame in sorted(frames, key=lambda frame: frame.replicate)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in value.items():
        if isinstance(item, Mapping):
            found |= _flat(item, f"{prefix}{name}.")
        else:
            found[prefix + name] = json.dumps(item) if isinstance(item, list) else item
    return found
