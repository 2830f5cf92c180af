"""Real photographs that come with scikit-image and scikit-learn, read from the installed packages. No torch in here.

Nothing is downloaded: the names below are files of the packages. china and flower are CC BY 2.0 (see NOTICES.md).
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

_SKIMAGE = {
    "astronaut": "astronaut.png", "brick": "brick.png", "camera": "camera.png", "cat": "chelsea.png",
    "coffee": "coffee.png", "coins": "coins.png", "galaxies": "hubble_deep_field.jpg", "grass": "grass.png",
    "gravel": "gravel.png", "moon": "moon.png", "motorcycle": "motorcycle_left.png", "page": "page.png",
    "retina": "retina.jpg", "rocket": "rocket.jpg", "tissue": "ihc.png",
}  # fmt: skip
_SKLEARN = {"china": "china.jpg", "flower": "flower.jpg"}

NAMES = tuple(sorted({**_SKIMAGE, **_SKLEARN}))
"""All photographs by the names used here."""

TEXTURES = (
    "brick", "cat", "china", "coffee", "coins", "flower", "galaxies", "grass", "gravel", "retina", "tissue", "page",
)  # fmt: skip
"""The twelve classes of `texture_patches`: one photograph a class."""


def path(name: str) -> Path:
    """Where the photograph's file is. Raises `ValueError` for an unknown name, naming the choices."""
    for package, folder, files in (("skimage", "data", _SKIMAGE), ("sklearn", "datasets/images", _SKLEARN)):
        if name in files:
            spec = importlib.util.find_spec(package)
            if spec is None or spec.origin is None:
                raise RuntimeError(f"{package} is not installed; run: pip install -r requirements.txt")
            return Path(spec.origin).parent / folder / files[name]
    raise ValueError(f"there is no photograph {name!r}; choose from {', '.join(NAMES)}")


@cache
def photograph(name: str) -> np.ndarray:
    """The photograph as (H, W, 3) uint8 RGB; shared and read-only."""
    with Image.open(path(name)) as image:
        pixels = np.array(image.convert("RGB"))
    pixels.flags.writeable = False
    return pixels


def resized(pixels: np.ndarray, size: int) -> np.ndarray:
    """The middle square of (H, W, 3) uint8 pixels, (size, size, 3) uint8, bicubic: what ImageNet networks see."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(pixels[top : top + side, left : left + side])
    return np.asarray(square.resize((size, size), Image.Resampling.BICUBIC))


def texture_patches(
    per_class: int, generator: np.random.Generator, *, half: str, size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Square patches from the twelve `TEXTURES`, one class per photograph.

    Args:
        per_class: patches of each class.
        generator: draws positions and zooms (0.75 to 1.5 of the size).
        half: `"left"` or `"right"`: which half of the photographs. Patches of the two never share a pixel, so one
            trains and the other tests. What a class means is still one photograph: a caveat that a lab must state.
        size: height and width of the patches, in pixels.

    Returns:
        patches (12 * per_class, size, size, 3) uint8 and classes (12 * per_class,) int64, class by class.
    """
    if half not in ("left", "right"):
        raise ValueError(f"half must be 'left' or 'right', not {half!r}")
    patches = [_patch(_half(name, half), generator, size) for name in TEXTURES for _ in range(per_class)]
    return np.stack(patches), np.repeat(np.arange(len(TEXTURES)), per_class)


def _half(name: str, half: str) -> np.ndarray:
    pixels = photograph(name)
    middle = pixels.shape[1] // 2
    return pixels[:, :middle] if half == "left" else pixels[:, middle:]


def _patch(pixels: np.ndarray, generator: np.random.Generator, size: int) -> np.ndarray:
    side = round(size * generator.uniform(0.75, 1.5))
    side = min(side, *pixels.shape[:2])
    top = int(generator.integers(pixels.shape[0] - side + 1))
    left = int(generator.integers(pixels.shape[1] - side + 1))
    cut = Image.fromarray(pixels[top : top + side, left : left + side])
    return np.asarray(cut.resize((size, size), Image.Resampling.BICUBIC))
