"""The printable report: everything that was asked and answered is there, nothing is fetched, her text stays text."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from itertools import chain
from xml.etree import ElementTree

import pytest

from content.markdown import code_spans, fences, formulas
from content.schema import Deck
from study.exporting.interview_report import (
    Asked,
    Card,
    Checked,
    Option,
    Page,
    Point,
    Topic,
    interview_report_html,
)

VOID = {"meta", "br", "hr", "img", "link", "input", "mspace"}
HOSTILE = (
    '</div></section><script>alert(1)</script><img src="https://evil.test/x" onerror="alert(1)">',
    "![x](https://evil.test/x.png) [y](javascript:alert(1)) $\\frac{1}{2}$ **bold**\n# no heading\n- no list",
    "</style></title><base href=//evil.test>\" ' onmouseover='alert(1) &lt;b&gt; &amp;",
    "<!-- ]]> \u202e\u2066 \\ ` ``` ~~~ {{x}}\t  two spaces",
)


class Html(HTMLParser):
    """Tags with their attributes, text by the class of the element that holds it; every tag is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("class") or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.append((self.open[-1][1], data))

    def held(self, name: str) -> list[str]:
        return [text for where, text in self.texts if where == name]


def asked(number: int, card: Card, *, slow: bool = False) -> Asked:
    return Asked(number, "Choice", "3 · Rates & more", "50 %", 12.4, 10 if slow else 60, slow, card)


def page(*questions: Asked, topics: tuple[Topic, ...] = (), review: tuple[tuple[int, str], ...] = ()) -> Page:
    figures = (("Asked", str(len(questions))), ("Score", "50 %"))
    return Page("4 Mar 2026 · 20 min · senior", figures, ("Bug: not asked.",), review, topics, questions)


def outside(html: str) -> set[str]:
    """What could reach another host or run, by tag and attribute."""
    tags = Html(html).tags
    forbidden = {"link", "script", "img", "iframe", "object", "embed", "a", "base", "form", "svg", "video", "audio"}
    found = {tag for tag, _ in tags} & forbidden
    for _, attrs in tags:
        found |= {name for name in attrs if name in ("src", "href", "srcset", "style") or name.startswith("on")}
    style = "".join(re.findall(r"<style>.*?</style>", html, re.S))
    return found | {word for word in ("@import", "url(", "http", "//") if word in style}


def of_deck(deck: Deck) -> list[Card]:
    """Every text of a deck, where the report would show it."""
    cards = []
    for question in deck.questions:
        points = tuple(Point(text, None) for text in question.meta.key_points)
        cards.append(Card(question.meta.title, "", points=points, parts=(("The answer", question.answer),)))
        cards += [Card(each.question, "", parts=(("The answer", each.answer),)) for each in question.followups]
        for item in question.items:
            texts = [value for _, value in item if isinstance(value, str)]
            options = getattr(item, "options", None) or getattr(item, "reasons", [])
            cards.append(
                Card(
                    getattr(item, "prompt", "") or getattr(item, "scenario", "x"),
                    options=tuple(Option(each.text, each.because, each.right, False) for each in options),
                    points=tuple(Point(each.point, True) for each in getattr(item, "key_points", [])),
                    parts=tuple(("Part", text) for text in texts if text not in (getattr(item, "code", ""),)),
                )
            )
        cards += [
            Card(each.meta.task, code=each.starter, parts=(("Why", each.meta.explanation),))
            for each in question.exercises
        ]
    return cards


@pytest.mark.parametrize("text", HOSTILE)
def test_what_she_wrote_is_shown_letter_by_letter(text: str) -> None:
    card = Card("Q", text, code=text, tests=(Checked(text, False, text), Checked(text, True, "not shown")))
    html = interview_report_html(page(asked(1, card)))
    assert Html(html).held("hers") == [text] * 5
    assert outside(html) == set()
    assert "<b>" not in html and "<h1>no" not in html and "<math" not in html
    assert "not shown" not in html


@pytest.mark.parametrize("text", HOSTILE[:3])
def test_what_else_is_plain_is_escaped(text: str) -> None:
    shown = Asked(1, text, text, text, 1, 2, False, Card("Q", parts=((text, "p"),)))
    topic = Topic(text, None, 0, (), (), (), ())
    html = interview_report_html(Page(text, ((text, text),), (text,), (), (topic,), (shown,)))
    assert outside(html) == set()
    # Title, head, figure (2), note; topic; topic, kind and outcome of the question; the part's title.
    assert unescape(html).count(text) == 10


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_of_a_deck_fetches_nothing(text: str) -> None:
    option = Option(text, text, True, True)
    card = Card(text, points=(Point(text, True),), options=(option,), parts=(("Part", text),))
    topic = Topic("T", 0.5, 60, ((1, text),), ((1, text),), (), ())
    html = interview_report_html(page(asked(1, card), topics=(topic,), review=((1, text),)))
    assert outside(html) == set()


def test_every_question_point_and_option_is_there_with_its_mark() -> None:
    points = (Point("One", True), Point("Two", False, senior=True), Point("Three", None))
    options = (Option("Left", "Since so", True, False), Option("Up", "Not so", False, True))
    first = asked(1, Card("Which *way*?", "hers", points=points), slow=True)
    second = asked(2, Card("Next?", options=options, parts=(("Mended", "```python\nx = 1\n```"),)))
    html = interview_report_html(page(first, second, asked(3, Card("Last?", ""))))
    sections = re.findall(r'<section class="question".*?</section>', html, re.S)
    assert len(sections) == 3
    assert "<p>Which <em>way</em>?</p>" in sections[0] and "12 s of 10 s, slow" in sections[0]
    assert re.findall(r'aria-label="([^"]+)">(.)</span>([^<]+)', sections[0]) == [
        ("covered", "✓", "One"),
        ("missed", "–", "Two "),
        ("not ticked yet", "☐", "Three"),
    ]
    assert sections[0].count('<span class="tag">senior</span>') == 1
    assert re.findall(r"<b>(\w+)\.</b> <p>(\w+)</p>\n(.*)</div>", sections[1]) == [
        ("Right", "Left", ""),
        ("Wrong", "Up", ' <span class="tag">your choice</span>'),
    ]
    assert "Since so" in sections[1] and "Not so" in sections[1] and 'class="code"' in sections[1]
    assert "You wrote" not in sections[1] and "slow" not in sections[1]
    assert "<h4>You wrote</h4>\n<p>Nothing.</p>" in sections[2]


def test_topics_say_what_was_covered_missed_slow_and_skipped() -> None:
    topics = (
        Topic("1 · Heads", 0.625, 150, ((1, "One"), (3, "Three")), ((1, "Two"),), (1, 3), (4,)),
        Topic("2 · Rates", None, 6, (), (), (), ()),
    )
    html = interview_report_html(page(topics=topics, review=((4, "Worst"), (1, "Next"))))
    first, second = re.findall(r'<section class="topic">.*?</section>', html, re.S)
    assert "62 % · 2.5 min · slow at no. 1, no. 3 · skipped no. 4" in first
    covered, missed = first.split("<h4>Missed</h4>")
    assert re.findall(r"</span>(\w+) <span class=\"refs\">(no\. \d)", covered) == [("One", "no. 1"), ("Three", "no. 3")]
    assert re.findall(r"</span>(\w+) <span class=\"refs\">(no\. \d)", missed) == [("Two", "no. 1")]
    assert "not scored yet · 0.1 min<" in second and "Covered" not in second and "Missed" not in second
    assert re.findall(r'<li>(\w+) <span class="refs">(no\. \d)', html) == [("Worst", "no. 4"), ("Next", "no. 1")]


def test_without_anything_to_review_there_is_no_such_heading() -> None:
    assert "To review" not in interview_report_html(page())


def test_every_formula_of_the_shipped_decks_is_mathml(decks: list[Deck]) -> None:
    cards = list(chain.from_iterable(of_deck(deck) for deck in decks))
    html = interview_report_html(page(*(asked(number, card) for number, card in enumerate(cards, 1))))
    wanted = 0
    for card in cards:
        texts = [card.asked, *(point.text for point in card.points), *(text for _, text in card.parts)]
        texts += [text for option in card.options for text in (option.text, option.because)]
        wanted += sum(len(formulas(code_spans(fences(text)[1])[0])[0]) for text in texts)
    found = re.findall(r"<math.*?</math>", html, re.S)
    assert len(found) == wanted > 100
    for element in found:
        assert ElementTree.fromstring(element).tag == "math"
    assert outside(html) == set()


def test_a_formula_without_mathml_and_a_picture_do_not_keep_her_from_the_report() -> None:
    html = interview_report_html(page(asked(1, Card(r"Is $\nonsense < 1$? ![a <b> map](https://x.test/a.png)"))))
    assert r"<code>\nonsense &lt; 1</code>" in html
    assert "[Picture: a &lt;b&gt; map]" in html
    assert outside(html) == set()


def test_it_is_made_for_paper() -> None:
    html = interview_report_html(page())
    assert "@page { size: A4" in html and "@media print" in html and "counter(pages)" in html
    assert "<title>Mock interview, 4 Mar 2026 · 20 min · senior</title>" in html
