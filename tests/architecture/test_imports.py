"""Imports run one way: `app, pages -> ui -> demos | study | content`; each library stays in its rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("pages", "ui", "content", "demos", "study")
ALLOWED = {
    "app.py": {"pages", "ui", "content", "demos", "study"},
    "pages": {"pages", "ui", "content", "demos", "study"},
    "ui": {"ui", "content", "demos", "study"},
    "content": {"content"},
    "demos": {"demos"},
    "study": {"study", "content"},
}
"""`content` is a leaf: the quiz engine may read what it asks."""
LIBRARY_ROOMS = {
    "streamlit": {"app.py", "pages", "ui"},
    "sqlalchemy": {"study"},
    "alembic": {"study"},
    "torch": {"demos", "study"},
    "torchvision": {"demos", "study"},
}
TORCH_MODULES = {
    "demos/data.py",
    "demos/imagenet.py",
    "demos/models.py",
    "demos/training.py",
    "demos/transfer.py",
    "demos/pretrain.py",
    "demos/starts.py",
    "demos/tune.py",
    "demos/worker.py",
    "study/exercises/contract.py",
    "study/exercises/grading.py",
    "study/exercises/here.py",
    "study/checking.py",
    "study/fitting.py",
    "study/worker.py",
}
"""Modules that run in a worker or on the command line; the rest of `demos` is imported by the server."""
TORCH_FOLDERS = ("study/computed", "study/sandbox")
"""Folders of such modules; those that the server imports from there are covered by the last test of this file."""
LAB_SERVER_FILES = {"__init__.py", "lab.py", "figure.py"}
"""Files of a lab that the server imports; the others run in a worker. A test below loads these, and sees no torch."""


def _files() -> list[Path]:
    return [
        ROOT / "app.py",
        *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "decks" not in path.parts),
    ]


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def _imports(path: Path) -> set[str]:
    """Top-level names of all modules that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the room"
            found.add((node.module or "").split(".")[0])
    return found


def test_every_room_has_files() -> None:
    rooms = {_room(path) for path in _files()}
    assert rooms == {"app.py", *ROOMS}
    assert len(_files()) > 20


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    ours = _imports(path) & {*ROOMS, "app", "tests", "benchmarks"}
    assert ours <= ALLOWED[_room(path)]


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    for library in _imports(path) & LIBRARY_ROOMS.keys():
        assert _room(path) in LIBRARY_ROOMS[library], f"{library} must not be imported in {_room(path)}"


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_worker_modules_import_torch(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    if {"torch", "torchvision", "safetensors"} & _imports(path):
        in_lab = path.is_relative_to(ROOT / "demos") and path.parent != ROOT / "demos"
        apart = name in TORCH_MODULES or path.parent.relative_to(ROOT).as_posix() in TORCH_FOLDERS
        assert apart or (in_lab and path.name not in LAB_SERVER_FILES), f"{name} is imported by the server"


def test_sql_only_in_the_store() -> None:
    users = {path.relative_to(ROOT).as_posix() for path in _files() if {"sqlalchemy", "alembic"} & _imports(path)}
    assert "study/storing/database.py" in users
    assert [name for name in users if not name.startswith(("study/migrations/", "study/storing/"))] == []


def test_pyplot_is_never_used() -> None:
    for path in _files():
        assert "matplotlib.pyplot" not in path.read_text(encoding="utf-8"), f"{path}: pyplot is not safe in threads"


def test_what_the_server_imports_does_not_load_torch() -> None:
    code = (
        "import sys, app\n"
        "from demos import catalogue\n"
        "[catalogue.figure_module(name) for name in catalogue.labs()]\n"
        "assert catalogue.labs()\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
