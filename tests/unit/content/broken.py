"""A mistake in the small decks, and the one line that `content check --static` must say about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from content.cli import main
from tests.unit.content.deck_factory import line_of
from tests.unit.content.item_factory import Mutation, make_item_decks


@dataclass(frozen=True)
class Case:
    """`at`: the number of the line, or words that stand in it first."""

    name: str
    mutate: Mutation
    file: str
    at: int | str
    said: str
    remedy: str


def assert_only_line(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Break valid decks in `folder`; `check` must print exactly the line of the case, and nothing else."""
    decks = make_item_decks(folder / "decks")
    case.mutate(decks)
    line = case.at if isinstance(case.at, int) else line_of(decks / case.file, case.at)
    assert main(["check", "--static", str(decks)]) == 1
    out, err = capsys.readouterr()
    assert out == f"{case.file}:{line}: {case.said} | remedy: {case.remedy}\n"
    assert err == ""
