"""The study database: cards, the review log, drafts, attempts, interviews, lab runs, settings.

SQLite in the user's data directory by default; any database SQLAlchemy knows by URL. An answer that was acknowledged
survives the death of the process and of the machine: it is synced to disk (`synchronous=FULL`) before the call returns.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_dir

from study.records import StaleCard, StaleInterview, StoreError
from study.storing.answers import Answers
from study.storing.attempts import Attempts
from study.storing.cards import Cards
from study.storing.drafts import Drafts
from study.storing.interviews import Interviews
from study.storing.labs import Labs
from study.storing.settings import Settings

__all__ = ["StaleCard", "StaleInterview", "Store", "StoreError"]

DEFAULT_FILE = Path(user_data_dir("transfer-learning-interview", appauthor=False)) / "study.sqlite3"


class Store(Cards, Answers, Drafts, Attempts, Interviews, Labs, Settings):
    """The study database of one or many learners. Safe to share between threads, and between processes on one file.

    `url`: an SQLAlchemy URL; without it, the environment's `DATABASE_URL`, else `DEFAULT_FILE`. The schema is created
    or upgraded at once. Every method may raise StoreError, which names the database and the remedy; nothing is ever
    deleted or overwritten to get going. Naive moments raise ValueError. Every method takes the `learner` it is about.
    """

    def __init__(self, url: str | None = None) -> None:
        super().__init__(url or os.environ.get("DATABASE_URL") or f"sqlite:///{DEFAULT_FILE}")
