"""Words of an answer for comparison: stemmed, with code names, numbers and spellings made alike. Pure; linear time."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import snowballstemmer

MAX_CHARACTERS = 20_000
"""What follows in a longer text is not looked at."""

_STEMMER = snowballstemmer.stemmer("english")
_MAX_TOKEN = 40
_SHORTEST_STEM = 5
_MAX_ENDING = 6

# A number with its exponent; a run of letters; hyphens, underscores and dots between them only join words.
# The group is atomic (Python 3.11), or "10x" would be read as 1, 0 and x.
_TOKEN = re.compile(r"(?>\d+(?:[.,]\d+)*)(?:e[+-]?\d+(?![a-z\d]))?|[^\W\d_]+")
_APOSTROPHES = re.compile("['\u2018\u2019`\u00b4](?=[a-z])")
_SENTENCE_END = re.compile(r"[.!?;](?=\s|$)|\n")
_SPELLING = (
    (re.compile(r"(?<=[a-z]{2})iz(?=(?:e|ed|es|er|ers|ing|ation|ations|able)?$)"), "is"),
    (re.compile(r"yz(?=(?:e|ed|es|er|ing)$)"), "ys"),
    (re.compile(r"(?<=[aeiou])ll(?=(?:ed|ing|er|ers)$)"), "l"),
    (re.compile(r"^(col|behavi|fav|neighb|lab)our"), r"\1or"),
    (re.compile(r"^cent(?:re|er)(?=d?s?$)"), "center"),
    (re.compile(r"^licence"), "license"),
    (re.compile(r"^gr[ae]y"), "gray"),
)
_COUNTED = "zero one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_COUNTED.split())} | {
    "hundred": "100",
    "thousand": "1000",
    "million": "1000000",
}
# Mostly a pronoun.
del _NUMBER_WORDS["one"]

_LITTLE = """
a about above after again all also am an and any are as at be because been before being but by can cannot cant
could did do does doing dont each either else even every few first for from further get gets give go had has
have having he hence her here him his how however i if in into is isnt it its itself just let like made make
makes many may me might more most much must my need needs neither no nor not nothing now of off often on once
one only or other others our out over own per put rather same say says shall she should since so some still
such take taken than that the their them then there these they this those though through thus to too under
until up upon us use used uses using very was way we well were what when where whether which while who whose
why will with within without would yet you your
"""
STOP_WORDS = frozenset(_LITTLE.split())
"""Words that say little by themselves; left out where a whole sentence is compared."""


@dataclass(frozen=True)
class Words:
    """`stems`: of the single words. `together`: the sorted spellings of one, two and three neighbours joined."""

    stems: frozenset[str]
    together: tuple[str, ...]

    def has(self, term: str) -> bool:
        """Whether a word, phrase or beginning of a word occurs.

        "fine-tun", "per layer", "BatchNorm" and "requires_grad" match however they are joined. A term of five letters
        or more also matches words that it begins, up to six letters longer ("normalis": "normalisations").
        """
        tokens = tokenise(term)
        if not tokens:
            return False
        if len(tokens) == 1 and stem(tokens[0]) in self.stems:
            return True
        joined = "".join(tokens)
        place = bisect_left(self.together, joined)
        if place < len(self.together) and self.together[place] == joined:
            return True
        start = min(joined, stem(joined), key=len)
        return len(start) >= _SHORTEST_STEM and self._begins(start, len(joined) + _MAX_ENDING)

    def _begins(self, start: str, longest: int) -> bool:
        place = bisect_left(self.together, start)
        while place < len(self.together) and self.together[place].startswith(start):
            if len(self.together[place]) <= longest:
                return True
            place += 1
        return False


def words(text: str) -> Words:
    """The words of a text; of its first `MAX_CHARACTERS`."""
    tokens = tokenise(text)
    together = set(tokens)
    together.update(a + b for a, b in pairwise(tokens))
    together.update(a + b + c for a, b, c in zip(tokens, tokens[1:], tokens[2:], strict=False))
    return Words(stems=frozenset(stem(token) for token in tokens), together=tuple(sorted(together)))


def tokenise(text: str) -> list[str]:
    """Lower-case words and numbers in order: `1e-4` and `0.0001` are alike, as are -ise and -ize, "ten" and 10."""
    plain = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).lower()
    return [_alike(token[:_MAX_TOKEN]) for token in _TOKEN.findall(_APOSTROPHES.sub("", plain))]


def content_words(text: str) -> dict[str, str]:
    """Stem -> the word it first came from, in order, of the words that are neither stop words nor single letters."""
    found: dict[str, str] = {}
    for token in tokenise(text):
        if token not in STOP_WORDS and len(token) > 1:
            found.setdefault(stem(token), token)
    return found


def sentences(text: str) -> list[str]:
    """Non-empty sentences of the first `MAX_CHARACTERS`, split at full stops, semicolons and line ends."""
    return [part for piece in _SENTENCE_END.split(text[:MAX_CHARACTERS]) if (part := piece.strip())]


@lru_cache(maxsize=20_000)
def stem(token: str) -> str:
    """Porter2 stem of a lower-case word (package `snowballstemmer`)."""
    stemmed: str = _STEMMER.stemWord(token)
    return stemmed


@lru_cache(maxsize=20_000)
def _alike(token: str) -> str:
    if token[0].isdigit():
        return _number(token)
    if token in _NUMBER_WORDS:
        return _NUMBER_WORDS[token]
    for pattern, replacement in _SPELLING:
        token = pattern.sub(replacement, token)
    return token


def _number(token: str) -> str:
    # A comma before three digits separates thousands; elsewhere it is a decimal comma.
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", token).replace(",", ".")
    try:
        return f"{float(plain):g}"
    except ValueError:
        return plain
