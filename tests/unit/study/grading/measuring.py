"""The hand-written answers, and how well the hints agree with their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from content.items import ITEMS, Case, Choice, Item, Typed
from content.loader import DECKS

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Pair:
    question: str
    covered: bool
    overlap: float


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def shipped_items() -> dict[str, Item]:
    """All items by `question/key`."""
    found: dict[str, Item] = {}
    for file in sorted(DECKS.glob("*/*/items.yaml")):
        question = read(file.parent / "question.yaml")["key"]
        found |= {f"{question}/{item.key}": item for item in ITEMS.validate_python(read(file))}
    return found


def typed_items() -> dict[str, Typed]:
    return {name: item for name, item in shipped_items().items() if isinstance(item, Typed)}


def labelled_items() -> dict[str, Typed]:
    """The items that the labelled answers belong to, as they were then."""
    return {name: Typed.model_validate(item) for name, item in read(HERE / "labelled_items.yaml").items()}


def choices() -> dict[str, Choice]:
    return {name: item for name, item in shipped_items().items() if isinstance(item, Choice)}


def cases() -> dict[str, Case]:
    return {name: item for name, item in shipped_items().items() if isinstance(item, Case)}


def pairs(overlaps: Callable[[str, Typed], Sequence[float]]) -> list[Pair]:
    """One pair for every key point of every labelled answer. `overlaps(answer, item)`: one for each key point."""
    items = labelled_items()
    return [
        Pair(entry["item"].split("/")[0], index in entry["covered"], overlap)
        for entry in read(HERE / "typed_answers.yaml")
        for index, overlap in enumerate(overlaps(entry["answer"], items[entry["item"]]))
    ]


def rates(given: Sequence[Pair], threshold: float) -> tuple[float, float]:
    """Shares of the covered and of the uncovered points that reach the threshold."""
    covered = [pair.overlap >= threshold for pair in given if pair.covered]
    others = [pair.overlap >= threshold for pair in given if not pair.covered]
    return sum(covered) / len(covered), sum(others) / len(others)


def youden(given: Sequence[Pair], threshold: float) -> float:
    """Hits minus false alarms."""
    hits, false_alarms = rates(given, threshold)
    return hits - false_alarms


def best_threshold(given: Sequence[Pair]) -> float:
    """The largest overlap at which Youden's J has its maximum."""
    return max((round(youden(given, pair.overlap), 9), pair.overlap) for pair in given)[1]


def held_out_rates(given: Sequence[Pair]) -> tuple[float, float]:
    """As `rates`, with each question counted at the threshold chosen on all others."""
    decided = []
    for question in {pair.question for pair in given}:
        threshold = best_threshold([pair for pair in given if pair.question != question])
        left_out = [pair for pair in given if pair.question == question]
        decided += [replace(pair, overlap=float(pair.overlap >= threshold)) for pair in left_out]
    return rates(decided, 1.0)
