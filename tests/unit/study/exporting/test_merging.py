"""Two histories as one: nothing is lost, the present wins, and a card's memory comes whole from one side."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from study.exporting.backup import backup, restore
from study.exporting.merging import merged
from study.migrations.dump import Rows, read
from study.migrations.shapes import shapes
from study.scheduling import Rating
from study.store import Store

Answer = Callable[..., None]


@pytest.fixture
def other_file(tmp_path: Path) -> Path:
    (tmp_path / "other").mkdir()
    return tmp_path / "other" / "study.sqlite3"


@pytest.fixture
def other(other_file: Path, empty_database: Path) -> Iterator[Store]:
    shutil.copy(empty_database, other_file)
    opened = Store(f"sqlite:///{other_file}")
    yield opened
    opened.close()


@pytest.fixture
def merge(file: Path, other_file: Path, tmp_path: Path, now: datetime) -> Callable[[], Path | None]:
    """Merge what is in `other` into `store`."""

    def run() -> Path | None:
        backup(f"sqlite:///{other_file}", tmp_path / "other.json")
        return restore(f"sqlite:///{file}", tmp_path / "other.json", now, how="merge").kept

    return run


def rows(file: Path) -> Rows:
    return read(f"sqlite:///{file}", "local")


def test_merging_with_itself_changes_nothing(history: Store, file: Path, tmp_path: Path, now: datetime) -> None:
    before = rows(file)
    assert merged(before, before, shapes()) == before
    backup(f"sqlite:///{file}", tmp_path / "b.json")
    assert restore(f"sqlite:///{file}", tmp_path / "b.json", now, how="merge").kept is None
    assert rows(file) == before


def test_merging_with_nothing_and_into_nothing(history: Store, file: Path) -> None:
    full = rows(file)
    nothing: Rows = {name: [] for name in full}
    assert merged(full, nothing, shapes()) == full
    into = merged(nothing, full, shapes())
    assert {name: len(found) for name, found in into.items()} == {name: len(found) for name, found in full.items()}
    assert merged(full, into, shapes()) == full


def test_answers_of_both_are_in_the_order_of_time(
    store: Store, other: Store, answer: Answer, merge: Callable[[], Path | None], file: Path, now: datetime
) -> None:
    for minutes in (0, 40, 80):
        answer(store, "d/a", f"a{minutes}", minutes=minutes)
    for minutes in (20, 60, 100):
        answer(other, "d/b", f"b{minutes}", minutes=minutes)
    kept = merge()
    assert kept is not None and kept.is_file()
    assert [review.answer_id for review in store.reviews()] == ["a0", "b20", "a40", "b60", "a80", "b100"]
    assert store.card("d/a").memory.last_review == now + timedelta(minutes=80)  # type: ignore[union-attr]
    taken_back = store.undo_last(now + timedelta(days=1))
    assert taken_back is not None and taken_back.answer_id == "b100"
    owners = {card["id"]: card["item_id"] for card in rows(file)["cards"]}
    assert all(owners[review["card_id"]] == review["item_id"] for review in rows(file)["reviews"])


def test_a_card_that_went_on_elsewhere_is_taken_from_there(
    store: Store, other: Store, answer: Answer, merge: Callable[[], Path | None]
) -> None:
    for opened in (store, other):
        answer(opened, "d/a", "a1")
    store.set_note("d/a", "mine", store.cards()[0].added_at)
    answer(other, "d/a", "a2", Rating.EASY, minutes=3000)
    theirs = other.card("d/a")
    merge()
    card = store.card("d/a")
    assert card is not None and theirs is not None
    assert (card.memory, card.reviews, card.note) == (theirs.memory, 2, "mine")
    assert card.version > max(theirs.version, 1)


def test_a_card_that_went_on_here_stays(
    store: Store, other: Store, answer: Answer, merge: Callable[[], Path | None]
) -> None:
    for opened in (store, other):
        answer(opened, "d/a", "a1")
    answer(store, "d/a", "a2", Rating.EASY, minutes=3000)
    before = store.card("d/a")
    assert merge() is None  # nothing new, nothing written
    assert store.card("d/a") == before


def test_where_both_went_on_the_one_with_more_answers_gives_the_memory(
    store: Store, other: Store, answer: Answer, merge: Callable[[], Path | None]
) -> None:
    for opened in (store, other):
        answer(opened, "d/a", "a1")
    answer(store, "d/a", "here", Rating.AGAIN, minutes=9000)
    answer(other, "d/a", "there-1", Rating.GOOD, minutes=3000)
    answer(other, "d/a", "there-2", Rating.GOOD, minutes=6000)
    theirs = other.card("d/a")
    merge()
    card = store.card("d/a")
    assert card is not None and theirs is not None
    assert (card.memory, card.reviews) == (theirs.memory, 4)
    assert [review.answer_id for review in store.reviews()] == ["a1", "there-1", "there-2", "here"]


def test_a_tie_goes_to_the_later_answer_then_to_the_present(
    store: Store, other: Store, answer: Answer, merge: Callable[[], Path | None]
) -> None:
    answer(store, "d/later", "s1", minutes=0)
    answer(other, "d/later", "o1", Rating.EASY, minutes=5)
    answer(store, "d/same", "s2", Rating.HARD, minutes=9)
    answer(other, "d/same", "o2", Rating.EASY, minutes=9)
    present, theirs = store.card("d/same"), other.card("d/later")
    merge()
    assert store.card("d/later").memory == theirs.memory  # type: ignore[union-attr]
    assert store.card("d/same").memory == present.memory  # type: ignore[union-attr]


def test_an_answer_taken_back_follows_the_card(
    store: Store, other: Store, answer: Answer, merge: Callable[[], Path | None], now: datetime
) -> None:
    for opened in (store, other):
        answer(opened, "d/a", "a1")
        answer(opened, "d/a", "a2", Rating.AGAIN, minutes=30)
    other.undo_last(now + timedelta(minutes=31))
    answer(other, "d/a", "a3", Rating.GOOD, minutes=32)
    merge()
    assert [review.answer_id for review in store.reviews()] == ["a1", "a3"]
    assert store.card("d/a").memory == other.card("d/a").memory  # type: ignore[union-attr]
    assert store.card("d/a").reviews == 2  # type: ignore[union-attr]


def test_a_reset_card_does_not_come_back_from_an_older_backup(
    store: Store, other: Store, answer: Answer, merge: Callable[[], Path | None], now: datetime
) -> None:
    for opened in (store, other):
        answer(opened, "d/a", "a1")
    store.reset("d/a", now + timedelta(days=1))
    assert merge() is None
    assert store.card("d/a").is_new  # type: ignore[union-attr]


def test_the_present_wins_and_gaps_are_filled(
    store: Store, other: Store, merge: Callable[[], Path | None], now: datetime
) -> None:
    store.set_setting("a", 1)
    other.set_setting("a", 2)
    other.set_setting("b", 3)
    for opened in (store, other):
        opened.log_prediction("lab", {}, "holds", now, prediction_id="p")
        opened.add("d/noted", now)
    other.settle_prediction("p", "does_not_hold", now)
    other.set_note("d/noted", "theirs", now)
    store.save_draft("k", "mine", now)
    other.save_draft("k", "theirs", now + timedelta(minutes=1))
    merge()
    assert (store.setting("a", None), store.setting("b", None)) == (1, 3)
    assert store.predictions()[0].outcome == "does_not_hold"
    assert store.card("d/noted").note == "theirs"  # type: ignore[union-attr]
    assert store.draft("k") == "theirs"
    assert {"mine", "theirs"} == {draft["text"] for draft in rows_of(store, "drafts")}


def rows_of(store: Store, table: str) -> list[dict[str, object]]:
    return read(str(store._reader.url), "local")[table]


def test_an_interview_is_taken_as_it_was_saved_last(
    store: Store, other: Store, merge: Callable[[], Path | None], now: datetime
) -> None:
    for opened in (store, other):
        opened.start_interview("i", {"step": 0}, now)
    other.save_interview("i", {"step": 1}, 1, now + timedelta(minutes=1))
    merge()
    assert store.interview("i").state == {"step": 1}  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(8))
def test_no_row_of_either_side_is_lost(
    store: Store,
    other: Store,
    answer: Answer,
    merge: Callable[[], Path | None],
    file: Path,
    other_file: Path,
    seed: int,
) -> None:
    rng = random.Random(seed)
    for number in range(40):
        for opened, name in ((store, "s"), (other, "o")):
            if rng.random() < 0.6:
                shared = rng.random() < 0.3
                identity = f"both-{number}" if shared else f"{name}-{number}"
                answer(opened, f"d/q{number % 6}", identity, Rating(rng.randint(1, 4)), minutes=number * 500)
    mine, theirs = rows(file), rows(other_file)
    merge()
    result = rows(file)
    for table, key in (("reviews", "answer_id"), ("cards", "item_id")):
        wanted = {row[key] for row in mine[table]} | {row[key] for row in theirs[table]}
        assert sorted(row[key] for row in result[table]) == sorted(wanted)
    moments = [row["reviewed_at"] for row in result["reviews"]]
    assert moments == sorted(moments)
    counted = {card["item_id"]: card["reviews"] for card in result["cards"]}
    logged = {item: sum(row["item_id"] == item for row in result["reviews"]) for item in counted}
    assert counted == logged
    for card in result["cards"]:
        sides = [_memory(row) for side in (mine, theirs) for row in side["cards"] if row["item_id"] == card["item_id"]]
        assert _memory(card) in sides
    before = rows(file)
    assert merge() is None
    assert rows(file) == before


def _memory(card: dict[str, object]) -> tuple[object, ...]:
    return tuple(card.get(column) for column in ("state", "step", "stability_days", "difficulty", "due", "last_review"))
