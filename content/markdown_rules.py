"""What our Markdown may hold: deep headings, labelled code that parses, whole formulas, https links, no HTML."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from content.markdown import Fence, Formula, code_spans, fences, formulas
from content.problems import one_line

_HEADING = re.compile(r"^ {0,3}#{1,2}(?!#)(?=\s|$)", re.MULTILINE)
_UNDERLINE = re.compile(r"^(?=.*\S)(?!.*\|) {0,3}\S.*\n {0,3}(=+|-+) *$", re.MULTILINE)
_TAG = re.compile(r"<(?!https://[^\s<>]*>)[A-Za-z/!?][^\s<>]*>?")
_WHOLE_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_TARGET = re.compile(r"\]\(\s*<?([^)\s>]*)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:\s*<?([^\s>]*)", re.MULTILINE)
_BARE = re.compile(r"\b(?:http://|www\.)[^\s)]*", re.IGNORECASE)
_ACTIVE_TEX = re.compile(r"\\(href|url|html[A-Za-z]*|includegraphics)\b")


@dataclass(frozen=True)
class Flaw:
    """A mistake in a Markdown text; `line` is the index of the line within the text."""

    line: int
    field: str
    message: str
    remedy: str


def flaws(text: str) -> Iterator[Flaw]:
    """Every flaw of a Markdown text."""
    code, rest = fences(text)
    for fence in code:
        yield from _fence(fence)
    if code and not code[-1].closed:
        return  # the text after it cannot be told from code
    yield from _headings(rest)
    rest, unclosed = code_spans(rest)
    for line in unclosed:
        yield Flaw(line, "code", "a code span is not closed", "add the missing backtick, or write \\` for a backtick")
    found, rest, unpaired = formulas(rest)
    for line in unpaired:
        yield Flaw(line, "formula", "a '$' has no partner", "close the formula, or write \\$ for a dollar sign")
    for formula in found:
        yield from _formula(formula)
    yield from _html(rest)
    yield from _links(rest)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at)


def _fence(fence: Fence) -> Iterator[Flaw]:
    if not fence.closed:
        yield Flaw(fence.line, "code", "a code block is not closed", "add a line with the same ``` after the code")
    elif not fence.language:
        yield Flaw(fence.line, "code", "a code block names no language", "open it with ```python, or ```text")
    elif fence.is_python:
        wrong = python_mistake(fence.code)
        if wrong:
            line, message = wrong
            remedy = "correct the code, or open the block with ```text if it is not Python"
            yield Flaw(fence.line + line, "code", message, remedy)


def python_mistake(code: str) -> tuple[int, str] | None:
    """Line (from 1) and message if `code` is no Python; it is parsed, never run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), code.count("\n") + 1)
        return line, f"Python does not parse: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        # the parser's answers to null bytes and to nesting beyond its stack
        return 1, f"Python does not parse: {one_line(error) or type(error).__name__}"
    return None


def _formula(formula: Formula) -> Iterator[Flaw]:
    shown = one_line(formula.tex, 40)
    if not formula.tex.strip():
        yield Flaw(formula.line, "formula", "a formula is empty", "write it, or write \\$ for a dollar sign")
    elif not formula.display and formula.tex != formula.tex.strip():
        remedy = "remove the space inside the dollars, or write \\$ for a dollar sign"
        yield Flaw(formula.line, "formula", f"a formula begins or ends with a space: '{shown}'", remedy)
    bare = re.sub(r"\\[{}\\]", "", formula.tex)
    if bare.count("{") != bare.count("}"):
        yield Flaw(formula.line, "formula", f"braces do not match: '{shown}'", "add or remove the odd brace")
    if _ACTIVE_TEX.search(formula.tex) or _WHOLE_TAG.search(formula.tex):
        yield Flaw(formula.line, "formula", f"links and HTML are not allowed: '{shown}'", "use plain mathematics")


def _headings(text: str) -> Iterator[Flaw]:
    for match in _HEADING.finditer(text):
        yield Flaw(_line(text, match.start()), "heading", "a heading above level 3", "start it with ### or more")
    for match in _UNDERLINE.finditer(text):
        line = _line(text, match.start(1))
        yield Flaw(line, "heading", "an underlined heading (level 1 or 2)", "write ### before it instead")


def _html(text: str) -> Iterator[Flaw]:
    for line, words in enumerate(text.split("\n")):
        tag = _TAG.search(words)
        if tag:
            remedy = "write Markdown; put `...` around it if it is code, or a space after '<' if it means less-than"
            yield Flaw(line, "html", f"raw HTML: '{one_line(tag.group(), 40)}'", remedy)


def _links(text: str) -> Iterator[Flaw]:
    for match in re.finditer(r"(?<!\\)!\[", text):
        remedy = "describe it, or draw it in a lab; an image would be fetched from another host"
        yield Flaw(_line(text, match.start()), "image", "images are not allowed", remedy)
    for match in (*_TARGET.finditer(text), *_DEFINITION.finditer(text)):
        if not match[1].startswith("https://"):
            remedy = "link to an https:// address, or name the question in words"
            yield Flaw(_line(text, match.start(1)), "link", f"leads to '{one_line(match[1], 60)}'", remedy)
    bare = _TARGET.sub(lambda match: " " * len(match.group()), text)
    for match in _BARE.finditer(_DEFINITION.sub(lambda found: re.sub(r"\S", " ", found.group()), bare)):
        found = f"an address that is not https: '{one_line(match.group(), 60)}'"
        yield Flaw(_line(text, match.start()), "link", found, "write it with https://")
