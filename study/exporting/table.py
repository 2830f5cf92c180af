"""The cards and the review log as CSV (RFC 4180, UTF-8), for spreadsheets and notebooks."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from content.schema import Deck
from study.cards import Card
from study.exporting.entries import Entry, computed, entries
from study.records import Review
from study.scheduling import Memory

CONTENT = ("item", "kind", "level", "deck", "question", "topic", "tags", "front", "back")
"""Columns of the cards' table that come from the decks; those of `Card` follow."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet take a text for a formula, which may fetch and send
(OWASP, "CSV Injection")."""


def cards_csv(decks: Iterable[Deck], cards: Iterable[Card]) -> str:
    """A row per item of the decks, in their order, and per card of an item that they do not have (any more).

    Columns: `CONTENT` (front and back in Markdown), then what `Card` and its memory hold; moments in ISO 8601, UTC.
    Items without a card have nothing there; computed items have no fixed front and back. A text that a spreadsheet
    would run as a formula has an apostrophe before it.
    """
    decks = list(decks)
    by_item = {card.item_id: card for card in cards}
    contents = [_content(entry) for entry in entries(decks)]
    contents += [{"item": item_id, "kind": "computed"} for item_id in computed(decks)]
    known = {content["item"] for content in contents}
    contents += [{"item": item_id} for item_id in by_item if item_id not in known]
    columns = [name for name in _columns(Card) if name not in ("id", "item_id")]
    rows = []
    for content in contents:
        card = by_item.get(content["item"])
        rows.append(content | (_flat(card) if card else {}))
    return _csv((*CONTENT, *columns), rows)


def reviews_csv(reviews: Iterable[Review]) -> str:
    """A row per answer that counts, in the order of `reviews`: what `Review` holds, memories spread over columns.

    `answered`, an object, is JSON; `rating` is 1 to 4 with its name beside it. Answers that were taken back are in the
    JSON backup only.
    """
    rows = [_flat(review) | {"rating_name": review.rating.name.lower()} for review in reviews]
    columns = _columns(Review)
    place = columns.index("rating") + 1
    return _csv((*columns[:place], "rating_name", *columns[place:]), rows)


def _content(entry: Entry) -> dict[str, str]:
    deck, question = entry.deck.meta, entry.question.meta
    tags = [f"question {question.number}", entry.kind, *([entry.level] if entry.level else [])]
    return {
        "item": entry.item_id,
        "kind": entry.kind,
        "level": entry.level,
        "deck": deck.key,
        "question": question.key,
        "topic": question.topic,
        "tags": "; ".join(tags),
        "front": entry.front,
        "back": entry.back,
    }


def _columns(record: type[Any]) -> list[str]:
    """Names of a dataclass's fields; a memory is spread over columns of its own, so that new fields come along."""
    memory = [field.name for field in dataclasses.fields(Memory)]
    found: list[str] = []
    for field in dataclasses.fields(record):
        prefix = _prefix(field.name)
        found += [field.name] if prefix is None else [prefix + name for name in memory]
    return found


def _prefix(field: str) -> str | None:
    return {"memory": "", "before": "before_", "after": "after_"}.get(field)


def _flat(record: Any) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, Memory):
            flat |= {f"{_prefix(field.name)}{name}": inner for name, inner in vars(value).items()}
        else:
            flat[field.name] = value
    return flat


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case datetime():
            return value.isoformat()
        case int() | float():
            return repr(value)
        case dict() | list():
            value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
