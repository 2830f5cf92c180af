"""Numbers in sentences."""

from __future__ import annotations

import pytest

from study.exporting.backup import in_words
from study.words import counted, duration, percent


@pytest.mark.parametrize(("count", "text"), [(0, "0 cards"), (1, "1 card"), (2, "2 cards"), (1200, "1200 cards")])
def test_one_is_singular(count: int, text: str) -> None:
    assert counted(count, "card") == text


def test_a_plural_of_its_own() -> None:
    assert [counted(count, "entry", "entries") for count in (1, 2)] == ["1 entry", "2 entries"]


@pytest.mark.parametrize(("share", "text"), [(0.0, "0 %"), (2 / 3, "67 %"), (0.004, "0 %"), (1.0, "100 %")])
def test_percent_with_a_space(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (20.4, "20 s"), (89.4, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h"), (36_000, "10.0 h")],
)
def test_a_time_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_rows_of_tables_in_words() -> None:
    assert in_words({"cards": 1, "lab_runs": 1, "reviews": 2, "settings": 0}) == (
        "1 card, 1 lab run, 2 reviews, 0 settings"
    )
