"""`python -m study fit`: fit the memory model to your own answers, and see whether that predicts better."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from study import settings
from study.records import StoreError

if TYPE_CHECKING:
    from study.fitting import Fit
    from study.store import Store

LEARNER = "local"

SEED = 0
"""Of the bootstrap: the same log gives the same interval."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("fit", help="fit the memory model (FSRS) to your own answers")
    parser.add_argument("--keep", action="store_true", help="schedule by the fitted parameters if they predict better")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """0 if a fit was made, whether or not it is worth keeping; 1 if there are too few answers or no database."""
    from study.store import Store  # SQLAlchemy, and torch below: loaded by this command only

    try:
        store = Store()
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        return _fit(store, options)
    except (StoreError, ValueError) as error:  # ValueError: a stored setting that is none
        print(error, file=sys.stderr)
        return 1
    finally:
        store.close()


def _fit(store: Store, options: argparse.Namespace) -> int:
    import numpy as np

    from study.fitting import TooFewReviewsError, fit

    started = time.perf_counter()
    try:
        found = fit(store.reviews(learner=LEARNER), np.random.default_rng(SEED))
    except TooFewReviewsError as error:
        if options.json:
            print(json.dumps({"error": str(error), "missing": error.missing}))
        else:
            print(error, file=sys.stderr)
        return 1
    seconds = time.perf_counter() - started
    kept = options.keep and found.keep
    if kept:
        settings.save(store, LEARNER, replace(settings.load(store, LEARNER), weights=found.weights))
    if options.json:
        print(json.dumps(found.to_json() | {"kept": kept, "seconds": round(seconds, 3)}))
    else:
        print("\n".join(_report(found, asked=options.keep)))
    return 0


def _report(found: Fit, *, asked: bool) -> list[str]:
    low, high = found.interval
    lines = [
        f"Fitted to {found.reviews_train} answers, tested on the {found.reviews_test} that came after them.",
        f"Log loss: {found.log_loss_default:.4f} with the default parameters, {found.log_loss_fitted:.4f} fitted.",
        f"Gain: {found.gain:.4f} (95 % interval {low:.4f} to {high:.4f}, bootstrap over cards).",
    ]
    if not found.keep:
        return [*lines, "The interval is not above 0, so the fitted parameters are not worth keeping yet."]
    return [*lines, "They are kept and used from now on." if asked else "Worth keeping: run it again with --keep."]
