"""Features on disk: one computation for each version, within a size, and none of pictures that were removed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from demos import imagenet, photographs, uploads
from tests.unit.demos.test_uploads import good

Features = Callable[[int], np.ndarray]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where features are kept in this test."""
    monkeypatch.setenv("TLI_UPLOADS_DIR", str(tmp_path / "pictures"))
    monkeypatch.setenv("TLI_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the images of each pass through the network, which costs nothing here."""
    passes: list[int] = []

    def compute(pixels: np.ndarray, after: list[str], pretrained: bool, seed: int) -> dict[str, np.ndarray]:
        passes.append(len(pixels))
        return {name: np.full((len(pixels), 8), len(passes), np.float32) for name in after}

    monkeypatch.setattr(imagenet, "_compute", compute)
    return passes


def images(number: int, side: int = 32) -> np.ndarray:
    return np.full((3, side, side, 3), number, np.uint8)


def test_the_same_images_are_computed_once(computed: list[int], folder: Path) -> None:
    first = imagenet.depth_features(images(0), ["top", "stage3"])
    again = imagenet.depth_features(images(0), ["stage3"])
    assert np.array_equal(first["stage3"], again["stage3"]) and computed == [3]
    imagenet.features(images(1))
    imagenet.features(images(0), pretrained=False, seed=1)
    assert len(computed) == 3 and len(list(folder.iterdir())) == 4


def test_a_damaged_file_is_computed_again(computed: list[int], folder: Path) -> None:
    imagenet.features(images(0))
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:40])
    assert imagenet.features(images(0))[0, 0] == 2 == imagenet.features(images(0))[0, 0]


def test_another_version_computes_anew_and_clears_up(
    computed: list[int], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imagenet.features(images(0))
    unversioned = folder / f"{'a' * 32}-imagenet-top.npy"  # as features were named at first
    unversioned.write_bytes(b"old")
    monkeypatch.setattr(imagenet, "_VERSION", "anotherone12")
    assert imagenet.features(images(0))[0, 0] == 2
    (file,) = folder.iterdir()
    assert file.stem.endswith("-anotherone12")


@pytest.mark.parametrize("changed", ["imagenet", "photographs", "torch", "package"])
def test_the_version_stands_for_what_features_depend_on(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert imagenet._version() == imagenet._VERSION and len(imagenet._VERSION) == 12
    if changed == "torch":
        monkeypatch.setattr("torch.__version__", "99.0")
    elif changed == "package":
        monkeypatch.setattr(imagenet, "version", lambda name: "99.0")
    else:
        module = {"imagenet": imagenet, "photographs": photographs}[changed]
        edited = tmp_path / "edited.py"
        edited.write_text(Path(module.__file__).read_text() + "\n# edited\n")
        monkeypatch.setattr(module, "__file__", str(edited))
    assert imagenet._version() != imagenet._VERSION


def test_features_stay_within_their_size_and_what_is_used_stays(
    computed: list[int], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        imagenet.features(images(number))
        newest = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (time.time() - 100 + number,) * 2)
    imagenet.features(images(0))  # used again: 1 and 2 are now the oldest
    monkeypatch.setattr(imagenet, "MOST_BYTES", 3 * newest.stat().st_size)
    imagenet.features(images(4))
    assert len(list(folder.iterdir())) == 3 and len(computed) == 5
    for number in (0, 3, 4):
        imagenet.features(images(number))
    assert len(computed) == 5
    imagenet.features(images(1))
    assert len(computed) == 6


def test_features_of_own_pictures_go_when_these_are_removed(computed: list[int], folder: Path) -> None:
    first, second = uploads.from_files(good()), uploads.from_files(good()[1:])
    for collection in (first, second):
        uploads.keep(collection)
        imagenet.features(collection.pixels)
        imagenet.features(collection.pixels, pretrained=False)
    imagenet.features(images(0))
    assert len(computed) == 5 == len(list(folder.iterdir()))
    imagenet.features(first.pixels)
    assert len(computed) == 5, "found again"
    uploads.delete(first.key)
    assert len(list(folder.iterdir())) == 3
    assert not any(first.key in path.name for path in folder.iterdir())
    assert sum(second.key in path.name for path in folder.iterdir()) == 2


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_pictures_that_are_removed_during_a_run_leave_no_features(
    moment: str, computed: list[int], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = uploads.from_files(good())
    uploads.keep(collection)
    compute = imagenet._compute

    def removed_meanwhile(*args: object) -> dict[str, np.ndarray]:
        uploads.delete(collection.key)
        return compute(*args)  # type: ignore[arg-type]

    if moment == "before":
        uploads.delete(collection.key)
    else:
        monkeypatch.setattr(imagenet, "_compute", removed_meanwhile)
    assert len(imagenet.features(collection.pixels)) == len(collection.labels)
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_only_costs_time(computed: list[int], folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("in the way")
    imagenet.features(images(0))
    imagenet.features(images(0))
    assert computed == [3, 3]
