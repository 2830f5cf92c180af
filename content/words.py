"""Words as search sees them: compounds whole and in parts, stems, prefixes, and near misses.

`requires_grad` is found by itself, by `requires` and by `grad`; `LP-FT` by `lp-ft`, `lpft` and `lp`; `512×512` by
`512x512` and `512 × 512`.
"""

from __future__ import annotations

import re
import string
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from lunr.stemmer import PorterStemmer
from lunr.stop_word_filter import WORDS as STOP_WORDS

__all__ = ["STOP_WORDS", "Vocabulary", "Word", "words"]

_COMPOUND = re.compile(r"[^\W_]+(?:(?: ?× ?|[-._'’/‑–]|(?<=\d),(?=\d{3}\b))[^\W_]+)*")
_JOINT = re.compile(r"[-._'/]|(?<=\d)x(?=\d)")
_LAST_PART = re.compile(r"[a-z]+$")
_ALIKE = str.maketrans({"×": "x", "’": "'", "‑": "-", "–": "-", " ": "", ",": ""})
_LONGEST = 60
_TYPO_FROM = 5
"""Letters; a shorter word has too many neighbours."""
_MAX_PREFIX = 40
"""Words that an unfinished one may stand for."""

_stemmer = PorterStemmer()


class Word(NamedTuple):
    """A word or compound of a text and where it stands. `terms` is what it is indexed under: its forms as stems."""

    whole: str
    parts: tuple[str, ...]
    forms: tuple[str, ...]
    terms: tuple[str, ...]
    start: int
    end: int


def words(text: str) -> Iterator[Word]:
    """The words of `text`, lower case, without accents."""
    for match in _COMPOUND.finditer(text):
        if match.end() - match.start() <= _LONGEST:
            yield Word(*_analyse(match.group()), match.start(), match.end())


@lru_cache(maxsize=20_000)
def _analyse(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Normal form, parts, forms (the whole, its parts, the parts joined; no stop words) and their stems."""
    folded = unicodedata.normalize("NFKD", text.translate(_ALIKE)).casefold()
    whole = "".join(char for char in folded if not unicodedata.combining(char))
    pieces = tuple(filter(None, _JOINT.split(whole)))
    parts = pieces if len(pieces) > 1 else ()
    joined = "".join(parts) if whole[:1].isalpha() else ""
    forms = tuple(form for form in dict.fromkeys((whole, *parts, joined)) if form and form not in STOP_WORDS)
    return whole, parts, forms, tuple(dict.fromkeys(map(_stem, forms)))


@lru_cache(maxsize=20_000)
def _stem(form: str) -> str:
    """The form with its last part stemmed: `fine-tuned` as `fine-tun`."""
    return _LAST_PART.sub(lambda match: str(_stemmer.stem(match.group())), form)


class Vocabulary:
    """The words of all texts, for finding the terms that a word of a query stands for."""

    def __init__(self, texts: Iterable[Word]) -> None:
        forms = {form for word in texts for form in word.forms}
        self._stems = {form: _stem(form) for form in forms}
        self._sorted = sorted(self._stems)
        self._terms = frozenset(self._stems.values())

    def expand(self, word: Word) -> dict[str, bool]:
        """The terms that `word` stands for, and whether exactly; as a beginning or a near miss otherwise."""
        return self._exact_and_begun(word.whole) or dict.fromkeys(self._near_misses(word.whole), False)

    def split(self, word: Word) -> tuple[Word, ...]:
        """`word`, or its parts if it is a compound that no text holds."""
        if not word.parts or self._exact_and_begun(word.whole):
            return (word,)
        return tuple(found for part in word.parts for found in words(part))

    def _exact_and_begun(self, form: str) -> dict[str, bool]:
        stem = _stem(form)
        found = {stem: True} if stem in self._terms else {}
        if len(form) > 1:
            start = bisect_left(self._sorted, form)
            for longer in self._sorted[start : start + _MAX_PREFIX]:
                if not longer.startswith(form):
                    break
                found.setdefault(self._stems[longer], False)
        return found

    def _near_misses(self, form: str) -> set[str]:
        """Terms of the words that one edit (insert, delete, replace, swap) makes of `form`; Norvig's enumeration."""
        if len(form) < _TYPO_FROM:
            return set()
        splits = [(form[:at], form[at:]) for at in range(len(form) + 1)]
        letters = string.ascii_lowercase + string.digits + "-_."
        edits = {head + tail[1:] for head, tail in splits if tail}
        edits |= {head + tail[1] + tail[0] + tail[2:] for head, tail in splits if len(tail) > 1}
        edits |= {head + letter + tail[1:] for head, tail in splits if tail for letter in letters}
        edits |= {head + letter + tail for head, tail in splits for letter in letters}
        return {self._stems[edit] for edit in edits & self._stems.keys()}
