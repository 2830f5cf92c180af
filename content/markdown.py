"""Just enough Markdown: code fences, code spans and formulas, each with its place, and what they leave over.

Masks keep every character's place: what is taken out becomes spaces, so that a line counted in a mask is a line of the
file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPENER = re.compile(r"( *(?:(?:[-*+]|\d{1,9}[.)]) +)?)(`{3,}|~{3,})([^`]*)")
_BACKTICKS = re.compile(r"\\.|`+", re.DOTALL)
_BLOCK_START = re.compile(r" *(?:[-*+] |\d{1,9}[.)] |#|\||>)")
PYTHON = {"python", "py", "python3"}


@dataclass(frozen=True)
class Fence:
    """A fenced code block. `line` is the index of its opening line; the code begins in the next one."""

    line: int
    language: str
    code: str
    closed: bool

    @property
    def is_python(self) -> bool:
        return self.language in PYTHON


@dataclass(frozen=True)
class Formula:
    """What stands between dollar signs, and the index of its first line."""

    line: int
    tex: str
    display: bool


def fences(text: str) -> tuple[list[Fence], str]:
    """The fenced blocks of `text`, and `text` with them blanked. Code loses the indentation of its fence."""
    lines = text.split("\n")
    kept = list(lines)
    found: list[Fence] = []
    index = 0
    while index < len(lines):
        opener = _OPENER.fullmatch(lines[index])
        if not opener:
            index += 1
            continue
        end = next((at for at in range(index + 1, len(lines)) if _closes(lines[at], opener[2])), None)
        stop = len(lines) if end is None else end
        words = opener[3].split()
        code = "\n".join(_dedent(line, len(opener[1])) for line in lines[index + 1 : stop])
        found.append(Fence(index, words[0].lower() if words else "", code, end is not None))
        kept[index : stop + 1] = [" " * len(line) for line in lines[index : stop + 1]]
        index = stop + 1
    return found, "\n".join(kept)


def _closes(line: str, opener: str) -> bool:
    mark = line.strip()
    return len(mark) >= len(opener) and set(mark) == {opener[0]}


def _dedent(line: str, width: int) -> str:
    lead = len(line) - len(line.lstrip(" "))
    return line[min(lead, width) :]


def blocks(text: str) -> list[tuple[int, str]]:
    """Paragraphs and list items with the offset of each: a code span or a formula never crosses their border."""
    found: list[tuple[int, str]] = []
    start = offset = 0
    for line in text.split("\n"):
        if offset > start and (not line.strip() or _BLOCK_START.match(line)):
            found.append((start, text[start:offset]))
            start = offset
        offset += len(line) + 1
    found.append((start, text[start:]))
    return found


def code_spans(text: str) -> tuple[str, list[int]]:
    """`text` (fences blanked already) with its inline code blanked, and the lines where a span stays open."""
    masked: list[str] = []
    unclosed: list[int] = []
    for offset, block in blocks(text):
        runs = [run for run in _BACKTICKS.finditer(block) if run.group()[0] == "`"]
        pieces, at, place = [], 0, 0
        while place < len(runs):
            run = runs[place]
            close = next((k for k in range(place + 1, len(runs)) if len(runs[k].group()) == len(run.group())), None)
            if close is None:
                unclosed.append(text.count("\n", 0, offset + run.start()))
                break
            end = runs[close].end()
            pieces += [block[at : run.start()], blank(block[run.start() : end])]
            at, place = end, close + 1
        masked.append("".join(pieces) + block[at:])
    return "".join(masked), unclosed


def blank(text: str) -> str:
    """Spaces in place of everything but line ends."""
    return re.sub(r"[^\n]", " ", text)


def formulas(text: str) -> tuple[list[Formula], str, list[int]]:
    """Formulas of `text` (code blanked already), `text` with them blanked, and lines with a `$` that has no partner."""
    text = re.sub(r"\\[\\$]", "  ", text)
    found: list[Formula] = []

    def take(match: re.Match[str]) -> str:
        line = match.string.count("\n", 0, match.start())
        found.append(Formula(line, match[1], display=True))
        return blank(match.group())

    text = re.sub(r"\$\$((?:(?!\$\$|\n\s*\n)[\s\S])*)\$\$", take, text)
    masked: list[str] = []
    unpaired: list[int] = []
    for offset, block in blocks(text):
        parts = block.split("$")
        at = offset
        for index, part in enumerate(parts):
            inside = index % 2 == 1 and index < len(parts) - 1
            if inside:
                found.append(Formula(text.count("\n", 0, at), part, display=False))
            masked.append(blank(part) if inside else part)
            at += len(part) + 1
            if index < len(parts) - 1:
                masked.append(" ")
        if len(parts) % 2 == 0:
            unpaired.append(text.count("\n", 0, offset + block.rindex("$")))
    return found, "".join(masked), unpaired
