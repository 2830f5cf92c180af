"""`python -m study import FILE`: bring a backup back."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from study.exporting.files import ChoiceNeededError, ExportError
from study.records import StoreError


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("import", help="bring back a backup that `export json` has written")
    parser.add_argument("file", metavar="FILE", type=Path)
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--replace", dest="how", action="store_const", const="replace", help="put it in the place of your history"
    )
    how.add_argument("--merge", dest="how", action="store_const", const="merge", help="add what your history lacks")
    parser.set_defaults(command=command, how=None)


def command(options: argparse.Namespace) -> int:
    """0 if it is back, 1 if the file or the database cannot be used, 2 if there is no file, or how was not said."""
    if not options.file.is_file():
        print(f"{options.file} is no file. Name a backup that `export json` has written.", file=sys.stderr)
        return 2
    from study.exporting.backup import database_address, in_words, restore  # SQLAlchemy: loaded by this command only

    try:
        restored = restore(database_address(), options.file, datetime.now(UTC), how=options.how)
    except ChoiceNeededError as error:
        print(error, file=sys.stderr)
        return 2
    except (ExportError, StoreError) as error:
        print(error, file=sys.stderr)
        return 1
    if restored.kept is not None:
        print(f"What was there before is kept in {restored.kept}")
    print(f"You now have {in_words(restored.rows)}")
    return 0
