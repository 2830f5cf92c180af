"""What the tests of the running machinery share: the toy lab, a cache of their own, one runner per module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import demos
from demos import catalogue
from demos.base import LabConfig
from demos.cache import RunCache
from demos.runner import Runner

TOY_LABS = Path(__file__).parents[2] / "toylabs"
REPOSITORY = Path(__file__).parents[3]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run. A zombie does not: it only waits for its parent to notice."""
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def toy_labs() -> Iterator[Path]:
    """The folder of the toy lab, known to the catalogue only while these tests need it."""
    catalogue.add_root(TOY_LABS)
    yield TOY_LABS
    demos.__path__.remove(str(TOY_LABS))


@pytest.fixture(scope="module")
def toy(toy_labs: Path) -> Callable[..., LabConfig]:
    """Makes configs of the toy lab."""

    def make(**values: Any) -> LabConfig:
        return catalogue.lab("toy").config.model_validate(values)

    return make


@pytest.fixture(scope="module")
def runner(toy_labs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Two warm workers and a spare; worker processes are costly to start, so the tests of a module share them."""
    cache = RunCache(tmp_path_factory.mktemp("runs"))
    made = Runner(workers=2, spares=1, roots=[toy_labs], warm_for=["toy"], cache=cache)
    made.start()
    assert made.wait_ready()
    yield made
    made.close()


@pytest.fixture
def warm(runner: Runner) -> Runner:
    """The module's runner, with all its workers and the spare warm again."""
    assert runner.wait_ready(spares=True)
    return runner
