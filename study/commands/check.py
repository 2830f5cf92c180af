"""`python -m study check [DIR ...]`: run every exercise and every generator that decks name."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from content.loader import deck_roots
from study.sandbox.pool import Pool, SandboxError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("check", help="run the exercises and generators of decks (content check does so too)")
    parser.add_argument("dirs", nargs="*", type=Path, metavar="DIR", help="folders that hold decks; without, all known")
    parser.add_argument("--json", action="store_true", help="print what is wrong as JSON")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """0 if nothing is wrong, 1 if something is, 2 if nothing could be run."""
    from study.checking import check_decks  # torch

    try:
        # Without bubblewrap the solutions run as plain processes: they are the deck author's own.
        with Pool(consent=True) as pool:
            problems = check_decks(options.dirs or deck_roots(), pool)
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([asdict(problem) for problem in problems], indent=2))
    elif problems:
        print(*problems, sep="\n")
    else:
        print("no mistakes")
    return 1 if problems else 0
