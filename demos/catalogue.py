"""Which labs there are: every folder with a `lab.py`. Importing this imports no torch, and no matplotlib."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType

import demos
from demos.base import Lab

ROOTS_VARIABLE = "TLI_LAB_ROOTS"
"""Environment variable with more folders of labs, separated as `PATH` is. Worker processes get it from the runner."""

_SHIPPED = Path(__file__).parent
_NO_INFLUENCE = frozenset(
    f"{name}.py"
    for name in (
        "__main__",
        "cache",
        "catalogue",
        "cli",
        "export",
        "plots",
        "pool",
        "process",
        "quadrants",
        "quiet",
        "runner",
        "runs",
        "style",
        "validate",
        "worker",
    )
)
"""Shared modules that run experiments or draw them, but cannot change a result. All others count, new ones too."""


class UnknownLab(KeyError):  # noqa: N818 - reads as what it says
    """No lab has this name; the message says which there are."""

    def __init__(self, name: str, choices: list[str]) -> None:
        close = difflib.get_close_matches(name, choices, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        self.message = f"There is no lab {name!r}.{hint} Labs: {', '.join(choices) or 'none'}."
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


def add_root(folder: Path) -> None:
    """Look for labs in `folder` too (tests do). They are imported as `demos.<name>`, like those that ship."""
    path = str(folder.resolve())
    if path not in demos.__path__:
        demos.__path__.append(path)


def roots() -> tuple[Path, ...]:
    """The folders that are searched for labs; the first is `demos/` itself."""
    return tuple(Path(path) for path in demos.__path__)


def labs() -> Mapping[str, Lab]:
    """All labs by name, sorted by their first question. Raises `ValueError` for one whose name is not its folder's."""
    return _load(roots())


@lru_cache(maxsize=1)
def _load(folders: tuple[Path, ...]) -> Mapping[str, Lab]:
    names = sorted(file.parent.name for folder in folders for file in folder.glob("*/lab.py"))
    found: list[Lab] = []
    for name in names:
        lab = importlib.import_module(f"demos.{name}.lab").LAB
        if lab.name != name or names.count(name) > 1:
            raise ValueError(f"demos/{name}/lab.py: LAB.name is {lab.name!r}; a lab has its folder's name, used once")
        found.append(lab)
    return MappingProxyType({lab.name: lab for lab in sorted(found, key=lambda lab: (min(lab.questions), lab.name))})


def lab(name: str) -> Lab:
    """The lab of this name. Raises `UnknownLab`, which names the choices and the closest one."""
    known = labs()
    if name not in known:
        raise UnknownLab(name, list(known))
    return known[name]


def figure_module(name: str) -> ModuleType:
    """The lab's `figure.py` (imports matplotlib and altair)."""
    return importlib.import_module(f"demos.{lab(name).name}.figure")


def experiment_source(name: str) -> str:
    """The text of the lab's `experiment.py`, to be read beside its result."""
    return (_folder(name) / "experiment.py").read_text(encoding="utf-8")


def code_version(name: str) -> str:
    """A hash, 12 hex digits, of all that a result depends on: the lab's files, shared modules, pretrained weights.

    What only draws does not count: the lab's `figure.py`, which nothing that computes may import, and `_NO_INFLUENCE`.
    Read from the files each time (about 1 ms), so that an edit counts at once.
    """
    folder = _folder(name)
    own = {path for path in folder.rglob("*") if path.suffix in {".py", ".json"}} - {folder / "figure.py"}
    shared = [path for path in _SHIPPED.glob("*.py") if path.name not in _NO_INFLUENCE]
    weights = (_SHIPPED / "weights").rglob("manifest.json")
    digest = hashlib.sha256()
    for path in sorted({*own, *shared, *weights}):
        base = folder if path.is_relative_to(folder) else _SHIPPED
        text = path.read_text(encoding="utf-8")  # as text: a checkout with other line ends is the same code
        digest.update(f"{path.relative_to(base).as_posix()}\0{text}\0".encode())
    return digest.hexdigest()[:12]


def _folder(name: str) -> Path:
    wanted = lab(name).name
    return next(folder / wanted for folder in roots() if (folder / wanted / "lab.py").is_file())


for _folder_name in os.environ.get(ROOTS_VARIABLE, "").split(os.pathsep):
    if _folder_name:
        add_root(Path(_folder_name))
