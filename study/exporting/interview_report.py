"""A mock interview to print: what was covered, missed and slow, and each answer beside its key points. Loads nothing.

Texts of a deck are Markdown. What the learner wrote, her code and what the tests said of it are shown letter by letter,
never as Markdown or HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it import MarkdownIt

from study.exporting.files import ExportError
from study.exporting.markup import markdown
from study.exporting.page import document, mathml
from study.words import percent

_STYLE = """
@page { margin-bottom: 16mm; @bottom-left { content: "Mock interview"; font: 8pt system-ui, sans-serif; color: #555; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, sans-serif; color: #555; } }
h1, h2, h3, h4, dl, .meta, .mark, .tag, .refs { font-family: system-ui, sans-serif; }
h2 { font-size: 13pt; line-height: 1.25; margin: 8mm 0 3mm; break-after: avoid; }
h3, h4 { break-after: avoid; }
h4 { font-size: 8.5pt; line-height: 1.2; letter-spacing: .02em; color: #444; margin: 3mm 0 .8mm; }
dl { display: flex; margin: 4mm 0; border: solid #888; border-width: .2mm 0; }
dl div { flex: 1; padding: 2mm 3mm; } dl div + div { border-left: .2mm solid #bbb; }
dl div:first-child { padding-left: 0; }
dt { font-size: 8pt; color: #444; } dd { margin: 0; font-size: 14pt; }
.refs, .meta { font-size: 8pt; font-weight: normal; color: #444; } .refs { white-space: nowrap; }
.topic { margin: 0 0 4mm; break-inside: avoid; }
.topic h3, .question h3 { display: flex; align-items: baseline; gap: 3mm; margin: 0; font-size: 10pt; line-height: 1.25;
  border-bottom: .2mm solid #888; padding-bottom: 1mm; }
h3 .meta { margin-left: auto; text-align: right; }
.question { margin: 0 0 8mm; }
.asked { font-size: 11pt; margin: 2mm 0; break-inside: avoid; break-after: avoid; }
.asked > p:first-child { font-weight: bold; } .asked.long > p:first-child { font-weight: normal; }
.beside { display: grid; grid-template-columns: 1fr 1fr; gap: 0 7mm; }
.hers { font: 9pt/1.45 system-ui, sans-serif; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.hers { font: 8pt/1.35 ui-monospace, Menlo, Consolas, monospace; border: .2mm solid #bbb; padding: 1.2mm 1.6mm;
  margin: 1mm 0; }
.marked { list-style: none; padding-left: 0; } .marked > li { position: relative; padding-left: 5.5mm; margin: .8mm 0; }
.marked > li > .mark { position: absolute; left: 0; font-weight: bold; }
.tag { font-size: 7.5pt; border: .2mm solid #888; border-radius: .8mm; padding: 0 1mm; white-space: nowrap; }
.options > li { margin: 1.8mm 0; } .because { color: #333; font-size: 9.5pt; }
.option > p, .because > p { display: inline; }
.part { border-left: .8mm solid #2f5d8a; padding-left: 2.5mm; }
.part .code pre, .asked .code pre { break-inside: auto; }
@media (max-width: 620px) { .beside { grid-template-columns: 1fr; } dl { flex-wrap: wrap; } }
@media print { .beside { grid-template-columns: 1fr 1fr; } }
"""
_LONG = 240
"""A first paragraph of a question with more characters than this is not set in bold."""


@dataclass(frozen=True)
class Point:
    """A key point (Markdown). `covered`: as the learner ticked; None if she has not ticked this answer yet."""

    text: str
    covered: bool | None
    senior: bool = False


@dataclass(frozen=True)
class Option:
    """An option of a choice, or a reason for a bug; `text` and `because` are Markdown."""

    text: str
    because: str
    right: bool
    chosen: bool


@dataclass(frozen=True)
class Checked:
    """A test of the code that was handed in, plain text; `message` says what was expected if it failed."""

    name: str
    passed: bool
    message: str


@dataclass(frozen=True)
class Card:
    """What was asked (Markdown) and answered, and what explains it.

    `answer`: the learner's own words, "" if she wrote none, None where the kind asks for none; `code`: what she handed
    in. `parts`: title (plain text) and Markdown of the model answer, the steps, the solution.
    """

    asked: str
    answer: str | None = None
    code: str = ""
    points: tuple[Point, ...] = ()
    options: tuple[Option, ...] = ()
    tests: tuple[Checked, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """One question. `kind`, `topic`, `outcome`: plain text ("Choice", "3 · Learning rate", "80 %")."""

    number: int
    kind: str
    topic: str
    outcome: str
    seconds: float
    allowed_seconds: int
    slow: bool
    card: Card


@dataclass(frozen=True)
class Topic:
    """One topic. `covered`, `missed`: number of the question, and a key point of it (Markdown).

    `slow`, `skipped`: numbers of questions. `score`: 0 to 1, None if nothing is scored yet. `seconds`: time spent.
    """

    name: str
    score: float | None
    seconds: float
    covered: tuple[tuple[int, str], ...]
    missed: tuple[tuple[int, str], ...]
    slow: tuple[int, ...]
    skipped: tuple[int, ...]


@dataclass(frozen=True)
class Page:
    """The whole report. `about`: date, length, level, topics. `figures`: label and value. `notes`: what else to know.

    These are plain text. `review`: number of the question, and what it asked (one line of Markdown), the worst first.
    """

    about: str
    figures: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    review: tuple[tuple[int, str], ...]
    topics: tuple[Topic, ...]
    questions: tuple[Asked, ...]


def interview_report_html(page: Page) -> str:
    """The report as an HTML document for A4.

    Formulas are MathML; one that cannot be turned into MathML is shown as TeX, a picture as its description, and a link
    without its address: nothing is fetched, and a flaw in a deck does not keep the learner from her report.
    """
    md = markdown(_formula, lambda _address, description: escape(f"[Picture: {description}]"), links=False)
    body = [
        f"<header><h1>Mock interview</h1>\n<p>{escape(page.about)}</p></header>",
        _figures(page.figures),
        *(f'<p class="meta">{escape(note)}</p>' for note in page.notes),
        _review(page.review, md),
        "<h2>By topic</h2>",
        *(_topic(topic, md) for topic in page.topics),
        "<h2>Question by question</h2>",
        *(_question(asked, md) for asked in page.questions),
    ]
    return document(f"Mock interview, {page.about}", _STYLE, "<main>\n" + "\n".join(body) + "\n</main>")


def _formula(tex: str, display: bool) -> str:
    try:
        return mathml(tex, display)
    except ExportError:
        return f"<code>{escape(tex)}</code>"


def _figures(figures: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in figures)
    return f"<dl>{cells}</dl>"


def _review(review: Sequence[tuple[int, str]], md: MarkdownIt) -> str:
    if not review:
        return ""
    items = "".join(
        f'<li>{md.renderInline(text)} <span class="refs">no. {number}</span></li>\n' for number, text in review
    )
    return f"<h2>To review</h2>\n<ul>\n{items}</ul>"


def _topic(topic: Topic, md: MarkdownIt) -> str:
    score = "not scored yet" if topic.score is None else percent(topic.score)
    facts = [score, f"{topic.seconds / 60:.1f} min"]
    facts += [f"slow at {_numbers(topic.slow)}"] if topic.slow else []
    facts += [f"skipped {_numbers(topic.skipped)}"] if topic.skipped else []
    columns = "".join(
        f'<div><h4>{title}</h4>\n<ul class="marked">\n{_referred(points, covered, md)}</ul></div>\n'
        for title, points, covered in (("Covered", topic.covered, True), ("Missed", topic.missed, False))
        if points
    )
    beside = f'\n<div class="beside">\n{columns}</div>' if columns else ""
    head = f'<h3>{escape(topic.name)} <span class="meta">{escape(" · ".join(facts))}</span></h3>'
    return f'<section class="topic">\n{head}{beside}\n</section>'


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(f"no. {number}" for number in numbers)


def _referred(points: Iterable[tuple[int, str]], covered: bool, md: MarkdownIt) -> str:
    return "".join(
        f'<li>{_mark(covered)}{md.renderInline(text)} <span class="refs">no. {number}</span></li>\n'
        for number, text in points
    )


def _question(asked: Asked, md: MarkdownIt) -> str:
    card = asked.card
    time = f"{asked.seconds:.0f} s of {asked.allowed_seconds} s{', slow' if asked.slow else ''}"
    long = " long" if len(card.asked.split("\n\n")[0]) > _LONG else ""
    parts = "".join(
        f'<h4>{escape(title)}</h4>\n<div class="part">\n{md.render(text)}</div>\n' for title, text in card.parts
    )
    return (
        f'<section class="question" id="question-{asked.number}">\n'
        f'<h3>No. {asked.number} · {escape(asked.kind)} <span class="refs">{escape(asked.topic)}</span>'
        f' <span class="meta">{escape(asked.outcome)} · {time}</span></h3>\n'
        f'<div class="asked{long}">\n{md.render(card.asked)}</div>\n'
        f"{_beside(card, md)}{_handed_in(card)}{_options(card.options, md)}{parts}</section>"
    )


def _beside(card: Card, md: MarkdownIt) -> str:
    """Her words, and beside them the key points."""
    columns = ""
    if card.answer is not None:
        words = f'<div class="hers" dir="auto">{escape(card.answer)}</div>' if card.answer else "<p>Nothing.</p>"
        columns += f"<div><h4>You wrote</h4>\n{words}</div>\n"
    if card.points:
        points = "".join(_point(point, md) for point in card.points)
        columns += f'<div><h4>Key points</h4>\n<ul class="marked">\n{points}</ul></div>\n'
    return f'<div class="beside">\n{columns}</div>\n' if columns else ""


def _point(point: Point, md: MarkdownIt) -> str:
    senior = ' <span class="tag">senior</span>' if point.senior else ""
    return f"<li>{_mark(point.covered)}{md.renderInline(point.text)}{senior}</li>\n"


def _mark(covered: bool | None) -> str:
    sign, words = {True: ("✓", "covered"), False: ("–", "missed"), None: ("☐", "not ticked yet")}[covered]
    return f'<span class="mark" role="img" aria-label="{words}">{sign}</span>'


def _handed_in(card: Card) -> str:
    code = f'<h4>You handed in</h4>\n<pre class="hers">{escape(card.code)}</pre>\n' if card.code else ""
    tests = "".join(
        f'<li><span class="mark" role="img" aria-label="{"passed" if test.passed else "failed"}">'
        f'{"✓" if test.passed else "✗"}</span><span class="hers">{escape(test.name)}</span>'
        + (f'<pre class="hers">{escape(test.message)}</pre>' if test.message and not test.passed else "")
        + "</li>\n"
        for test in card.tests
    )
    return code + (f'<h4>Tests</h4>\n<ul class="marked">\n{tests}</ul>\n' if tests else "")


def _options(options: Iterable[Option], md: MarkdownIt) -> str:
    items = "".join(_option(option, md) for option in options)
    return f'<ul class="marked options">\n{items}</ul>\n' if items else ""


def _option(option: Option, md: MarkdownIt) -> str:
    sign, word = ("✓", "Right") if option.right else ("✗", "Wrong")
    yours = ' <span class="tag">your choice</span>' if option.chosen else ""
    return (
        f'<li><span class="mark" aria-hidden="true">{sign}</span>'
        f'<div class="option"><b>{word}.</b> {md.render(option.text)}{yours}</div>\n'
        f'<div class="because">{md.render(option.because)}</div></li>\n'
    )
