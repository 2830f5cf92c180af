"""`make bench`: every figure that the README quotes, one JSON object on stdout."""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib.metadata import version

from benchmarks import labs, libraries, memory, pages, training
from demos import catalogue


def main() -> None:
    """Run all benchmarks, one after the other so that they do not disturb each other."""
    argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__).parse_args()
    found = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("streamlit", "torch", "numpy", "altair")},
        "training": training.figures(),
        "libraries": libraries.figures(),
        "labs": labs.headless(list(catalogue.labs()), repeats=3),
        "page": labs.measure("strategies", repeats=15),
        "memory": memory.measure(["strategies"], runs=50, early=5),
        "pages": pages.measure(repeats=15),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
