"""The Python code of a deck's questions, and running it. For the tests: the app shows code, it never runs it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from content.files import read_text
from content.markdown import fences
from content.problems import ContentError
from content.tree import RawFile, read_deck

PREAMBLE = "preamble.py"
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Snippet:
    """A ```python block. `file` is relative to the folder of decks; `line` is that of its first line of code."""

    file: str
    line: int
    code: str


@dataclass(frozen=True)
class SnippetResult:
    """What came of a snippet. On failure `line` is where it failed and `error` says how; else `line` is its first."""

    file: str
    line: int
    error: str | None

    @property
    def passed(self) -> bool:
        return self.error is None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.error or 'passed'}"


def find_snippets(deck: Path) -> list[Snippet]:
    """The Python blocks of all questions in the folder `deck`, in reading order.

    Raises `ContentError` if a file cannot be read: its code must not be passed over. Mistakes in the fields of a file
    do not matter here.
    """
    raw, problems = read_deck(deck, deck.name)
    files = {file.label: file for folder in raw.questions for file in folder.files.values()}
    unread = [problem for problem in problems if problem.file not in files and (deck.parent / problem.file).exists()]
    if unread:
        raise ContentError(unread)
    return [snippet for file in files.values() for snippet in _snippets(file)]


def _snippets(file: RawFile) -> Iterator[Snippet]:
    texts = [(string.text, string.line) for string in file.doc.strings.values()] if file.doc else [(file.text, 1)]
    for text, line in texts:
        for fence in fences(text)[0]:
            if fence.is_python:
                yield Snippet(file.label, line + fence.line + 1, fence.code)


def run_snippets(deck: Path, timeout_seconds: float = 120) -> list[SnippetResult]:
    """Run all snippets of the folder `deck` in one other Python process.

    Blocks of one file share a namespace, in order, which the deck's preamble fills anew for each file. After a failure
    the rest of its file is not run. Raises `ContentError` if a file cannot be read.
    """
    snippets = find_snippets(deck)
    preamble, problems = (
        read_text(deck / PREAMBLE, f"{deck.name}/{PREAMBLE}") if (deck / PREAMBLE).exists() else ("", [])
    )
    if problems:
        raise ContentError(problems)
    return run_blocks(snippets, timeout_seconds, preamble or "", f"{deck.name}/{PREAMBLE}")


def run_blocks(
    snippets: Sequence[Snippet], timeout_seconds: float, preamble: str = "", preamble_file: str = ""
) -> list[SnippetResult]:
    """Run these in one other Python process; those of one `file` share a namespace, which the preamble fills."""
    job = {"preamble": preamble, "preamble_file": preamble_file, "snippets": [asdict(s) for s in snippets]}
    done, failure = _run_worker(job, timeout_seconds)
    results = [SnippetResult(**result) for result in done]
    for snippet in snippets[len(results) :]:
        results.append(SnippetResult(snippet.file, snippet.line, failure))
        failure = "not run: a snippet before it ended the run"
    return results


def _run_worker(job: dict[str, Any], timeout_seconds: float) -> tuple[list[dict[str, Any]], str]:
    """Results as far as the worker came, and what to say of the snippet that it did not come through."""
    command = [sys.executable, "-m", "content.snippet_worker"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        env=environment,
        text=True,
        encoding="utf-8",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as worker:
        try:
            out, error = worker.communicate(json.dumps(job), timeout=timeout_seconds)
            failure = f"ended Python with exit code {worker.returncode}: {error.strip()[-500:]}"
        except subprocess.TimeoutExpired:
            worker.kill()
            out, _ = worker.communicate()
            failure = f"not done after {timeout_seconds:g} s"
    complete = itertools.takewhile(lambda line: line.endswith("}"), out.split("\n"))
    return [json.loads(line) for line in complete], failure
