"""Hints for answers in the learner's own words. Never a verdict: the learner ticks what she covered, and may be right.

Stemmed word overlap, because neither BM25 nor embeddings did better, and because embeddings credit a denied point
(FINDINGS.md, "Free-text grading"). It cannot see negation either: "large steps do not destroy them" has the words of
the point it denies. So nothing here is kept as a score, and screens call it what it is: what *seems* to be missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from content.items import CasePoint, Contradiction, KeyPoint, Level
from study.grading.typed_words import Words, content_words, sentences, words
from study.scheduling import Rating

AnyPoint = KeyPoint | CasePoint | str
"""A point of a typed item (with words to look for), of a case, or of a question (plain text)."""

COVERED_WITH_WORDS = 0.16
COVERED_WITHOUT_WORDS = 0.28
"""From this overlap on a point seems covered: where hits minus false alarms (Youden's J) was largest.

Measured on 50 hand-written answers to 23 typed items: 287 pairs of answer and point, 118 of them covered
(tests/unit/study/grading/typed_answers.yaml). The threshold was chosen on nine questions and counted on the tenth, for
each in turn. With words: AUC 0.92 (95 % bootstrap over questions: 0.89 to 0.94); 89 % of the covered points seem
covered, and so do 17 % of the others. Without: AUC 0.82 (0.75 to 0.87); 64 % and 24 %, a weak hint. One author wrote
answers and labels. False alarms grow with length: a model answer seems to cover 27 % of other questions' points.
"""

SUSPICIOUS = 0.7
"""From this share of a reversal's words in one sentence on, the sentence deserves a second look.

On 36 sentences written for it (reversals.yaml) it flags 21 of 23 that reverse a fact in much the list's own words, and
1 of 13 right ones; on the shipped model answers 4 of 47 pairs. A reversal in other words goes unseen.
"""

_EXPECTED_FOR_GOOD = 0.8
_EXPECTED_FOR_HARD = 0.5


@dataclass(frozen=True)
class PointHint:
    """What of a key point was heard.

    `overlap`, 0 to 1: two thirds the share of the point's listed words that occur, one third the share of its
    sentence's words; the latter alone where none are listed. `found`, `missing`: those words.
    """

    point: str
    seems_covered: bool
    found: tuple[str, ...]
    missing: tuple[str, ...]
    overlap: float


@dataclass(frozen=True)
class Flag:
    """A sentence that may turn a fact round. `overlap`, 0 to 1: share of the reversal's words in it."""

    says: str
    instead: str
    sentence: str
    overlap: float


def missing_points(text: str, key_points: Sequence[AnyPoint]) -> list[PointHint]:
    """A hint for every key point, in order. Only the first 20,000 characters of the text count."""
    said = words(text)
    return [_hint(said, point) for point in key_points]


def contradictions(text: str, known: Sequence[Contradiction]) -> list[Flag]:
    """The known reversals that a sentence of the text resembles, each once, with its most similar sentence.

    Order and negation are not looked at, so that a right sentence may be flagged: it asks for a second look, no more.
    """
    said = [(sentence, content_words(sentence).keys()) for sentence in sentences(text)]
    flags = []
    for entry in known:
        wanted = content_words(entry.says).keys()
        overlap, sentence = max(
            ((len(wanted & stems) / len(wanted), sentence) for sentence, stems in said if wanted),
            key=lambda pair: pair[0],
            default=(0.0, ""),
        )
        if overlap >= SUSPICIOUS:
            flags.append(Flag(says=entry.says, instead=entry.instead, sentence=sentence, overlap=overlap))
    return flags


def suggest_rating(ticked: Collection[int], key_points: Sequence[AnyPoint], level: Level) -> Rating:
    """The rating that the ticks suggest; `ticked` are indices of key points. ValueError for an index that is not there.

    Expected are the points up to the level: the junior ones of a junior (all, if there is none), all of a senior. Below
    half of the expected: again; below 80 %: hard; else good; easy if every point of both levels is ticked. Points of a
    question have no level and are expected of everybody.
    """
    expected = _expected(key_points, level)
    chosen = set(ticked)
    if not chosen <= set(range(len(key_points))):
        raise ValueError(f"ticked points {sorted(chosen)} of {len(key_points)}; indices start at 0")
    if not key_points:
        raise ValueError("no key points to rate by")
    covered = len(chosen & expected) / len(expected)
    if covered < _EXPECTED_FOR_HARD:
        return Rating.AGAIN
    if covered < _EXPECTED_FOR_GOOD:
        return Rating.HARD
    return Rating.EASY if len(chosen) == len(key_points) else Rating.GOOD


def estimated_score(text: str, key_points: Sequence[AnyPoint], level: Level) -> float:
    """The share, 0 to 1, of the expected points that seem covered.

    Good enough to pick an interviewer's next question; too coarse to be shown or kept. ValueError without key points.
    """
    if not key_points:
        raise ValueError("no key points to estimate by")
    hints = missing_points(text, key_points)
    expected = _expected(key_points, level)
    return sum(hints[index].seems_covered for index in expected) / len(expected)


def _expected(key_points: Sequence[AnyPoint], level: Level) -> set[int]:
    everything = set(range(len(key_points)))
    if level == "senior":
        return everything
    junior = {i for i, point in enumerate(key_points) if isinstance(point, str) or point.level == "junior"}
    return junior or everything


def _hint(said: Words, point: AnyPoint) -> PointHint:
    text = point if isinstance(point, str) else point.point
    sentence = content_words(text)
    in_sentence = [word for stemmed, word in sentence.items() if stemmed in said.stems]
    overlap = len(in_sentence) / len(sentence) if sentence else 0.0
    looked_for, found, threshold = list(sentence.values()), in_sentence, COVERED_WITHOUT_WORDS
    if isinstance(point, KeyPoint):
        looked_for = point.words
        found = [term for term in looked_for if said.has(term)]
        overlap = (2 * len(found) / len(looked_for) + overlap) / 3
        threshold = COVERED_WITH_WORDS
    return PointHint(
        point=text,
        seems_covered=overlap >= threshold,
        found=tuple(found),
        missing=tuple(word for word in looked_for if word not in found),
        overlap=overlap,
    )
