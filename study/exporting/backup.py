"""A learner's whole history as one JSON file, and back: every table there is, to the last digit."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from study.days import as_utc
from study.exporting.files import ChoiceNeededError, ExportError, write_new, write_whole
from study.exporting.merging import merged
from study.migrations.dump import RowError, Rows, folder_of, read, rewrite, upgraded
from study.migrations.shapes import shapes
from study.migrations.upgrade import HEAD
from study.store import DEFAULT_FILE
from study.words import counted

FORMAT = "transfer-learning-interview/backup"
VERSION = 1
"""Of the file's layout; what the tables hold is `schema`, the revision of the database."""

How = Literal["replace", "merge"]


@dataclass(frozen=True)
class Restored:
    """What a restore did: the learner's rows per table now, and the backup of what was there before (None: nothing
    was replaced)."""

    rows: dict[str, int]
    kept: Path | None


def database_address() -> str:
    """The SQLAlchemy URL of the study database, as `Store` finds it: `DATABASE_URL`, else the user's own file."""
    return os.environ.get("DATABASE_URL") or f"sqlite:///{DEFAULT_FILE}"


def backup(address: str, file: Path, *, learner: str = "local") -> dict[str, int]:
    """Write everything the learner has in the database at `address` to `file`; returns the number of rows per table.

    The same history gives the same bytes. StoreError if the database cannot be used, ExportError if the file cannot.
    """
    rows = read(address, learner)
    write_whole(file, _packed(rows))
    return _counts(rows)


def restore(address: str, file: Path, now: datetime, *, how: How | None = None, learner: str = "local") -> Restored:
    """Bring a backup back into the database at `address`, in one transaction.

    Where the learner has nothing yet, it is restored exactly. Otherwise `how` must say: "replace" puts the backup in
    the place of what is there, "merge" unites both (`study.exporting.merging`). Before anything is changed, what is
    there is written to a backup of its own, in the database's folder (or in the user's data directory, if the database
    is no file). ExportError, with nothing changed, if `file` is broken, foreign or newer, or if `how` is needed.
    """
    wanted = _unpacked(file)
    stamp = as_utc(now).strftime("%Y%m%dT%H%M%SZ")
    folder = folder_of(address) or DEFAULT_FILE.parent
    kept: list[Path] = []
    final: list[Rows] = []

    def change(present: Rows) -> Rows:
        result = wanted
        if any(present.values()):
            if how is None:
                raise ChoiceNeededError(
                    f"You have entries already, {sum(_counts(present).values())} in all. Choose: --merge "
                    "adds what they lack, --replace puts the backup in their place (after a backup of them)."
                )
            result = merged(present, wanted, shapes()) if how == "merge" else wanted
            if result != present:
                kept.append(_keep(folder, stamp, present))
        final.append(result)
        return result

    try:
        rewrite(address, learner, change)
    except RowError as error:
        raise ExportError(f"{file} does not fit together: {error}. Use another copy; nothing was changed.") from error
    return Restored(_counts(final[0]), kept[0] if kept else None)


def in_words(counts: Mapping[str, int]) -> str:
    """Numbers of rows per table, as a list: "1 card, 2 lab runs"."""
    return ", ".join(counted(count, table.removesuffix("s").replace("_", " ")) for table, count in counts.items())


def _keep(folder: Path, stamp: str, present: Rows) -> Path:
    content = _packed(present)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        file = folder / f"study-before-import-{stamp}{'' if number == 1 else f'-{number}'}.json"
        try:
            write_new(file, content)
        except FileExistsError:
            continue
        return file
    raise ExportError(f"{folder} holds too many backups of this second. Move them away and try again.")


def _counts(rows: Rows) -> dict[str, int]:
    return {table: len(found) for table, found in rows.items()}


def _packed(rows: Rows) -> bytes:
    tables = ",\n".join(
        f"{json.dumps(name)}: [" + ",".join(f"\n{json.dumps(row)}" for row in found) + "\n]"
        for name, found in rows.items()
    )
    head = {"format": FORMAT, "version": VERSION, "schema": HEAD, "sha256": _checksum(rows)}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items())
    return f'{{\n{lines},\n"tables": {{\n{tables}\n}}\n}}\n'.encode()


def _checksum(rows: Any) -> str:
    return sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _unpacked(file: Path) -> Rows:
    """The rows in a backup, as the present schema has them. ExportError if it is none, or not whole."""
    content = _parsed(file)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ExportError(f"{file} is no backup of this app. Name a file that `export json` has written.")
    version, schema, tables = (content.get(name) for name in ("version", "schema", "tables"))
    if isinstance(version, int) and version > VERSION:
        raise _newer(file)
    if version != VERSION or not isinstance(schema, str) or not _are_rows(tables):
        raise ExportError(f"{file} is damaged: it lacks parts that every backup has. Use another copy.")
    if content.get("sha256") != _checksum(tables):
        raise ExportError(f"{file} is damaged or was edited: its checksum does not match. Use another copy.")
    return _fitted(file, tables, schema)


def _fitted(file: Path, tables: Any, schema: str) -> Rows:
    try:
        rows = upgraded(tables, schema)
    except LookupError as error:
        raise _newer(file) from error
    except RowError as error:
        raise ExportError(f"{file} does not fit together: {error}. Use another copy.") from error
    return {shape.name: rows.get(shape.name, []) for shape in shapes()} | rows


def _parsed(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExportError(f"{file} cannot be read: {error.strerror}. Check the name and its rights.") from error
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise ExportError(
            f"{file} is no backup, or only a part of one ({error}). Use another copy, or download it again."
        ) from error


def _are_rows(tables: Any) -> bool:
    if not isinstance(tables, dict):
        return False
    return all(isinstance(rows, list) and all(isinstance(row, dict) for row in rows) for rows in tables.values())


def _newer(file: Path) -> ExportError:
    return ExportError(f"{file} was written by a newer version of this app. Update the app, then import it again.")
