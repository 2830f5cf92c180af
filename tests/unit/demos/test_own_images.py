"""The own-images lab: what is learned from is never tested on, and a cell holds the pictures that belong there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from demos import imagenet, uploads
from demos.own_images import experiment, figure, lab
from tests.unit.demos.test_uploads import good


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("TLI_UPLOADS_DIR", str(tmp_path / "pictures"))
    monkeypatch.setenv("TLI_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def own() -> lab.Config:
    collection = uploads.from_files(good())
    uploads.keep(collection)
    return lab.Config(pictures="own", collection=collection.key, labels_per_class=2, replicates=2)


@pytest.mark.parametrize("pictures", ["textures", "digits", "own"])
def test_what_is_learned_from_is_never_tested_on(pictures: str, own: lab.Config) -> None:
    config = own.model_copy(update={"pictures": pictures})
    for replicate in range(4):
        drawn = experiment.draw(config, replicate)
        assert not set(drawn.learn) & set(drawn.test)
        assert np.bincount(drawn.labels[drawn.learn]).tolist() == [2] * len(drawn.classes)
        learned = {drawn.pixels[row].tobytes() for row in drawn.learn}
        assert not learned & {drawn.pixels[row].tobytes() for row in drawn.test}


def test_at_most_half_of_a_class_is_learned_from(own: lab.Config) -> None:
    drawn = experiment.draw(own.model_copy(update={"labels_per_class": 50}), 0)
    assert len(drawn.learn) == 4 and len(drawn.test) == 6


def test_pictures_that_are_gone_are_named(own: lab.Config) -> None:
    uploads.delete(own.collection)
    with pytest.raises(uploads.UploadError, match="Bring them again"):
        next(experiment.run(own, 0))


def test_raw_pixels_are_block_means(own: lab.Config) -> None:
    drawn = experiment.draw(own, 0)
    values = experiment.features(drawn, lab.PIXELS).reshape(-1, 16, 16, 3)
    assert values[3, 2, 5] == pytest.approx(drawn.pixels[3, 16:24, 40:48].mean((0, 1)) / 255, abs=1e-6)


def test_standardised_features_have_mean_0_and_spread_1_where_they_vary() -> None:
    values = np.random.default_rng(0).normal(3, 2, (20, 4)).astype(np.float32)
    values[:, 1] = 7
    learn = np.arange(12)
    scaled = experiment.standardised(values, learn)
    assert scaled[learn].mean(0) == pytest.approx(np.zeros(4), abs=1e-5)
    assert scaled[learn].std(0) == pytest.approx([1, 0, 1, 1], abs=1e-5)


def test_a_cell_holds_the_pictures_that_were_taken_for_that_class(own: lab.Config) -> None:
    frames = [frame for replicate in range(2) for frame in experiment.run(own, replicate)]
    counts, classes = figure.confusion(frames)
    assert classes == ("cats", "dogs")
    assert counts.sum() == 2 * 6
    collection = uploads.load(own.collection)
    for label in range(2):
        for predicted in range(2):
            rows = figure.in_cell(frames, label, predicted)
            assert (len(rows) > 0) == (counts[label, predicted] > 0)
            assert all(collection.labels[row] == label for row in rows)
    assert "with 2 labels per class (half of a class that has fewer than 4 pictures): " in figure.alt_text(own, frames)
    digits = own.model_copy(update={"pictures": "digits"})
    assert "with 2 labels per class: " in figure.alt_text(digits, frames)
    final = lab.results(own, frames)[0].values
    assert np.mean(final) == pytest.approx(100 * np.trace(counts) / counts.sum())


def test_features_of_own_pictures_are_kept_under_their_collection(own: lab.Config, tmp_path: Path) -> None:
    """So that they can go with it (`imagenet._forget_removed`)."""
    drawn = experiment.draw(own, 0)
    experiment.features(drawn, lab.IMAGENET)
    (file,) = (tmp_path / "cache" / "features").iterdir()
    assert file.name.startswith(f"own-{own.collection}-")


def test_features_are_the_networks_own_averaged_over_positions() -> None:
    """The cached, batched path against a forward pass written out."""
    pixels = np.random.default_rng(1).integers(0, 256, (9, 48, 48, 3), dtype=np.uint8)
    found = imagenet.depth_features(pixels, ["stage3", "top"])
    model = imagenet.efficientnet_lite0()
    with torch.inference_mode():
        x = imagenet.to_input(pixels)
        seen = {}
        for name, block in model.named_children():
            x = block(x)
            seen[name] = x
    assert np.allclose(found["top"], seen["top"].numpy(), atol=1e-4)
    assert np.allclose(found["stage3"], seen["stage3"].mean((2, 3)).numpy(), atol=1e-4)
    again = imagenet.depth_features(pixels, ["stage3", "top"])
    assert all(np.array_equal(found[name], again[name]) for name in found)


def test_a_random_network_has_the_statistics_of_photographs() -> None:
    """Without them its activations vanish, and it would lose to ImageNet's for that reason alone."""
    patches = np.random.default_rng(2).integers(0, 256, (12, 48, 48, 3), dtype=np.uint8)
    found = imagenet.features(patches, pretrained=False, seed=1)
    assert found.std(0).mean() > 1e-3
