"""`kill -9` in the middle of hundreds of answers: every acknowledged one is there, exactly once."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsrs
import pytest

from study.store import Store

ANSWERS = 400
ITEMS = 4
START = datetime(2026, 3, 4, 9, tzinfo=UTC)

CHILD = """
import sys
from datetime import UTC, datetime, timedelta
from study.scheduling import Rating, Scheduler
from study.store import Store

store, start = Store(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
for number in range(int(sys.argv[3])):
    item = f"q{number % int(sys.argv[4])}"
    card = store.card(item)
    store.answer(item, Rating(number * 7 % 4 + 1), start + timedelta(hours=5 * number), answer_id=f"a{number}",
                 expected_version=card.version if card else 0, duration_seconds=1.0, scheduler=Scheduler())
    print(f"a{number}", flush=True)
"""


@pytest.mark.parametrize("kill_after", [1, 9, 31, 70])
def test_killed_in_the_middle_no_acknowledged_answer_is_lost(file: Path, kill_after: int) -> None:
    url = f"sqlite:///{file}"
    command = [sys.executable, "-c", CHILD, url, START.isoformat(), str(ANSWERS), str(ITEMS)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = [child.stdout.readline().strip() for _ in range(kill_after)]
    child.kill()  # SIGKILL: no handler, no clean-up
    acknowledged += child.stdout.read().split()
    assert child.wait() != 0
    assert kill_after <= len(acknowledged) < ANSWERS

    store = Store(url)
    logged = [review.answer_id for review in store.reviews()]
    # The one that was being written may be there without its acknowledgement.
    assert logged[: len(acknowledged)] == acknowledged
    assert logged == [f"a{number}" for number in range(len(logged))]
    assert len(logged) - len(acknowledged) in (0, 1)
    _assert_cards_equal_the_replay(store)
    store.close()


def _assert_cards_equal_the_replay(store: Store) -> None:
    """By the package itself, from the log's ratings and moments alone."""
    package = fsrs.Scheduler(enable_fuzzing=False)
    replayed: dict[str, fsrs.Card] = {}
    for number, review in enumerate(store.reviews()):
        moment = START + timedelta(hours=5 * number)
        assert (review.reviewed_at, int(review.rating)) == (moment, number * 7 % 4 + 1)
        card = replayed.get(review.item_id) or fsrs.Card(card_id=1, due=moment)
        replayed[review.item_id], _ = package.review_card(card, fsrs.Rating(int(review.rating)), moment)
    cards = {card.item_id: card.memory.to_fsrs() for card in store.cards()}
    assert cards.keys() == replayed.keys()
    for item_id, card in cards.items():
        card.card_id = 1
        assert card == replayed[item_id]
