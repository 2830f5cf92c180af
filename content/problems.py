"""What is wrong with a deck, said so that its author can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def one_line(text: object, limit: int = 160) -> str:
    """`text` on one printable line, shortened to `limit` characters; safe for any file name or file content."""
    words = " ".join(str(text)[: 10 * limit].split())
    clean = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in words)
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake. `file` is relative to the folder of decks; `line` counts from 1; `str` is one line, always."""

    file: str
    line: int
    field: str
    message: str
    remedy: str

    def __str__(self) -> str:
        place = f"{one_line(self.file)}:{self.line}: {one_line(self.field)}"
        return f"{place}: {one_line(self.message, 300)} | remedy: {one_line(self.remedy, 300)}"


class ContentError(Exception):
    """Decks that cannot be used; `problems` holds every mistake found, the message lists them one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
