"""`python -m study export FORMAT FILE`: the decks, the cards, or the learner's whole history, as a file.

What a format needs is imported when it is asked for: SQLAlchemy and the like would slow down every other command.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from content.loader import ContentError, load_decks
from study.exporting.files import ExportError, write_whole
from study.records import StoreError
from study.words import counted


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("export", help="write an Anki package, tables, a backup or a cheat sheet")
    formats = parser.add_subparsers(required=True, metavar="FORMAT")
    anki = _format(formats, "anki", _anki, "an Anki package (.apkg) of every item with a fixed text")
    anki.add_argument("--my-cards", action="store_true", help="only what is among your reviews, with your notes on it")
    anki.add_argument("--media", type=Path, metavar="FOLDER", help="folder of the pictures that the decks name")
    csv = _format(formats, "csv", _csv, "a table of the cards, and beside it FILE-reviews of the answers")
    csv.add_argument("--excel", action="store_true", help="begin with a byte order mark, by which Excel knows UTF-8")
    json = _format(formats, "json", _json, "a backup of your whole history, for `import`")
    json.add_argument("--force", action="store_true", help="overwrite FILE if it holds something")
    sheet = _format(formats, "cheatsheet", _cheatsheet, "a printable page (.html) of the questions and answers")
    sheet.add_argument("--columns", type=int, choices=(1, 2), default=2)


def _format(
    formats: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    write: Callable[[argparse.Namespace], None],
    what: str,
) -> argparse.ArgumentParser:
    parser = formats.add_parser(name, help=what, description=f"Write {what}.")
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.set_defaults(command=command, write=write)
    return parser


def command(options: argparse.Namespace) -> int:
    """0 if the file was written, 1 if that is impossible; the message says why and what helps."""
    try:
        options.write(options)
    except (ContentError, ExportError, StoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _anki(options: argparse.Namespace) -> None:
    from study.exporting.anki import anki_package

    cards = None
    if options.my_cards:
        from study.store import Store

        store = Store()
        cards = store.cards()
        store.close()
    packed = anki_package(load_decks(), options.file, cards, options.media)
    print(f"{options.file}: {counted(packed.notes, 'note')}")
    if packed.left_out:
        print(f"Left out: {counted(len(packed.left_out), 'computed item')}, with numbers drawn anew each time.")


def _csv(options: argparse.Namespace) -> None:
    from study.exporting.table import cards_csv, reviews_csv
    from study.store import Store

    store = Store()
    cards, reviews = store.cards(), store.reviews()
    store.close()
    encoding = "utf-8-sig" if options.excel else "utf-8"
    beside = options.file.with_name(f"{options.file.stem}-reviews{options.file.suffix}")
    for file, text in ((options.file, cards_csv(load_decks(), cards)), (beside, reviews_csv(reviews))):
        write_whole(file, text.encode(encoding))
    print(f"{options.file}: the cards\n{beside}: {counted(len(reviews), 'answer')}")


def _json(options: argparse.Namespace) -> None:
    from study.exporting.backup import backup, database_address, in_words

    if not options.force and options.file.is_file() and options.file.stat().st_size > 0:
        raise ExportError(f"{options.file} exists and may be a backup. Name another file, or add --force.")
    counts = backup(database_address(), options.file)
    print(f"{options.file}: {in_words(counts)}")


def _cheatsheet(options: argparse.Namespace) -> None:
    from study.exporting.cheatsheet import write_cheatsheet

    write_cheatsheet(load_decks(), options.file, columns=options.columns)
    print(f"{options.file}: open it in a browser and print it")
