"""Markdown as a reader sees it without its dress: for search and for excerpts."""

from __future__ import annotations

import re

from content.markdown import fences

_SYMBOLS = {
    "times": "×",
    "cdot": "·",
    "approx": "≈",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "to": "→",
    "rightarrow": "→",
    "pm": "±",
    "sum": "Σ",
    "in": "∈",
    "infty": "∞",
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "eta": "η",
    "theta": "θ",
    "lambda": "λ",
    "mu": "μ",
    "sigma": "σ",
    "epsilon": "ε",
    "Delta": "Δ",
    "nabla": "∇",
    "ell": "ℓ",
    "ldots": "…",
    "dots": "…",
    "quad": " ",
    "left": "",
    "right": "",
}
_VERBATIM = re.compile(
    r"\\(?P<escaped>[\\`*_{}\[\]()#+\-.!$~<>|])|(?P<ticks>`+)(?P<code>.+?)(?P=ticks)|\$\$?(?P<tex>[^$]+)\$\$?",
    re.DOTALL,
)
_LINK = re.compile(r"\[([^\]\[]*)\]\(\s*<?[^)\s]*>?[^)]*\)")
_LINE_START = re.compile(r"^ *(?:[-*+] +|\d{1,9}[.)] +|#{1,6} +|> ?|\|[-:| ]+\|$)", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3})(?=\S)|(?<=\S)(\*{1,3}|_{1,3})(?!\w)")
_HELD = re.compile("\x00(\\d+)\x00")


def plain(markdown: str) -> tuple[str, str]:
    """The prose of a Markdown text on one line, and its code blocks. Formulas become readable characters."""
    code, rest = fences(markdown.replace("\x00", " "))
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(formula(match["tex"]) if match["tex"] else match["code"] or match["escaped"])
        return f"\x00{len(held) - 1}\x00"  # asterisks and underscores in it are no emphasis

    rest = _VERBATIM.sub(hold, rest)
    rest = _LINE_START.sub("", rest)
    rest = _LINK.sub(r"\1", rest)
    rest = _EMPHASIS.sub("", rest).replace("|", " ")
    rest = _HELD.sub(lambda match: held[int(match[1])], rest)
    return " ".join(rest.split()), "\n".join(fence.code for fence in code)


def formula(tex: str) -> str:
    """`1 \\times 1 \\times C` as `1 × 1 × C`: near enough to be recognised."""
    tex = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"\1/\2", tex)
    tex = re.sub(r"\\([A-Za-z]+)\s?\{", "{", tex)  # \text{...}, \mathrm{...}: what is inside
    tex = re.sub(r"\\([A-Za-z]+)", lambda match: _SYMBOLS.get(match[1], match[1]), tex)
    return re.sub(r"\\.", " ", tex).replace("{", "").replace("}", "").strip()
