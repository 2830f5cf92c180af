"""The cheat sheet: all ten answers, key points and corrections, formulas as MathML, and nothing from outside."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from content.markdown import code_spans, fences, formulas
from content.plain_text import plain
from content.schema import Deck
from study.exporting.cheatsheet import cheatsheet, mathml, write_cheatsheet
from study.exporting.files import ExportError

VOID = {"meta", "br", "hr", "img", "link", "input", "mspace"}


class Page(HTMLParser):
    """Tags with their attributes, and whether each is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def prose(markdown: str) -> list[str]:
    """Words of a Markdown text without its formulas."""
    code, rest = fences(markdown)
    spans = code_spans(rest)[0]
    _, bare, _ = formulas(spans)
    kept = "".join(old if new == spans[at] else " " for at, (old, new) in enumerate(zip(rest, bare, strict=True)))
    return words(plain(kept)[0]) + [word for fence in code for word in words(fence.code)]


def shown(html: str) -> list[str]:
    without = re.sub(r"<math.*?</math>", " ", html, flags=re.S)
    return words(unescape(re.sub(r"<[^>]+>", "", without)))


def contains(all_words: list[str], part: list[str]) -> bool:
    return f" {' '.join(part)} " in f" {' '.join(all_words)} "


@pytest.fixture(scope="module")
def sheet(decks: list[Deck]) -> str:
    return cheatsheet(decks)


def test_all_ten_answers_points_and_corrections_are_there_whole(decks: list[Deck], sheet: str) -> None:
    sections = re.findall(r"<section.*?</section>", sheet, re.S)
    questions = [question for deck in decks for question in deck.questions]
    assert len(sections) == len(questions) >= 10
    for section, question in zip(sections, questions, strict=True):
        answer = re.search(r'<div class="answer">(.*?)</div>\n<h3>Key', section, re.S)
        assert answer is not None and sorted(shown(answer[1])) == sorted(prose(question.answer)) != []
        text = shown(section)
        assert contains(text, prose(question.meta.title))
        for point in question.meta.key_points:
            assert contains(text, prose(point)), point
        for correction in question.corrections:
            assert contains(text, prose(correction.says)), correction.key
            assert set(prose(correction.precise)) <= set(text), correction.key
        assert len(re.findall('class="says"', section)) == len(question.corrections)


def test_every_formula_is_mathml(decks: list[Deck], sheet: str) -> None:
    wanted = 0
    for deck in decks:
        for question in deck.questions:
            texts = [question.meta.title, question.answer, *question.meta.key_points]
            texts += [text for correction in question.corrections for text in (correction.says, correction.precise)]
            wanted += sum(len(formulas(code_spans(fences(text)[1])[0])[0]) for text in texts)
    found = re.findall(r"<math.*?</math>", sheet, re.S)
    assert len(found) == wanted > 0
    for element in found:
        assert ElementTree.fromstring(element).tag == "math"
        assert "\\" not in element
    assert "$" not in re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", sheet, flags=re.S)


def test_nothing_comes_from_outside(sheet: str, small: Deck) -> None:
    for text in (sheet, cheatsheet([small])):
        page = Page(text)
        assert not page.open
        tags = {tag for tag, _ in page.tags}
        assert not tags & {"link", "script", "img", "iframe", "object", "embed", "a", "base", "form"}
        assert not [
            name for _, attrs in page.tags for name in attrs if name in ("src", "href") or name.startswith("on")
        ]
        for outside in ("http:", "https:", "@import", "url(", "//"):
            assert outside not in re.sub(r"<pre>.*?</pre>|<code>.*?</code>", "", text, flags=re.S)


def test_it_is_made_for_paper(sheet: str, small: Deck) -> None:
    assert "@page { size: A4" in sheet and "@media print" in sheet
    assert '<main class="two">' in sheet
    assert '<main class="one">' in cheatsheet([small], columns=1)
    with pytest.raises(ValueError, match="columns is 3"):
        cheatsheet([small], columns=3)


def test_html_in_a_deck_is_shown_not_obeyed(small: Deck) -> None:
    text = cheatsheet([small])
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert "<b>bold" not in text


@pytest.mark.parametrize(
    ("tex", "parts"),
    [
        ("a < b", ["a", "<", "b"]),
        (r"\text{a & <b>b</b>}", ["a & <b>b</b>"]),
        (r"\frac{1}{2}", ["1", "2"]),
        (r"\lVert x\rVert", ["‖", "x", "‖"]),
        (r"\eta_\ell", ["η", "ℓ"]),
    ],
)
def test_formulas(tex: str, parts: list[str]) -> None:
    for display, name in ((True, "block"), (False, "inline")):
        element = ElementTree.fromstring(mathml(tex, display))
        assert element.attrib == {"display": name}
        assert [text.replace("\xa0", " ") for text in element.itertext()] == parts


@pytest.mark.parametrize("tex", [r"\nonsense x", r"\left( x", r"x_"])
def test_a_formula_that_cannot_be_shown_is_named(tex: str) -> None:
    with pytest.raises(ExportError, match=re.escape(f"'{tex}'")):
        mathml(tex, False)


def test_a_picture_is_refused(small: Deck, tmp_path: Path) -> None:
    question = small.questions[0].model_copy(update={"answer": "![x](a.png)"})
    with pytest.raises(ExportError, match=r"a\.png"):
        write_cheatsheet([small.model_copy(update={"questions": [question]})], tmp_path / "s.html")
    assert list(tmp_path.iterdir()) == []
