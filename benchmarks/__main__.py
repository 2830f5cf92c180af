"""`make bench`: every figure that the README quotes, one JSON object on stdout."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version

from benchmarks import labs, pages, training


def main() -> None:
    """Run all benchmarks, one after the other so that they do not disturb each other."""
    found = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("streamlit", "torch", "numpy", "altair")},
        "training": training.figures(),
        "labs": [labs.measure("strategies", repeats=7)],
        "pages": pages.measure(repeats=15),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
