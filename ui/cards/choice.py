"""Choice: one or several options are right; every option says why."""

from __future__ import annotations

from typing import cast

import streamlit as st

from content.items import Choice
from study.grading import choices
from study.scheduling import Rating
from ui import feedback
from ui.cards import shared
from ui.cards.shared import UNKNOWN, Answered
from ui.catalogue import Entry


def front(entry: Entry, key: str, seed: int) -> Answered | None:
    """The options, shuffled by the seed."""
    item = cast(Choice, entry.item)
    shared.prompt(item.prompt)
    texts = [option.text for option in item.options]
    order = choices.order(len(texts), seed)
    if sum(option.right for option in item.options) == 1:
        chosen = shared.pick_one("Choose one", texts, order, f"{key}-options")
    else:
        chosen = shared.pick_several("Choose **all** that are right", texts, order, f"{key}-options")
    checked, unknown = shared.hand_in(key)
    if unknown:
        return blank(entry, seed)
    if checked and not chosen:
        st.warning("Choose an option first, or say that you don't know.", icon=":material/touch_app:")
    return _answered(item, chosen, seed) if checked and chosen else None


def back(entry: Entry, answered: Answered, key: str) -> Answered:
    """Right or not, and the reason of every option."""
    item = cast(Choice, entry.item)
    shared.prompt(item.prompt)
    several = sum(option.right for option in item.options) > 1
    feedback.verdict(answered["right"], _words(item, answered, several))
    shared.explained(item.options, choices.order(len(item.options), answered["seed"]), answered["chosen"], key)
    return answered


def blank(entry: Entry, seed: int) -> Answered:
    """Nothing was chosen."""
    return _answered(cast(Choice, entry.item), [], seed) | UNKNOWN


def suggestion(entry: Entry, answered: Answered) -> Rating | None:
    """From the share of right options that were found."""
    return choices.suggest_rating(answered["score"])


def _answered(item: Choice, chosen: list[int], seed: int) -> Answered:
    grade = choices.grade_choice(item.options, chosen)
    return {"seed": seed, "chosen": chosen, "right": grade.right, "score": grade.score}


def _words(item: Choice, answered: Answered, several: bool) -> str:
    if answered["right"]:
        return "Right: exactly these." if several else "Right."
    if not answered["chosen"]:
        return "Now you can know: read why."
    missed = sum(option.right and index not in answered["chosen"] for index, option in enumerate(item.options))
    wrong = sum(not item.options[index].right for index in answered["chosen"])
    if not several:
        return "Not this one."
    parts = [f"{wrong} chosen that {'is' if wrong == 1 else 'are'} wrong"] if wrong else []
    parts += [f"{missed} right {'one' if missed == 1 else 'ones'} missed"] if missed else []
    return f"Not quite: {', '.join(parts)}."
