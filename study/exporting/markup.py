"""Markdown as HTML for readers outside the app: formulas as the reader wants them, code coloured, nothing fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

Formula = Callable[[str, bool], str]
"""HTML of a formula: (TeX, whether it is displayed on lines of its own) -> HTML."""

Image = Callable[[str, str], str]
"""HTML of an image: (address, description) -> HTML."""

NUMBERED = "numbered"
"""Second word of a fence's info string: its lines are numbered from 1."""


def markdown(formula: Formula, image: Image, *, links: bool = True) -> MarkdownIt:
    """A renderer of our Markdown (CommonMark, tables, $formulas$). HTML in the source is shown, never obeyed.

    `links=False` keeps a link's text and drops its address.
    """
    md = MarkdownIt("commonmark", {"html": False}).enable("table")
    md.use(dollarmath_plugin, allow_labels=False, allow_blank_lines=False, double_inline=True)

    def render_formula(display: bool) -> Callable[..., str]:
        def render(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
            return formula(tokens[index].content.strip(), display)

        return render

    def render_image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        return image(str(token.attrs["src"]), self.renderInlineAsText(token.children or [], options, env))

    md.add_render_rule("math_inline", render_formula(False))
    md.add_render_rule("math_inline_double", render_formula(True))
    md.add_render_rule("math_block", render_formula(True))
    md.add_render_rule("image", render_image)
    md.add_render_rule("fence", _render_fence)
    if not links:
        for name in ("link_open", "link_close"):
            md.add_render_rule(name, lambda *_: "")
    return md


def fenced(code: str, language: str = "python", *, numbered: bool = False) -> str:
    """Code as a fenced block of Markdown, also if it holds backticks itself."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}{language}{' ' + NUMBERED if numbered else ''}\n{code.rstrip()}\n{fence}"


def bullets(texts: Sequence[str]) -> str:
    """Markdown texts as a list."""
    return "\n".join(_item("- ", text) for text in texts)


def numbered(texts: Sequence[str]) -> str:
    """Markdown texts as a list numbered from 1."""
    return "\n".join(_item(f"{number}. ", text) for number, text in enumerate(texts, 1))


def _item(mark: str, text: str) -> str:
    first, *rest = text.strip().split("\n")
    return "\n".join([mark + first, *(" " * len(mark) + line if line else "" for line in rest)])


@lru_cache(maxsize=8)
def code_style(style: str, *prefixes: str) -> str:
    """CSS of coloured code in a Pygments style, for what stands inside one of the CSS selectors `prefixes`."""
    rules = HtmlFormatter(style=style).get_style_defs([f"{prefix} .code".strip() for prefix in prefixes])
    # The rules without our prefix would colour line numbers in both modes.
    return "\n".join(line for line in rules.splitlines() if ".code" in line)


def _render_fence(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    words = tokens[index].info.split()
    code = tokens[index].content
    try:
        lexer = get_lexer_by_name(words[0] if words else "text", stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    lines = "inline" if NUMBERED in words[1:] else False
    return highlight(code, lexer, HtmlFormatter(cssclass="code", linenos=lines))
