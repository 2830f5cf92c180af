"""Reading a folder that anybody may have written: regular UTF-8 text files below it, and nothing else."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from content.problems import Problem, one_line

MAX_BYTES = 200_000

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( .*)?$", re.MULTILINE)
_IGNORED = {"__pycache__"}


def entries(folder: Path, label: str) -> tuple[list[Path], list[Problem]]:
    """What lies in `folder`, by name. Hidden entries (`.git`, `.DS_Store`) and Python's cache are passed over."""
    try:
        found = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        reason = error.strerror or str(error)
        return [], [Problem(label, 1, "folder", f"cannot be read: {reason}", "make it a readable folder")]
    return [path for path in found if not path.name.startswith(".") and path.name not in _IGNORED], []


def is_folder(path: Path) -> bool:
    """Whether `path` is a real folder: a symlink is not one, it may lead out of the deck."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def read_text(path: Path, label: str) -> tuple[str | None, list[Problem]]:
    """The text of a file, with line ends as in Unix; or None and what is wrong with it."""
    try:
        status = path.lstat()
        wrong = _wrong_kind(status.st_mode, status.st_size)
        data = b"" if wrong else path.read_bytes()
    except OSError as error:
        wrong = (f"cannot be read: {error.strerror or error}", "make it a readable file")
    if not wrong and not data.strip():
        wrong = ("is empty", "write its text, or copy the form of another question")
    if wrong:
        return None, [Problem(label, 1, "file", *wrong)]
    return _decode(data, label)


def _wrong_kind(mode: int, size: int) -> tuple[str, str] | None:
    if stat.S_ISLNK(mode):
        return "is a symbolic link", "put the file itself here"
    if stat.S_ISDIR(mode):
        return "is a folder where a file is expected", "replace it by a file"
    if not stat.S_ISREG(mode):
        return "is not a regular file", "replace it by a text file"
    if size > MAX_BYTES:
        return f"is too large: {size} bytes, at most {MAX_BYTES} are read", "shorten it or split the question"
    return None


def _decode(data: bytes, label: str) -> tuple[str | None, list[Problem]]:
    control = _CONTROL.search(data)
    if control:
        line = data.count(b"\n", 0, control.start()) + 1
        found = f"is binary: byte 0x{data[control.start()]:02x}"
        return None, [Problem(label, line, "file", found, "save it as UTF-8 text")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [Problem(label, line, "file", f"is not UTF-8: byte 0x{data[error.start]:02x}", "save it as UTF-8")]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    conflict = _CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        found = f"holds a merge-conflict marker: {one_line(conflict.group(), 40)}"
        return None, [Problem(label, line, "file", found, "choose one side and delete the three marker lines")]
    return text, []
