"""Pictures that a learner brings along: checked, scaled down and kept on this machine. No torch in here.

A collection is one folder (or one ZIP file) with a folder of pictures per class. Whatever is wrong with it is said in
one sentence that names the file and the remedy (`UploadError`). Nothing leaves the machine: a collection is a file in
the user's data directory, named by its content, and gone when it is deleted.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from platformdirs import user_data_dir

from demos import disk

SIDE = 128
"""Pictures are kept as squares of this many pixels: what the network is shown."""

PHOTOGRAPH_SIDE = 512
"""A single photograph is kept larger: it is shown to a network at several sizes."""

LEAST_CLASSES, MOST_CLASSES = 2, 10
LEAST_PER_CLASS = 4
MOST_PICTURES = 400
MOST_BYTES = 50 * 2**20
"""Of one picture file, and of a ZIP file; unpacked, a ZIP may have four times that."""
MOST_PIXELS = 40_000_000
LEAST_SIDE = 16
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
SUFFIXES = ("jpg", "jpeg", "png", "webp", "bmp", "gif")
LONGEST_NAME = 40
_KEY = re.compile(r"[0-9a-f]{32}")


class UploadError(ValueError):
    """What was brought along cannot be used; the message names the file and what to do."""


@dataclass(frozen=True)
class Collection:
    """Pictures in classes. `pixels` (N, SIDE, SIDE, 3) uint8 RGB, `labels` (N,) int64, `names` their file names."""

    key: str
    classes: tuple[str, ...]
    pixels: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]

    def counts(self) -> list[int]:
        """Pictures per class."""
        return [int(count) for count in np.bincount(self.labels, minlength=len(self.classes))]


def folder() -> Path:
    """Where collections are kept: `$TLI_UPLOADS_DIR`, or `pictures` in the user's data directory."""
    chosen = os.environ.get("TLI_UPLOADS_DIR")
    return Path(chosen) if chosen else Path(user_data_dir("transfer-learning-interview", appauthor=False)) / "pictures"


# --- reading what was brought along -----------------------------------------------------------------------------------


def from_zip(content: bytes) -> Collection:
    """The collection in a ZIP file. Raises `UploadError`."""
    if len(content) > MOST_BYTES:
        raise UploadError(f"The ZIP file has {len(content) / 2**20:.0f} MB; bring at most {MOST_BYTES // 2**20} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return from_files(_unpacked(archive))
    except zipfile.BadZipFile as error:
        raise UploadError("This is not a ZIP file, or it is damaged. Zip the folder again.") from error


def _unpacked(archive: zipfile.ZipFile) -> list[tuple[str, bytes]]:
    members = [item for item in archive.infolist() if not item.is_dir() and not _is_litter(item.filename)]
    if sum(item.file_size for item in members) > 4 * MOST_BYTES:
        raise UploadError(f"Unpacked, the ZIP file has over {4 * MOST_BYTES // 2**20} MB. Bring fewer or smaller ones.")
    for item in members:
        _check_path(item.filename)
        if item.flag_bits & 1:
            raise UploadError(f"{item.filename} is protected by a password. Zip the folder without one.")
    try:
        return [(item.filename, archive.read(item)) for item in members]
    except Exception as error:  # those of zipfile, zlib, bz2 and lzma have no common base
        raise UploadError(f"The ZIP file is damaged ({type(error).__name__}). Zip the folder again.") from error


def _check_path(name: str) -> None:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise UploadError(f"{_short(name)} points outside of its folder. Zip a folder of class folders, nothing else.")


def _is_litter(name: str) -> bool:
    """Files that systems add by themselves."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part == "__MACOSX" or part.startswith(".") for part in parts if part != "..") or parts[-1:] == (
        "Thumbs.db",
    )


def from_files(files: Iterable[tuple[str, bytes]]) -> Collection:
    """The collection in (path, content) pairs: the last folder of a path is the class. Raises `UploadError`."""
    wanted = [(name, content) for name, content in files if not _is_litter(name)]
    if not wanted:
        raise UploadError("There are no pictures. Bring a folder with one folder of pictures per class.")
    if len(wanted) > MOST_PICTURES:
        raise UploadError(f"There are {len(wanted)} files; bring at most {MOST_PICTURES} pictures.")
    by_class: dict[str, list[tuple[str, bytes]]] = {}
    for name, content in sorted(wanted):
        _check_path(name)
        by_class.setdefault(_class_of(name), []).append((name, content))
    _check_classes(by_class)
    seen: dict[str, str] = {}
    pictures = [
        (index, name, _picture(name, content, label, seen))
        for index, (label, members) in enumerate(by_class.items())
        for name, content in members
    ]
    return _collection(tuple(by_class), pictures)


def _class_of(name: str) -> str:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if len(parts) < 2:
        raise UploadError(
            f"{_short(name)} lies in no class folder. Put the pictures of each class into a folder of its own."
        )
    label = parts[-2].strip()
    if not label or len(label) > LONGEST_NAME or not label.isprintable():
        raise UploadError(
            f"The class folder {_short(label)!r} has no usable name. Give it 1 to {LONGEST_NAME} visible characters."
        )
    return label


def _check_classes(by_class: dict[str, list[tuple[str, bytes]]]) -> None:
    count = len(by_class)
    if count < LEAST_CLASSES:
        only = next(iter(by_class))
        raise UploadError(f"There is one class only, {only!r}. Bring {LEAST_CLASSES} to {MOST_CLASSES} class folders.")
    if count > MOST_CLASSES:
        raise UploadError(f"There are {count} classes. Bring {LEAST_CLASSES} to {MOST_CLASSES} class folders.")
    for label, members in by_class.items():
        if len(members) < LEAST_PER_CLASS:
            raise UploadError(
                f"Class {label!r} has {len(members)} picture{'s' * (len(members) != 1)}. Bring at least "
                f"{LEAST_PER_CLASS} of each class: some to learn from, the rest to test on."
            )


def _picture(name: str, content: bytes, label: str, seen: dict[str, str]) -> np.ndarray:
    """The picture as (SIDE, SIDE, 3) uint8. `seen` holds the content of all pictures so far, with their class."""
    digest = hashlib.sha256(content).hexdigest()
    if digest in seen:
        where = "twice in its class" if seen[digest] == label else f"in class {seen[digest]!r} too"
        raise UploadError(
            f"{_short(name)} is there {where}: the same picture would be learned from and tested on. Remove one."
        )
    seen[digest] = label
    if len(content) > MOST_BYTES:
        raise UploadError(
            f"{_short(name)} has {len(content) / 2**20:.0f} MB; a picture may have {MOST_BYTES // 2**20} MB."
        )
    return _decoded(name, content)


def _decoded(name: str, content: bytes, side: int = SIDE) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            width, height = image.size  # from the header: nothing is decoded yet
            if width * height > MOST_PIXELS:
                raise UploadError(
                    f"{_short(name)} is {width} x {height} pixels. Scale it down to {MOST_PIXELS // 10**6} million."
                )
            if min(width, height) < LEAST_SIDE:
                raise UploadError(
                    f"{_short(name)} is {width} x {height} pixels; each side needs at least {LEAST_SIDE}."
                )
            image.draft("RGB", (2 * side, 2 * side))  # lets the JPEG decoder skip what would be thrown away
            upright = _rgba(ImageOps.exif_transpose(image))
    except UploadError:
        raise
    except Image.DecompressionBombError as error:
        raise UploadError(f"{_short(name)} is far too large to be opened. Scale it down.") from error
    except UnidentifiedImageError as error:
        raise UploadError(f"{_short(name)} is not a picture that can be read. Use {', '.join(SUFFIXES)}.") from error
    except Exception as error:  # decoders raise whatever they like on broken files
        raise UploadError(f"{_short(name)} is damaged and cannot be read to its end. Save or copy it again.") from error
    ground = Image.new("RGBA", upright.size, "white")
    ground.alpha_composite(upright)
    return np.asarray(ImageOps.fit(ground.convert("RGB"), (side, side), Image.Resampling.BICUBIC))


def _rgba(image: Image.Image) -> Image.Image:
    """RGBA of 8 bits a channel. `convert` cuts grey of 16 bits off at 255, which leaves nearly all of it white."""
    if not image.mode.startswith("I"):
        return image.convert("RGBA")
    values = np.asarray(image)
    grey = Image.fromarray((values >> 8).astype(np.uint8))
    opaque = (values != image.info.get("transparency", -1)).astype(np.uint8) * 255
    return Image.merge("RGBA", [grey, grey, grey, Image.fromarray(opaque)])


def _short(name: str) -> str:
    """A file name that fits into a sentence."""
    plain = "".join(character if character.isprintable() else "?" for character in name)
    return plain if len(plain) <= 60 else f"{plain[:28]}...{plain[-28:]}"


def _collection(classes: tuple[str, ...], pictures: Sequence[tuple[int, str, np.ndarray]]) -> Collection:
    pixels = np.stack([picture for _, _, picture in pictures])
    labels = np.array([label for label, _, _ in pictures], dtype=np.int64)
    names = tuple(PurePosixPath(name.replace("\\", "/")).name for _, name, _ in pictures)
    text = "\0".join([*classes, "", *names])
    digest = hashlib.sha256(pixels.tobytes() + labels.tobytes() + text.encode("utf-8", "replace")).hexdigest()
    return Collection(digest[:32], classes, pixels, labels, names)


# --- one photograph ---------------------------------------------------------------------------------------------------


def keep_photograph(name: str, content: bytes) -> str:
    """Keep one picture, `PHOTOGRAPH_SIDE` pixels square; the key to load it by. Raises `UploadError`."""
    if len(content) > MOST_BYTES:
        raise UploadError(
            f"{_short(name)} has {len(content) / 2**20:.0f} MB; a picture may have {MOST_BYTES // 2**20} MB."
        )
    pixels = _decoded(name, content, PHOTOGRAPH_SIDE)
    key = hashlib.sha256(pixels.tobytes()).hexdigest()[:32]
    _write(folder() / f"{key}.png", lambda handle: Image.fromarray(pixels).save(handle, "PNG"))
    return key


def load_photograph(key: str) -> np.ndarray:
    """The picture of this key, (PHOTOGRAPH_SIDE, PHOTOGRAPH_SIDE, 3) uint8. Raises `UploadError`."""
    if not _KEY.fullmatch(key):
        raise UploadError("No picture has been brought. Choose one of the bundled photographs, or bring yours.")
    try:
        with Image.open(folder() / f"{key}.png") as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise UploadError("This picture is no longer on this machine. Bring it again.") from error


# --- keeping ----------------------------------------------------------------------------------------------------------


def keep(collection: Collection) -> None:
    """Write the collection; one that is there already stays as it is. Raises `UploadError` if the disk refuses it."""
    fields: dict[str, Any] = {"classes": np.array(collection.classes), "names": np.array(collection.names)}
    _write(
        _path(collection.key),
        lambda handle: np.savez_compressed(handle, pixels=collection.pixels, labels=collection.labels, **fields),
    )


def _write(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    try:
        disk.write_whole(path, write)
    except OSError as error:
        raise UploadError(
            f"The pictures could not be kept in {path.parent}: {error.strerror}. Make room there."
        ) from error


def load(key: str) -> Collection:
    """The collection of this key. Raises `UploadError` if there is none, or it cannot be read."""
    if not _KEY.fullmatch(key):
        raise UploadError(f"{key!r} is not the key of a collection. Bring the pictures again.")
    try:
        with np.load(_path(key), allow_pickle=False) as stored:
            return Collection(
                key,
                tuple(str(name) for name in stored["classes"]),
                stored["pixels"],
                stored["labels"],
                tuple(str(name) for name in stored["names"]),
            )
    except FileNotFoundError as error:
        raise UploadError("These pictures are no longer on this machine. Bring them again.") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UploadError("These pictures can no longer be read. Bring them again.") from error


def known() -> list[str]:
    """Keys of the collections on this machine, newest first."""
    return _keys("npz")


def known_photographs() -> list[str]:
    """Keys of the single photographs on this machine, newest first."""
    return _keys("png")


def _keys(suffix: str) -> list[str]:
    paths = sorted(folder().glob(f"*.{suffix}"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.stem for path in paths if _KEY.fullmatch(path.stem)]


def demand(load: Callable[[str], object], dial: str, key: str, there: Sequence[str]) -> None:
    """Raise `UploadError` if `load(key)` does, in words for the command line: which `dial` names which of `there`."""
    try:
        load(key)
    except UploadError as error:
        choice = f"On this machine, newest first: {', '.join(there[:5])}" if there else "None are on this machine yet"
        raise UploadError(
            f"{dial}={key!r} names no pictures of yours that can be read here. Bring them in the app, then name them "
            f"with --set {dial}=KEY. {choice}."
        ) from error


def delete(key: str) -> None:
    """Remove a collection or photograph from this machine, if it is there, and what is kept of its features."""
    if _KEY.fullmatch(key):
        _path(key).unlink(missing_ok=True)
        (folder() / f"{key}.png").unlink(missing_ok=True)
        for path in features_folder().glob(f"{features_of(key)}*"):
            disk.remove(path)


def features_folder() -> Path:
    """Where `demos.imagenet` keeps features of images."""
    return disk.cache_folder("features")


def features_of(key: str) -> str:
    """What the names of files with features of these pictures begin with."""
    return f"own-{key}-"


def _path(key: str) -> Path:
    return folder() / f"{key}.npz"
