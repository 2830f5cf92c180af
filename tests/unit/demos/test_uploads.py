"""Pictures that learners bring along: whatever is wrong with them gets one clear sentence, and nothing gets out."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demos import uploads
from demos.uploads import UploadError


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TLI_UPLOADS_DIR", str(tmp_path / "pictures"))
    return tmp_path / "pictures"


def picture(number: int = 0, kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    """A small noisy picture; another number, another picture."""
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").convert(mode).save(out, kind)
    return out.getvalue()


def good() -> list[tuple[str, bytes]]:
    """Two classes of five pictures."""
    return [
        (f"mine/{label}/{n}.png", picture(10 * i + n)) for i, label in enumerate(("cats", "dogs")) for n in range(5)
    ]


def zipped(files: list[tuple[str, bytes]], **options: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims this size and holds next to nothing: a decompression bomb's fuse."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def encrypted() -> bytes:
    """A ZIP whose first member says that it is protected by a password."""
    content = bytearray(zipped(good()))
    content[6] |= 1
    start = content.index(b"PK\x01\x02")
    content[start + 8] |= 1
    return bytes(content)


def damaged_member() -> bytes:
    content = bytearray(zipped(good()))
    content[60:90] = b"\xff" * 30
    return bytes(content)


def zip_bomb() -> bytes:
    return zipped([*good(), *((f"mine/cats/zeros{n}.png", b"\0" * (45 * 2**20)) for n in range(5))])


def plus(*more: tuple[str, bytes]) -> Callable[[], object]:
    return lambda: uploads.from_files([*good(), *more])


JPEG = picture(99, "JPEG", (200, 200))
BAD: dict[str, tuple[Callable[[], object], str]] = {
    "nothing at all": (lambda: uploads.from_files([]), "There are no pictures"),
    "an empty ZIP": (lambda: uploads.from_zip(zipped([])), "There are no pictures"),
    "only litter": (lambda: uploads.from_files([("a/.DS_Store", b"x"), ("__MACOSX/a/b.png", b"x")]), "no pictures"),
    "one class": (lambda: uploads.from_files(good()[:5]), "one class only, 'cats'. Bring 2 to 10"),
    "eleven classes": (
        lambda: uploads.from_files([(f"c{c}/{n}.png", picture(20 * c + n)) for c in range(11) for n in range(4)]),
        "11 classes. Bring 2 to 10",
    ),
    "too few in a class": (lambda: uploads.from_files(good()[:7]), "'dogs' has 2 pictures. Bring at least 4"),
    "no class folder": (plus(("loose.png", picture(77))), "loose.png lies in no class folder"),
    "a class without a name": (plus((" /x.png", picture(77))), "no usable name"),
    "a name without end": (plus(("x" * 200 + "/x.png", picture(77))), "no usable name"),
    "not an image": (plus(("mine/cats/x.png", b"hello")), "x.png is not a picture that can be read. Use jpg"),
    "an empty file": (plus(("mine/cats/x.png", b"")), "x.png is not a picture"),
    "a PDF by another name": (plus(("mine/cats/x.jpg", b"%PDF-1.7 ...")), "x.jpg is not a picture"),
    "an SVG": (plus(("mine/cats/x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")), "x.svg is not a picture"),
    "a truncated JPEG": (plus(("mine/cats/x.jpg", JPEG[: len(JPEG) // 2])), "x.jpg is damaged"),
    "a truncated PNG": (plus(("mine/cats/x.png", picture(5, size=(300, 300))[:3000])), "x.png is damaged"),
    "a 30,000 x 30,000 bomb": (plus(("mine/cats/x.png", png_header(30_000, 30_000))), "Scale it down"),
    "a 9,000 x 9,000 picture": (
        plus(("mine/cats/x.png", png_header(9_000, 9_000))),
        "9000 x 9000 pixels. Scale it down",
    ),
    "three pixels": (plus(("mine/cats/x.png", picture(5, size=(3, 3)))), "3 x 3 pixels; each side needs at least 16"),
    "the same picture in two classes": (plus(("mine/dogs/x.png", picture(0))), "in class 'cats' too"),
    "the same picture twice": (plus(("mine/cats/x.png", picture(0))), "twice in its class"),
    "too many": (
        lambda: uploads.from_files([(f"a/{n}.png", b"x") for n in range(401)]),
        "401 files; bring at most 400",
    ),
    "not a ZIP": (lambda: uploads.from_zip(b"PK but no more"), "not a ZIP file"),
    "half a ZIP": (lambda: uploads.from_zip(zipped(good())[:2000]), "not a ZIP file, or it is damaged"),
    "a damaged member": (lambda: uploads.from_zip(damaged_member()), "damaged"),
    "paths upwards": (lambda: uploads.from_zip(zipped([*good(), ("../../etc/x.png", picture(77))])), "points outside"),
    "an absolute path": (lambda: uploads.from_zip(zipped([*good(), ("/etc/cron.d/x", b"x")])), "points outside"),
    "a Windows path": (lambda: uploads.from_zip(zipped([*good(), ("..\\..\\x.png", b"x")])), "points outside"),
    "a password": (lambda: uploads.from_zip(encrypted()), "protected by a password"),
    "a ZIP bomb": (lambda: uploads.from_zip(zip_bomb()), "Unpacked, the ZIP file has over 200 MB"),
    "a ZIP in a ZIP": (plus(("mine/cats/x.zip", zipped(good()))), "x.zip is not a picture"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_uploads_get_one_clear_sentence(kind: str, own_folder: Path) -> None:
    bring, words = BAD[kind]
    with pytest.raises(UploadError) as caught:
        bring()
    text = str(caught.value)
    assert words in text and "\n" not in text and len(text) < 300 and "Traceback" not in text
    assert not own_folder.exists(), "nothing is written"


def test_a_ZIP_bomb_is_not_even_unpacked() -> None:  # noqa: N802
    """It is refused by what it says of itself: the memory is never asked for."""
    content = zip_bomb()
    assert len(content) < 2**20


def test_good_pictures_are_squared_and_keep_their_class() -> None:
    found = uploads.from_zip(zipped(good()))
    assert found.classes == ("cats", "dogs") and found.counts() == [5, 5]
    assert found.pixels.shape == (10, uploads.SIDE, uploads.SIDE, 3) and found.pixels.dtype == np.uint8
    assert found.names[:2] == ("0.png", "1.png")
    assert found.key == uploads.from_files(good()).key, "a folder and its ZIP are the same collection"


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "L"), ("JPEG", "CMYK"), ("WEBP", "RGBA"), ("GIF", "P"), ("BMP", "RGB"), ("PNG", "LA")]
)
def test_every_common_kind_of_picture_is_read(kind: str, mode: str) -> None:
    files = [(f"{label}/{n}.x", picture(10 * i + n, kind, mode=mode)) for i, label in enumerate("ab") for n in range(4)]
    assert uploads.from_files(files).pixels.shape == (8, uploads.SIDE, uploads.SIDE, 3)


def test_transparent_ground_is_white_and_a_turned_photograph_upright() -> None:
    clear, turned = Image.new("RGBA", (64, 64), (0, 0, 0, 0)), Image.new("RGB", (64, 64), "black")
    turned.paste("white", (0, 0, 64, 32))  # white above; orientation 3 turns it upside down
    exif = Image.Exif()
    exif[0x0112] = 3
    one, two = io.BytesIO(), io.BytesIO()
    clear.save(one, "PNG")
    turned.save(two, "JPEG", exif=exif, quality=95)
    found = uploads.from_files([*good(), ("z/a.png", one.getvalue()), ("z/b.jpg", two.getvalue())] + [
        (f"z/{n}.png", picture(50 + n)) for n in range(4)
    ])  # fmt: skip
    by_name = dict(zip(found.names, found.pixels, strict=True))
    assert by_name["a.png"].min() == 255
    assert by_name["b.jpg"][:40].mean() < 20 and by_name["b.jpg"][-40:].mean() > 235


def test_grey_of_16_bits_is_scaled_not_cut_off() -> None:
    """Pillow's own conversion gives a ramp from black to white 255 in all places but the first half per cent."""
    row = np.linspace(0, 65_535, uploads.SIDE).astype(np.uint16)
    ramp = Image.fromarray(np.tile(row, (uploads.SIDE, 1)))
    assert ramp.mode == "I;16"
    out, holed = io.BytesIO(), io.BytesIO()
    ramp.save(out, "PNG")
    ramp.save(holed, "PNG", transparency=int(row[64]))
    found = uploads.from_files([*good(), ("z/ramp.png", out.getvalue()), ("z/holed.png", holed.getvalue())] + [
        (f"z/{n}.png", picture(50 + n)) for n in range(4)
    ])  # fmt: skip
    by_name = dict(zip(found.names, found.pixels, strict=True))
    assert np.array_equal(by_name["ramp.png"][..., 0], np.tile(row // 256, (uploads.SIDE, 1)))
    assert np.array_equal(by_name["ramp.png"][..., 0], by_name["ramp.png"][..., 2])
    assert by_name["holed.png"][5, 63:66, 0].tolist() == [row[63] // 256, 255, row[65] // 256], "clear: white ground"


def test_a_collection_is_kept_found_and_deleted(own_folder: Path) -> None:
    found = uploads.from_files(good())
    uploads.keep(found)
    uploads.keep(found)
    assert uploads.known() == [found.key]
    again = uploads.load(found.key)
    assert (again.classes, again.names) == (found.classes, found.names)
    assert np.array_equal(again.pixels, found.pixels) and np.array_equal(again.labels, found.labels)
    uploads.delete(found.key)
    assert uploads.known() == []
    with pytest.raises(UploadError, match="no longer on this machine"):
        uploads.load(found.key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "x" * 32, "0" * 31])
def test_a_key_is_never_a_path(key: str) -> None:
    with pytest.raises(UploadError, match="not the key of a collection"):
        uploads.load(key)
    uploads.delete(key)


def test_what_can_no_longer_be_read_says_so(own_folder: Path) -> None:
    own_folder.mkdir()
    (own_folder / f"{'a' * 32}.npz").write_bytes(b"broken")
    with pytest.raises(UploadError, match="can no longer be read"):
        uploads.load("a" * 32)


def test_a_full_disk_is_named(own_folder: Path) -> None:
    own_folder.write_text("a file where the folder should be")
    with pytest.raises(UploadError, match="could not be kept"):
        uploads.keep(uploads.from_files(good()))


def test_one_photograph_is_kept_square_and_removed() -> None:
    key = uploads.keep_photograph("me.jpg", picture(3, "JPEG", (90, 60)))
    assert uploads.load_photograph(key).shape == (uploads.PHOTOGRAPH_SIDE, uploads.PHOTOGRAPH_SIDE, 3)
    assert uploads.known() == [], "it is no collection"
    uploads.delete(key)
    with pytest.raises(UploadError, match="no longer on this machine"):
        uploads.load_photograph(key)
    with pytest.raises(UploadError, match="not a picture that can be read"):
        uploads.keep_photograph("me.jpg", b"hello")
    with pytest.raises(UploadError, match="bring yours"):
        uploads.load_photograph("")
