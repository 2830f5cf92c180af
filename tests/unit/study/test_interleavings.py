"""Answers, undos, second clicks, two tabs, suspend, bury, note, reset, drafts, in any order, against a plain model.

In one process, through two stores as two processes would; and in a process that is killed in the middle.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from study.scheduling import Memory, Rating, Scheduler
from study.store import StaleCard, Store

SCHEDULER = Scheduler()
START = datetime(2026, 3, 4, 9, tzinfo=UTC)
ITEMS = ("a", "b", "c")
SEQUENCES, STEPS = 200, 25
THINGS = ("suspend", "bury", "note", "reset", "add", "draft")
Op = dict[str, Any]


@dataclass
class ModelCard:
    """What a card must be: its memory is recomputed from `given`, the answers since it was new, each as logged."""

    born: datetime
    given: list[Op] = field(default_factory=list)
    version: int = 0
    suspended: bool = False
    buried_until: datetime | None = None
    note: str = ""
    asked_for: bool = False

    def memory(self) -> Memory:
        memory = SCHEDULER.new_memory(self.born)
        for op in self.given:
            memory = SCHEDULER.review(memory, op["rating"], op["now"])
        return memory


class Model:
    """The store in a dozen lines of lists and dictionaries."""

    def __init__(self) -> None:
        self.cards: dict[str, ModelCard] = {}
        self.log: list[Op] = []
        self.used: set[str] = set()
        self.drafts: dict[str, str] = {}

    def apply(self, op: Op) -> str:
        """Do one thing; "stale" if it must be refused, else "ok"."""
        if op["do"] == "undo":
            self._undo()
        elif op["do"] == "draft":
            self.drafts[op["item"]] = op["text"]
        elif op["do"] == "answer":
            return self._answer(op)
        else:
            self._touch(self.cards.setdefault(op["item"], ModelCard(op["now"])), op)
        return "ok"

    def _answer(self, op: Op) -> str:
        card = self.cards.get(op["item"])
        if op["id"] in self.used:
            return "ok"
        if op["version"] != (card.version if card else 0):
            return "stale"
        card = self.cards.setdefault(op["item"], ModelCard(op["now"], asked_for=True))
        card.given.append(op)
        card.version += 1
        self.log.append(op)
        self.used.add(op["id"])
        return "ok"

    def _undo(self) -> None:
        if self.log:
            taken = self.log.pop()
            card = self.cards[taken["item"]]
            if any(each is taken for each in card.given):
                card.given.pop()
                card.version += 1

    def _touch(self, card: ModelCard, op: Op) -> None:
        if op["do"] == "suspend":
            card.suspended = op["suspended"]
        elif op["do"] == "bury":
            card.buried_until = op["until"]
        elif op["do"] == "note":
            card.note = op["text"]
        elif op["do"] == "add":
            card.asked_for = True
        elif card.given:
            card.given, card.born, card.asked_for = [], op["now"], False
            card.version += 1


def operations(seed: int, steps: int) -> Iterator[Op]:
    """A random sequence. Versions are guessed: from the tab's last look at the card, which may be out of date."""
    rng, now = random.Random(seed), START
    seen: dict[str, int] = dict.fromkeys(ITEMS, 0)
    model, answers = Model(), list[Op]()
    for step in range(steps):
        now += rng.choice([timedelta(seconds=20), timedelta(hours=7), timedelta(days=3)])
        item = rng.choice(ITEMS)
        if rng.random() < 0.8 and item in model.cards:
            seen[item] = model.cards[item].version
        op: Op = {"do": rng.choice([*["answer"] * 6, "undo", *THINGS, "reset"])}
        op |= {"item": item, "now": now, "text": rng.choice(["", f"text {step}"]), "suspended": rng.random() < 0.5}
        op |= {"until": rng.choice([None, now + timedelta(days=1)]), "rating": rng.choice(list(Rating))}
        op["id"] = f"{seed}-{step}"
        if op["do"] == "answer":
            # One in six is a second click: an earlier answer's id, whether it counted, was stale or was taken back.
            if answers and rng.random() < 1 / 6:
                old = rng.choice(answers)
                op |= {"id": old["id"], "item": old["item"]}
            answers.append(op)
        op["version"] = seen[op["item"]]
        model.apply(op)
        yield op


def perform(store: Store, op: Op, learner: str) -> str:
    """The same on a store."""
    item, now = op["item"], op["now"]
    try:
        if op["do"] == "answer":
            store.answer(
                item,
                op["rating"],
                now,
                answer_id=op["id"],
                expected_version=op["version"],
                duration_seconds=1.0,
                scheduler=SCHEDULER,
                answered={"id": op["id"], "text": op["text"]},
                kind="typed",
                learner=learner,
            )
        elif op["do"] == "undo":
            store.undo_last(now, learner=learner)
        elif op["do"] == "suspend":
            store.suspend(item, op["suspended"], now, learner=learner)
        elif op["do"] == "bury":
            store.bury(item, op["until"], now, learner=learner)
        elif op["do"] == "note":
            store.set_note(item, op["text"], now, learner=learner)
        elif op["do"] == "draft":
            store.save_draft(item, op["text"], now, learner=learner)
        else:
            {"reset": store.reset, "add": store.add}[op["do"]](item, now, learner=learner)
    except StaleCard:
        return "stale"
    return "ok"


def assert_same(store: Store, model: Model, learner: str) -> None:
    """Cards, log and drafts, every field."""
    cards = {card.item_id: card for card in store.cards(learner=learner)}
    assert cards.keys() == model.cards.keys()
    for item, expected in model.cards.items():
        card = cards[item]
        assert (card.memory, card.reviews, card.version) == (expected.memory(), len(expected.given), expected.version)
        assert (card.suspended, card.buried_until, card.note, card.asked_for) == (
            expected.suspended,
            expected.buried_until,
            expected.note,
            expected.asked_for,
        )
    logged = [
        (each.answer_id, each.item_id, each.rating, each.reviewed_at, each.answered, each.kind)
        for each in store.reviews(learner=learner)
    ]
    assert logged == [
        (op["id"], op["item"], op["rating"], op["now"], {"id": op["id"], "text": op["text"]}, "typed")
        for op in model.log
    ]
    assert [store.draft(item, learner=learner) for item in ITEMS] == [model.drafts.get(item) for item in ITEMS]


@pytest.mark.parametrize("first", range(0, SEQUENCES, 20))
def test_random_sequences_equal_the_model(unsynced: Store, file: Path, first: int) -> None:
    """20 learners a test; which of two stores acts is random too. All kinds of things must have happened."""
    other = Store(f"sqlite:///{file}")
    event.listen(other._reader, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    other.close()
    tabs, happened = (unsynced, other), set()
    for seed in range(first, first + 20):
        learner, model, rng = f"learner {seed}", Model(), random.Random(seed)
        for op in operations(seed, STEPS):
            repeated = op["id"] in model.used
            outcome = model.apply(op)
            assert perform(rng.choice(tabs), op, learner) == outcome
            happened.add((op["do"], outcome, repeated))
            if rng.random() < 0.2:
                assert_same(rng.choice(tabs), model, learner)
        assert_same(unsynced, model, learner)
    assert {("answer", "ok", False), ("answer", "ok", True), ("answer", "stale", False)} < happened
    assert {do for do, *_ in happened} == {"answer", "undo", *THINGS}
    other.close()


CHILD = """
import sys
from test_interleavings import operations, perform
from study.store import Store

store = Store(sys.argv[1])
for op in operations(int(sys.argv[2]), 2000):
    perform(store, op, "local")
    print("done", flush=True)
"""


@pytest.mark.parametrize(("seed", "kill_after"), [(1, 2), (2, 17), (3, 40), (4, 90)])
def test_killed_in_the_middle_everything_acknowledged_is_there_once(file: Path, seed: int, kill_after: int) -> None:
    url = f"sqlite:///{file}"
    code = f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path.cwd())!r}]{CHILD}"
    child = subprocess.Popen([sys.executable, "-c", code, url, str(seed)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = sum(child.stdout.readline() == "done\n" for _ in range(kill_after))
    child.kill()  # SIGKILL: no handler, no clean-up
    acknowledged += child.stdout.read().count("done\n")
    assert child.wait() != 0
    assert kill_after <= acknowledged < 2000

    store, model = Store(url), Model()
    sequence = operations(seed, 2000)
    for _ in range(acknowledged):
        model.apply(next(sequence))
    try:
        assert_same(store, model, "local")
    except AssertionError:
        # The one that was being written may be there without its acknowledgement; nothing else may differ.
        model.apply(next(sequence))
        assert_same(store, model, "local")
    # And it goes on from there.
    store.add("another", START)
    store.close()


RACER = """
import sys
from datetime import datetime
from study.scheduling import Rating, Scheduler
from study.store import StaleCard, Store

store = Store(sys.argv[1])
for round in range(int(sys.argv[4])):
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        store.answer("q", Rating.GOOD, datetime.fromisoformat(sys.argv[3]), answer_id=f"{sys.argv[2]}-{round}",
                     expected_version=round, duration_seconds=1.0, scheduler=Scheduler(),
                     answered={"by": sys.argv[2]})
        print("counted", flush=True)
    except StaleCard:
        print("stale", flush=True)
"""


def test_of_two_processes_that_answer_at_once_exactly_one_counts(store: Store, file: Path) -> None:
    """Twenty rounds on the same card."""
    command = [sys.executable, "-c", RACER, f"sqlite:///{file}"]
    racers = [
        subprocess.Popen(
            [*command, name, START.isoformat(), "20"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    winners = []
    for number in range(20):
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("\n")
            racer.stdin.flush()
        said = [racer.stdout.readline().strip() for racer in racers if racer.stdout is not None]
        assert sorted(said) == ["counted", "stale"]
        winner = ("one", "two")[said.index("counted")]
        winners.append((f"{winner}-{number}", {"by": winner}))
    for racer in racers:
        racer.communicate()
        assert racer.returncode == 0
    assert [(review.answer_id, review.answered) for review in store.reviews()] == winners
    card = store.card("q")
    assert card is not None
    assert (card.reviews, card.version) == (20, 20)
