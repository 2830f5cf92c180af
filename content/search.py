"""Full-text search over the questions: stemming and ranking by lunr (BM25), prefixes, and typos as a last resort.

A document of the index is a section of a question; a hit is a question, with the section that fits best.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lunr.builder import Builder
from lunr.index import Index
from lunr.query import Query

from content.plain_text import plain
from content.schema import Deck, Question
from content.words import STOP_WORDS, Vocabulary, Word, words

MAX_QUERY = 1000
"""Characters; nobody types more into a search box."""
MAX_WORDS = 12
EXCERPT = 180
"""Characters."""

CARD_ANSWER, SENIOR, PROBING = "Card answer", "What a senior adds", "What the interviewer is probing"
SPOKEN, CORRECTIONS, MISTAKES = "Say it in 30 seconds", "Where the usual answer is imprecise", "Common mistakes"
QUESTION, HINT, KEY_POINTS, SOURCES, FOLLOW_UP = "Question", "Hint", "Key points", "Sources", "Follow-up"

_BOOST = {QUESTION: 8, KEY_POINTS: 4, CARD_ANSWER: 2, SOURCES: 0.5}
_EXACT, _PREFIX = 4, 1
_SHOWN = {QUESTION: 0, SOURCES: 1}
"""Shown only if no other section says as much: the title stands beside the hit, and references explain little."""


@dataclass(frozen=True)
class Section:
    """A part of a question: `part` names it for links (`answer`, `followups/<key>`), `title` for people.

    `unseen` is searched but not excerpted: code blocks, and a follow-up's question, which is its title.
    """

    deck: Deck
    question: Question
    part: str
    title: str
    prose: str
    unseen: str


@dataclass(frozen=True)
class Hit:
    """A question that was found. `ranges` are the (start, end) of matching words in `snippet`, which is plain text."""

    deck: str
    question: str
    number: int
    title: str
    section: str
    part: str
    snippet: str
    ranges: tuple[tuple[int, int], ...]
    score: float


def sections(deck: Deck, question: Question) -> Iterator[Section]:
    """Everything that can be read of a question, in the order of its page."""
    meta = question.meta

    def section(part: str, title: str, *texts: str, unseen: str = "") -> Section:
        pairs = [plain(text) for text in texts]
        prose = " · ".join(text for text, _ in pairs if text)
        code = "\n".join(code for _, code in pairs)
        return Section(deck, question, part, title, prose, f"{unseen}\n{code}".strip())

    yield section("question", QUESTION, meta.title, meta.short, meta.topic)
    yield section("hint", HINT, meta.hint)
    yield section("key_points", KEY_POINTS, *meta.key_points)
    yield section("answer", CARD_ANSWER, question.answer)
    yield section("spoken", SPOKEN, question.spoken)
    yield section("senior", SENIOR, question.senior)
    yield section("probing", PROBING, question.probing)
    for entry in question.followups:
        asked = plain(entry.question)[0]
        yield section(f"followups/{entry.key}", f"{FOLLOW_UP}: {asked}", entry.answer, unseen=asked)
    yield section("corrections", CORRECTIONS, *(text for c in question.corrections for text in (c.says, c.precise)))
    yield section("mistakes", MISTAKES, *(text for m in question.mistakes for text in (m.mistake, m.instead)))
    papers = [f"{s.authors} ({s.year}). {s.title}. {s.finding} {s.arxiv or s.url or ''}" for s in meta.sources]
    yield section("sources", SOURCES, *papers)


class SearchIndex:
    """Built once from the decks; immutable, so that sessions can share it."""

    def __init__(self, parts: Sequence[Section], index: Index | None, vocabulary: Vocabulary) -> None:
        self._parts, self._index, self._vocabulary = parts, index, vocabulary

    @classmethod
    def build(cls, decks: Iterable[Deck]) -> SearchIndex:
        """Index every section of every question."""
        parts = [part for deck in decks for question in deck.questions for part in sections(deck, question)]
        builder = Builder()
        builder.ref("id")
        builder.field("text")
        every: list[Word] = []
        for number, part in enumerate(parts):
            found = list(words(f"{part.prose}\n{part.unseen}"))
            every += found
            tokens = [term for word in found for term in word.terms]
            builder.add({"id": number, "text": tokens}, {"boost": _BOOST.get(part.title, 1)})
        return cls(parts, builder.build() if parts else None, Vocabulary(every))

    def search(self, query: str, limit: int = 20) -> list[Hit]:
        """Questions with all words of `query`, else those with any, best first. A word may be only begun; one that no
        text holds may have one wrong letter.

        Never raises on any text; what holds no word worth seeking, or over `MAX_QUERY` characters, finds nothing.
        """
        if len(query) > MAX_QUERY:
            return []
        typed = [part for word in words(query) for part in self._vocabulary.split(word)]
        asked = [word for word in typed if word.whole not in STOP_WORDS][:MAX_WORDS]
        wanted = [self._vocabulary.expand(word) for word in asked]
        known = [expansions for expansions in wanted if expansions]
        return self._rank(known, everything=all(wanted))[: max(limit, 0)]

    def _rank(self, wanted: Sequence[dict[str, bool]], everything: bool) -> list[Hit]:
        """Hits for the expansions of each word of the query (term -> whether it is exact)."""
        questions: dict[tuple[str, str], list[_Match]] = {}
        for match in self._matches(wanted):
            questions.setdefault((match.section.deck.meta.key, match.section.question.meta.key), []).append(match)
        ranked = [_best(matches) for matches in questions.values()]
        most = max((covered for covered, _, _ in ranked), default=0)
        if everything and most == len(wanted):
            ranked = [entry for entry in ranked if entry[0] == most]
        ranked.sort(key=lambda entry: (-entry[0], -entry[1], entry[2].section.question.meta.number))
        return [_hit(match, score) for _, score, match in ranked]

    def _matches(self, wanted: Sequence[dict[str, bool]]) -> Iterator[_Match]:
        if self._index is None or not wanted:
            return
        query = self._index.create_query()
        for expansions in wanted:
            for term, exact in expansions.items():
                query.clause(term, boost=_EXACT if exact else _PREFIX, use_pipeline=False, wildcard=Query.WILDCARD_NONE)
        for result in self._index.query(query):
            matched = frozenset(result["match_data"].metadata)
            covered = frozenset(place for place, expansions in enumerate(wanted) if matched & expansions.keys())
            yield _Match(self._parts[int(result["ref"])], result["score"], covered, matched)


@dataclass(frozen=True)
class _Match:
    section: Section
    score: float
    covered: frozenset[int]
    """Which words of the query."""
    terms: frozenset[str]


def _best(matches: Sequence[_Match]) -> tuple[int, float, _Match]:
    """How many words of the query the question holds, its score, and the section to show."""
    covered = frozenset[int]().union(*(match.covered for match in matches))
    scores = sorted((match.score * len(match.covered) for match in matches), reverse=True)
    score = scores[0] + 0.1 * sum(scores[1:])
    best = max(matches, key=lambda match: (len(match.covered), _SHOWN.get(match.section.title, 2), match.score))
    return len(covered), score, best


def _hit(match: _Match, score: float) -> Hit:
    section = match.section
    meta = section.question.meta
    snippet, ranges = excerpt(section.prose or " ".join(section.unseen.split()), match.terms)
    return Hit(
        deck=section.deck.meta.key,
        question=meta.key,
        number=meta.number,
        title=plain(meta.title)[0],
        section=section.title,
        part=section.part,
        snippet=snippet,
        ranges=ranges,
        score=round(score, 3),
    )


def excerpt(text: str, matched: frozenset[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """About `EXCERPT` characters around the densest matches of `text`, cut at words, and where the matches stand."""
    found = [(word.start, word.end) for word in words(text) if not matched.isdisjoint(word.terms)]
    start, end = 0, len(text)
    if end > EXCERPT:
        starts = [first for first, _ in found]
        counts = [bisect_left(starts, first + EXCERPT) - index for index, first in enumerate(starts)]
        densest = starts[counts.index(max(counts))] if starts else 0
        start = max(0, min(densest - EXCERPT // 4, end - EXCERPT))
        stop = start + EXCERPT
        if start:
            start = min(text.find(" ", start) + 1, densest) or densest
        if stop < end:
            end = max(text.rfind(" ", start, stop + 1), densest + 1)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    shift = len(before) - start
    ranges = tuple((first + shift, last + shift) for first, last in found if start <= first and last <= end)
    return before + text[start:end] + after, ranges
