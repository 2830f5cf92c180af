"""Texts of others inside Markdown: shown letter by letter, whatever is in them."""

from __future__ import annotations

import string
from html import escape

import pytest
from markdown_it import MarkdownIt

from ui import markdown

_PAGE = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.mark.parametrize(
    "text",
    [
        "![](//host/x.png)",
        "[a link](https://host.example) and <https://host.example>",
        "**not** bold, _not_ italic, __nor__ ~~this~~",
        "# no heading",
        "- no list",
        "1. no list",
        "1) no list",
        "> no quotation",
        "***",
        "`no code` and ``none``",
        "| a | b |",
        '<b onclick="x()">none</b>',
        "&lt; is no &amp;",
        "a backslash \\ and \\* two",
        "[x]: //host.example 'no definition'",
        string.punctuation,
        "Füße, “quotes” and 学习",
    ],
)
def test_it_is_shown_letter_by_letter(text: str) -> None:
    assert _PAGE.render(markdown.escaped(text)) == f"<p>{escape(text, quote=False)}</p>\n".replace('"', "&quot;")
    assert _PAGE.renderInline(f"**{markdown.escaped(text)}**").startswith("<strong>")


@pytest.mark.parametrize("text", ["$a$ and $$b$$", ":red[no colour]", ":material/home:", ":smile:", ":blue-badge[x]"])
def test_nothing_begins_what_only_streamlit_knows(text: str) -> None:
    """Formulas, colours, badges, icons and emojis all need a mark that has no backslash before it."""
    shown = markdown.escaped(text)
    assert all(shown[place - 1] == "\\" for place, mark in enumerate(shown) if mark in "$:[]/")


def test_lines_stay_lines_and_begin_nothing() -> None:
    assert _PAGE.render(markdown.escaped("a title\n===\n\n\r\n    x = 1\rend")) == (
        "<p>a title<br />\n===<br />\nx = 1<br />\nend</p>\n"
    )


def test_it_is_cut_before_it_is_escaped() -> None:
    assert markdown.escaped("*" * 10, 4) == r"\*\*\*…"
    assert markdown.escaped("****", 4) == r"\*\*\*\*"
