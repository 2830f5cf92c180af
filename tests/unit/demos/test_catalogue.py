"""Labs are found by their folders; names are checked; a version stands for all that a result depends on."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import demos
from demos import catalogue
from demos.base import Lab
from tests.unit.demos.conftest import REPOSITORY


@pytest.fixture
def copied(toy_labs: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the toy lab that may be edited."""
    folder = tmp_path / f"copied_{tmp_path.name}"
    shutil.copytree(toy_labs / "toy", folder, ignore=shutil.ignore_patterns("__pycache__"))
    catalogue.add_root(tmp_path)
    yield folder
    demos.__path__.remove(str(tmp_path))


def test_a_folder_with_a_lab_is_found(toy_labs: Path) -> None:
    lab = catalogue.labs()["toy"]
    assert isinstance(lab, Lab) and lab is catalogue.lab("toy")
    assert "yield ToyFrame" in catalogue.experiment_source("toy")
    assert callable(catalogue.figure_module("toy").figure)


def test_labs_come_in_the_order_of_their_questions(toy_labs: Path) -> None:
    firsts = [min(lab.questions) for lab in catalogue.labs().values()]
    assert firsts == sorted(firsts) and firsts[-1] == 99


def test_an_unknown_name_gets_the_choices_and_the_closest(toy_labs: Path) -> None:
    with pytest.raises(catalogue.UnknownLab, match=r"no lab 'toi'. Did you mean 'toy'\? Labs: .*toy"):
        catalogue.lab("toi")
    for function in (catalogue.figure_module, catalogue.experiment_source, catalogue.code_version):
        with pytest.raises(catalogue.UnknownLab):
            function("../toy")


def test_a_lab_with_another_name_than_its_folder_is_refused(copied: Path) -> None:
    wrong = copied.with_name(f"wrong_{copied.name}")
    shutil.copytree(copied, wrong)
    text = (wrong / "lab.py").read_text()
    (wrong / "lab.py").write_text(text.replace("name=Path(__file__).parent.name", 'name="other"'))
    catalogue.add_root(copied.parent)
    catalogue._load.cache_clear()
    with pytest.raises(ValueError, match=f"{wrong.name}/lab.py: LAB.name is 'other'"):
        catalogue.labs()


def test_an_edit_changes_the_version_and_undoing_it_restores_it(copied: Path) -> None:
    before = catalogue.code_version(copied.name)
    file = copied / "experiment.py"
    text = file.read_text()
    file.write_text(text + "\n# edited\n")
    edited = catalogue.code_version(copied.name)
    (copied / "rates.json").write_text("{}")
    tuned = catalogue.code_version(copied.name)
    (copied / "rates.json").unlink()
    file.write_text(text)
    assert len({before, edited, tuned}) == 3
    assert catalogue.code_version(copied.name) == before
    assert len(before) == 12


def test_a_drawing_does_not_change_the_version(copied: Path) -> None:
    before = catalogue.code_version(copied.name)
    (copied / "figure.py").write_text("# drawn in another way\n")
    assert catalogue.code_version(copied.name) == before
    (copied / "measures").mkdir()
    (copied / "measures" / "figure.py").write_text("# not the lab's figure.py\n")
    assert catalogue.code_version(copied.name) != before


def test_nothing_that_computes_imports_a_drawing() -> None:
    """Or an edit of the drawing could change a result that is kept under the same version."""
    folder = REPOSITORY / "demos"
    shared = [path for path in folder.glob("*.py") if path.name not in catalogue._NO_INFLUENCE]
    own = [path for path in folder.glob("*/**/*.py") if path.relative_to(folder).parts[1:] != ("figure.py",)]
    assert len(shared) > 10 and len(own) > 30
    for path in (*shared, *own):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for name in (f"{module}{name}" for name in names):
                assert not re.match(r"demos\.\w+\.figure\b", name), f"{path} imports {name}"
            assert not (isinstance(node, ast.Attribute) and node.attr == "figure_module"), f"{path} loads a drawing"


def test_line_ends_do_not_change_the_version(copied: Path) -> None:
    before = catalogue.code_version(copied.name)
    file = copied / "experiment.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert catalogue.code_version(copied.name) == before


def test_shared_modules_count_and_machinery_does_not() -> None:
    counted = {path.name for path in (REPOSITORY / "demos").glob("*.py")} - catalogue._NO_INFLUENCE
    assert {"base.py", "verdict.py", "data.py"} <= counted
    assert {"runner.py", "pool.py", "cli.py"}.isdisjoint(counted)


def test_the_server_side_imports_no_torch_and_no_drawing() -> None:
    code = (
        "import sys; import demos.catalogue, demos.runner, demos.verdict, demos.cli; demos.catalogue.labs();"
        "print(sorted({'torch', 'scipy', 'matplotlib', 'altair', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
