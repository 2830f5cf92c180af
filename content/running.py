"""Running everything in decks that can be run: snippets, bugs, exercises, and the generators that items name.

The code is run as what it is, the deck author's: only exercises' references and starters go into the sandbox. Who
checks a stranger's deck reads it first (`check --static` runs nothing).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from content.bugs import bug_problems
from content.problems import Problem
from content.snippets import run_snippets

_ROOT = Path(__file__).parent.parent


def run_code(roots: Sequence[Path]) -> list[Problem]:
    """What is wrong with the code of the decks below `roots`, whose files have no mistakes."""
    problems: list[Problem] = []
    for root in roots:
        for deck in sorted(path.parent for path in root.glob("*/deck.yaml")):
            for result in run_snippets(deck):
                if not result.passed:
                    failed = f"fails: {result.error}"
                    problems.append(Problem(result.file, result.line, "code", failed, "correct it, and run it"))
            problems += bug_problems(deck)
    return sorted(problems + _exercises_and_generators(roots))


def _exercises_and_generators(roots: Sequence[Path]) -> list[Problem]:
    """By the quiz engine, in a process of its own: this room knows nothing of it, and it needs torch."""
    command = [sys.executable, "-m", "study", "check", "--json", *(str(root.resolve()) for root in roots)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    try:
        return [Problem(**problem) for problem in json.loads(done.stdout)]
    except json.JSONDecodeError:
        said = done.stderr.strip()[-300:] or f"exit code {done.returncode}"
        return [Problem("exercises", 1, "check", f"could not be run: {said}", "see the message")]
