"""An Anki package of the decks, through `genanki`: notes that a second import updates instead of doubling."""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import genanki
from markdown_it import MarkdownIt

from content.schema import Deck
from study.cards import Card
from study.exporting.entries import KINDS, Entry, computed, entries
from study.exporting.files import ExportError, write_whole
from study.exporting.markup import code_style, markdown

ROOT = "Interview prep"
"""Anki deck above the decks; each deck is a sub-deck, also a single one, so that more can join it later."""

_CSS = """
.card { font-family: system-ui, sans-serif; font-size: 18px; line-height: 1.45; text-align: left; max-width: 46em;
  margin: 0 auto; padding: 0 .6em; color: #1f2430; background: #ffffff; }
.source { font-size: 14px; color: #5b6270; }
h3 { font-size: 16px; margin: 1.2em 0 .3em; }
pre, code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 15px; }
.code pre { overflow-x: auto; padding: .6em .8em; border-radius: 6px; background: #f3f4f7; line-height: 1.35; }
.code .linenos { color: #767c8a; padding-right: 1em; user-select: none; }
table { border-collapse: collapse; } th, td { border: 1px solid #9aa0ad; padding: .2em .6em; }
img { max-width: 100%; }
.nightMode.card, .nightMode .card, .night_mode.card { color: #e6e8ee; background: #1e2128; }
.nightMode .source, .night_mode .source { color: #a3a9b8; }
.nightMode .code pre, .night_mode .code pre { background: #2a2e37; }
.nightMode .code .linenos, .night_mode .code .linenos { color: #a3a9b8; }
"""
_COMMON = ("My note", "Source", "Item")
"""Fields that every note type has after those of its kind."""
_NIGHT = (".nightMode", ".night_mode")
"""Anki's class for night mode, and AnkiDroid's older one."""


@dataclass(frozen=True)
class Packed:
    """What a package holds: `notes` in all, and the identities of the items `left_out` because they are computed."""

    notes: int
    left_out: tuple[str, ...]


def anki_package(
    decks: Iterable[Deck], path: Path, cards: Collection[Card] | None = None, media: Path | None = None
) -> Packed:
    """Write the decks as an .apkg file at `path`.

    Every recall card, choice, typed answer, bug, case and exercise is a note; computed items have no fixed text and are
    left out. A note's GUID is a hash of the item's identity and the note types' and decks' ids are hashes of their
    names, so that importing a later package updates the notes and keeps what Anki knows of them. With `cards`, only
    the items of these cards are packed, with the learner's notes on them. Those that she suspended have the tag
    `suspended`, and are suspended if Anki is told to import learning progress. Due dates are not carried over: Anki
    schedules by its own answers.
    `media`: the folder that pictures are named from. ExportError if one is not there, or the file cannot be written.
    """
    decks = list(decks)
    wanted = None if cards is None else {card.item_id: card for card in cards}
    packer = _Packer(media)
    for entry in entries(decks):
        if wanted is None or entry.item_id in wanted:
            packer.add(entry, None if wanted is None else wanted[entry.item_id])
    left_out = tuple(item_id for item_id in computed(decks) if wanted is None or item_id in wanted)
    if not packer.decks:
        raise ExportError("There is nothing to pack: none of the chosen cards has a fixed text.")
    with TemporaryDirectory() as folder:
        write_whole(path, _zipped(packer, Path(folder)).read_bytes())
    return Packed(sum(len(deck.notes) for deck in packer.decks.values()), left_out)


def _zipped(packer: _Packer, folder: Path) -> Path:
    """The package, written in `folder`. Genanki's own `write_to_file` leaves a database in the temporary directory."""
    database, draft, now = folder / "collection.anki2", folder / "draft.apkg", time.time()
    with closing(sqlite3.connect(database)) as connection:
        package = genanki.Package(list(packer.decks.values()))
        package.write_to_db(connection.cursor(), now, itertools.count(int(now * 1000)))
        connection.commit()
    with ZipFile(draft, "w") as package_file:
        package_file.write(database, database.name)
        package_file.writestr("media", json.dumps(dict(enumerate(packer.files))))
        for number, file in enumerate(packer.files.values()):
            package_file.write(file, str(number))
    return draft


class _Packer:
    def __init__(self, media: Path | None) -> None:
        self.decks: dict[str, genanki.Deck] = {}
        self.files: dict[str, Path] = {}
        self._media = media
        self._types = {kind: _note_type(kind) for kind in KINDS}
        self._markdown: MarkdownIt = markdown(_mathjax, self._picture)

    def add(self, entry: Entry, card: Card | None) -> None:
        fields = [self._markdown.render(entry.parts[name]).strip() for name in _fields(entry.kind)]
        source = f"Question {entry.question.meta.number} · {entry.question.meta.topic}"
        note = genanki.Note(
            model=self._types[entry.kind],
            fields=[*fields, _plain(card.note if card else ""), escape(source), escape(entry.item_id)],
            guid=note_guid(entry.item_id),
            tags=_tags(entry, card),
        )
        for ankis in note.cards:
            ankis.suspend = card is not None and card.suspended
        self._deck(entry.deck).add_note(note)

    def _deck(self, deck: Deck) -> genanki.Deck:
        if deck.meta.key not in self.decks:
            name = f"{ROOT}::{deck.meta.title.replace('::', ':')}"
            description = self._markdown.render(deck.meta.description)
            self.decks[deck.meta.key] = genanki.Deck(_number(f"deck {deck.meta.key}"), name, description)
        return self.decks[deck.meta.key]

    def _picture(self, address: str, description: str) -> str:
        """Puts the picture into the package; Anki keeps all media in one folder, so equal names are told apart."""
        folder = None if self._media is None else self._media.resolve()
        file = None if folder is None else (folder / address).resolve()
        if folder is None or file is None or not file.is_relative_to(folder) or not file.is_file():
            raise ExportError(f"The picture '{address}' is not in the folder of media, so it cannot be packed.")
        taken = self.files.setdefault(file.name, file)
        if taken != file:
            raise ExportError(f"Two pictures are called '{file.name}'. Rename one: Anki has one folder for all.")
        return f'<img src="{escape(file.name)}" alt="{escape(description)}">'


def note_guid(item_id: str) -> str:
    """Anki's identity of an item's note. Never change it: a note with another GUID is another note to Anki."""
    return str(genanki.guid_for("transfer-learning-interview", item_id))


def _number(name: str) -> int:
    """A stable id in Anki's customary range, from 2**30 up to 2**31."""
    return (1 << 30) + int.from_bytes(sha256(name.encode()).digest()[:4], "big") % (1 << 30)


def _fields(kind: str) -> tuple[str, ...]:
    return KINDS[kind].front + KINDS[kind].back


def _note_type(kind: str) -> genanki.Model:
    front = "".join(_section(name, titled=index > 0) for index, name in enumerate(KINDS[kind].front))
    back = "".join(_section(name, titled=index > 0) for index, name in enumerate(KINDS[kind].back))
    styles = [code_style("default", ""), code_style("github-dark", *_NIGHT)]
    return genanki.Model(
        # The fields are part of the name: a note type with other fields is another one, and old notes keep theirs.
        _number(f"note type {kind} {' '.join((*_fields(kind), *_COMMON))}"),
        f"{ROOT} {kind}",
        fields=[{"name": name} for name in (*_fields(kind), *_COMMON)],
        templates=[
            {
                "name": kind.capitalize(),
                "qfmt": f'<div class="source">{{{{Source}}}}</div>\n{front}',
                "afmt": f"{{{{FrontSide}}}}\n<hr id=answer>\n{back}{_section('My note', titled=True)}",
            }
        ],
        css=_CSS + "\n".join(styles),
    )


def _section(name: str, *, titled: bool) -> str:
    title = f"<h3>{name}</h3>\n" if titled else ""
    return f"{{{{#{name}}}}}\n{title}{{{{{name}}}}}\n{{{{/{name}}}}}\n"


def _tags(entry: Entry, card: Card | None) -> list[str]:
    tags = [f"question::{entry.deck.meta.key}::{entry.question.meta.key}", f"kind::{entry.kind}"]
    if entry.level:
        tags.append(f"level::{entry.level}")
    if card is not None and card.suspended:
        tags.append("suspended")
    return tags


def _plain(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _mathjax(tex: str, display: bool) -> str:
    return rf"\[{escape(tex, quote=False)}\]" if display else rf"\({escape(tex, quote=False)}\)"
