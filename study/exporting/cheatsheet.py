"""A printable cheat sheet: questions, card answers, key points and corrections, in one HTML file that loads nothing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from content.schema import Correction, Deck, Question
from study.exporting.files import ExportError, write_whole
from study.exporting.markup import markdown
from study.exporting.page import document, mathml

__all__ = ["cheatsheet", "mathml", "write_cheatsheet"]

_STYLE = """
main.two { columns: 2; column-gap: 8mm; column-rule: .2mm solid #bbb; }
section { margin: 0 0 6mm; }
h2 { font-size: 11.5pt; line-height: 1.25; margin: 0 0 1.5mm; break-after: avoid; }
h3 { font: bold 8.5pt/1.2 system-ui, sans-serif; letter-spacing: .02em; color: #444; margin: 2.5mm 0 .8mm;
  break-after: avoid; }
.answer { border-left: .8mm solid #2f5d8a; padding-left: 2.5mm; }
.corrections { font-size: 9pt; } .corrections li > p { display: inline; }
.says { font-style: italic; }
"""


def cheatsheet(decks: Iterable[Deck], *, columns: int = 2) -> str:
    """The sheet as an HTML document for A4, `columns` 1 or 2.

    Per question: the whole card answer, the key points, and each correction as one entry. Formulas are MathML
    (`latex2mathml`), which browsers render by themselves; links keep their words, not their addresses. ValueError for
    other numbers of columns; ExportError for a picture, or a formula that cannot be turned into MathML.
    """
    if columns not in (1, 2):
        raise ValueError(f"columns is {columns}; it must be 1 or 2")
    decks = list(decks)
    md = markdown(mathml, _no_picture, links=False)
    title = ", ".join(deck.meta.title for deck in decks)
    body = "\n".join(_deck(deck, md, several=len(decks) > 1) for deck in decks)
    sheet = (
        f"<header><h1>{escape(title)}</h1>"
        "<p>Card answers, key points, and where the usual answer is imprecise.</p>"
        f'</header>\n<main class="{"two" if columns == 2 else "one"}">\n{body}\n</main>'
    )
    return document(f"Cheat sheet: {title}", _STYLE, sheet)


def write_cheatsheet(decks: Iterable[Deck], path: Path, *, columns: int = 2) -> None:
    """Write the sheet to `path`. Errors as `cheatsheet`; ExportError if the file cannot be written."""
    write_whole(path, cheatsheet(decks, columns=columns).encode())


def _deck(deck: Deck, md: MarkdownIt, *, several: bool) -> str:
    questions = "\n".join(_question(question, md) for question in deck.questions)
    return f"<h1>{escape(deck.meta.title)}</h1>\n{questions}" if several else questions


def _question(question: Question, md: MarkdownIt) -> str:
    points = "".join(f"<li>{md.renderInline(point)}</li>\n" for point in question.meta.key_points)
    corrections = "".join(_correction(correction, md) for correction in question.corrections)
    return (
        f'<section id="{escape(question.deck)}-{escape(question.meta.key)}">\n'
        f"<h2>{question.meta.number}. {md.renderInline(question.meta.title)}</h2>\n"
        f'<div class="answer">\n{md.render(question.answer)}</div>\n'
        f"<h3>Key points</h3>\n<ul>\n{points}</ul>\n"
        f'<h3>More precisely</h3>\n<ul class="corrections">\n{corrections}</ul>\n</section>'
    )


def _correction(correction: Correction, md: MarkdownIt) -> str:
    # A correction may hold a code block, so it is rendered as blocks; the style sheet runs its paragraphs in.
    return f'<li><span class="says">“{md.renderInline(correction.says)}”</span> {md.render(correction.precise)}</li>\n'


def _no_picture(address: str, _description: str) -> str:
    raise ExportError(f"The cheat sheet loads nothing, so it cannot hold the picture '{address}'.")
