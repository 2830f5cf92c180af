"""The union of two learners' histories that are one learner's. Pure: rows in, rows out (`study.migrations.dump`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from study.migrations.dump import Row, Rows
from study.migrations.shapes import Shape

MEMORY = ("state", "step", "stability_days", "difficulty", "due", "last_review", "reviews")
"""Columns of `cards` that say what is remembered; they are taken together, from one side."""

NEWER = {"interviews": "version"}
"""Tables whose rows go on: of a row that both have, the one with the higher value here is taken whole."""

FILLED = {"predictions": ("outcome", "settled_at"), "cards": ("note",)}
"""Columns that the other side may fill in where the present row has nothing."""


def merged(present: Rows, other: Rows, shapes: Sequence[Shape]) -> Rows:
    """Both histories as one.

    A row that both have, by its natural key, stays as `present` has it (an interview as it was saved last); rows that
    only `other` has are added in between the present ones by their moment, and the table's rows are numbered anew.

    Where both have a card, its memory comes from the side whose answers include the other's; if each side has answers
    of its own, from the one where more answers count, then from the one answered last, then from the present. The log
    entries that both have of that card come from the same side, so that an answer taken back is taken back in both.
    The memory is not computed anew from both logs: that would pass over resets, and over the weights and the interview
    date of the time. `merged(x, x, shapes) == x`.
    """
    theirs = _cards_from_other(present, other)
    numbers: dict[str, tuple[dict[int, int], dict[int, int]]] = {}
    result: Rows = {}
    for shape in shapes:
        sides = tuple(
            [_renumbered(row, shape, numbers, side) for row in rows.get(shape.name, [])]
            for side, rows in enumerate((present, other))
        )
        prefer = theirs if shape.name == "reviews" else frozenset()
        result[shape.name], numbers[shape.name] = _table(sides[0], sides[1], shape, prefer)
    result["cards"] = _with_memories(result["cards"], present, other, theirs)
    return result


def _renumbered(row: Row, shape: Shape, numbers: dict[str, tuple[dict[int, int], dict[int, int]]], side: int) -> Row:
    """The row with its foreign keys as the merged parents are numbered."""
    keys = {column: parent for column, parent in shape.parents.items() if column in row and parent in numbers}
    return row | {column: numbers[parent][side].get(row[column], row[column]) for column, parent in keys.items()}


def _table(
    mine: list[Row], theirs: list[Row], shape: Shape, prefer: frozenset[str]
) -> tuple[list[Row], tuple[dict[int, int], dict[int, int]]]:
    """The rows of both, and for each side how its rows are numbered now. `prefer`: items whose rows are taken from
    `theirs` where both have them."""
    identity = _identity(shape)
    by_key = {identity(row): row for row in theirs}
    known = {identity(row) for row in mine}
    kept = [_common(row, by_key[identity(row)], shape, prefer) if identity(row) in by_key else row for row in mine]
    added = [row for row in theirs if identity(row) not in known]
    rows = _in_time(kept, added, shape.moment)
    if shape.number is None:
        return rows, ({}, {})
    number = shape.number
    if added:
        rows = [row | {number: place} for place, row in enumerate(rows, 1)]
    now = {identity(row): row[number] for row in rows}
    before = tuple({row[number]: now[identity(row)] for row in side} for side in (mine, theirs))
    return rows, (before[0], before[1])


def _identity(shape: Shape) -> Callable[[Row], str]:
    def identity(row: Row) -> str:
        whole = {column: value for column, value in row.items() if column != shape.number}
        return json.dumps([row.get(column) for column in shape.key] if shape.key else whole, sort_keys=True)

    return identity


def _common(mine: Row, theirs: Row, shape: Shape, prefer: frozenset[str]) -> Row:
    newer = NEWER.get(shape.name)
    if mine.get("item_id") in prefer or (newer is not None and theirs[newer] > mine[newer]):
        number = {} if shape.number is None else {shape.number: mine[shape.number]}
        return theirs | number
    fill = [column for column in FILLED.get(shape.name, ()) if not mine.get(column) and column in theirs]
    return mine | {column: theirs[column] for column in fill}


def _in_time(first: list[Row], second: list[Row], moment: str | None) -> list[Row]:
    """Both lists as one by the rows' moments; each keeps its own order, also where a clock was set back."""
    if moment is None or not second:
        return first + second
    rows: list[Row] = []
    left, right = iter(first), iter(second)
    mine, theirs = next(left, None), next(right, None)
    while mine is not None and theirs is not None:
        if _when(theirs, moment) < _when(mine, moment):
            rows.append(theirs)
            theirs = next(right, None)
        else:
            rows.append(mine)
            mine = next(left, None)
    return [*rows, *(row for row in (mine, theirs) if row is not None), *left, *right]


def _when(row: Row, moment: str) -> datetime:
    return datetime.fromisoformat(row[moment]).astimezone(UTC)


def _cards_from_other(present: Rows, other: Rows) -> frozenset[str]:
    """Items whose card's memory is taken from `other`."""
    mine, theirs = (_answers(rows["reviews"]) for rows in (present, other))
    cards = {card["item_id"]: card for card in present["cards"]}
    return frozenset(
        card["item_id"]
        for card in other["cards"]
        if card["item_id"] in cards
        and _theirs_wins(cards[card["item_id"]], card, mine.get(card["item_id"], {}), theirs.get(card["item_id"], {}))
    )


def _answers(reviews: Iterable[Row]) -> dict[str, dict[str, bool]]:
    """Per item the answers by their id, and whether they count for the card's memory."""
    found: dict[str, dict[str, bool]] = {}
    for review in reviews:
        found.setdefault(review["item_id"], {})[review["answer_id"]] = not review.keys() & {"undone_at", "forgotten_at"}
    return found


def _theirs_wins(mine: Row, theirs: Row, my_answers: dict[str, bool], their_answers: dict[str, bool]) -> bool:
    if their_answers.keys() <= my_answers.keys():
        return False
    if my_answers.keys() <= their_answers.keys():
        return True
    return _weight(theirs, their_answers) > _weight(mine, my_answers)


def _weight(card: Row, answers: dict[str, bool]) -> tuple[int, datetime]:
    answered = "last_review" in card
    return sum(answers.values()), _when(card, "last_review") if answered else datetime.min.replace(tzinfo=UTC)


def _with_memories(cards: list[Row], present: Rows, other: Rows, theirs: frozenset[str]) -> list[Row]:
    mine_by_item, theirs_by_item = ({card["item_id"]: card for card in rows["cards"]} for rows in (present, other))
    my_answers, their_answers = (_answers(rows["reviews"]) for rows in (present, other))
    result = []
    for card in cards:
        item = card["item_id"]
        if item not in mine_by_item or item not in theirs_by_item:
            result.append(card)
            continue
        sides = [(mine_by_item[item], my_answers), (theirs_by_item[item], their_answers)]
        (winner, own), (loser, others) = reversed(sides) if item in theirs else sides
        extra = sum(counts for key, counts in others.get(item, {}).items() if key not in own.get(item, {}))
        memory = {column: winner[column] for column in MEMORY if column in winner}
        memory["reviews"] = winner["reviews"] + extra
        changed = {column: card[column] for column in MEMORY if column in card} != memory
        # An answer names the version of the card it was given to; neither side's screens may answer this one.
        version = max(winner["version"], loser["version"]) + 1 if changed else card["version"]
        rest = {column: value for column, value in card.items() if column not in MEMORY}
        result.append(rest | memory | {"version": version})
    return result
