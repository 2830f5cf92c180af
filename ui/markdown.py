"""Texts of others (the learner, a file, the address) inside Markdown."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_LINE_END = re.compile(r"\s*[\r\n]\s*")


def escaped(text: str, most: int | None = None) -> str:
    """Markdown that shows this text letter by letter; its lines stay lines. Cut to `most` characters, if given.

    Every ASCII punctuation mark gets a backslash: nothing is bold, a formula, a colour, a picture or HTML. Some things
    Streamlit replaces all the same: bare web addresses become links, "->" an arrow, ":streamlit:" its logo.
    """
    if most is not None and len(text) > most:
        text = f"{text[: most - 1]}…"
    return _LINE_END.sub("  \n", _PUNCTUATION.sub(r"\\\1", text))
