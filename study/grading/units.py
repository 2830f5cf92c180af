"""Units that may follow a typed number, and the error for answers that cannot be read."""

from __future__ import annotations

import re
from fractions import Fraction

_BYTES = {"b": 1, "byte": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12} | {
    f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgt", start=1)
}
_BYTE_WORDS = {"kilobyte": 10**3, "megabyte": 10**6, "gigabyte": 10**9, "terabyte": 10**12} | {
    f"{prefix}bibyte": 1024**power for power, prefix in enumerate(("ki", "me", "gi", "te"), start=1)
}
_MULTIPLES = {"k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_MULTIPLE = re.compile(r"(k|K|M|G|thousand|million|billion)(?![A-Za-z])\s*")
_SHORT = {"px": "pixel", "param": "parameter", "img": "image"}
_TIMES = {"x", "×", "times", "fold"}


class AnswerError(ValueError):
    """The answer cannot be read. The message says why and what to write instead; plain text, not Markdown."""


def quoted(text: str) -> str:
    """What was typed, short and printable enough to be part of a message."""
    printable = "".join(character if character.isprintable() else " " for character in text.strip())
    return f'"{printable[:40]}{"..." if len(printable) > 40 else ""}"'


def scale(typed: str, unit: str) -> Fraction:
    """What the number before `typed` has to be multiplied with, so that it is in `unit`; 1 if nothing is typed.

    `unit` "bytes" takes SI and IEC multiples (kB is 1,000, KiB is 1,024); any unit takes k, M, G, thousand, million and
    billion before it; no unit takes %. Raises AnswerError if the typed unit is wrong or could mean two things.
    """
    if not typed:
        return Fraction(1)
    if unit == "bytes":
        return Fraction(_bytes(typed))
    multiple = _MULTIPLE.match(typed)
    factor = Fraction(_MULTIPLES[multiple[1]] if multiple else 1)
    name = typed[multiple.end() :] if multiple else typed
    if not unit:
        if name == "%":
            return factor / 100
        if name and name.casefold() not in _TIMES:
            raise AnswerError(f"A number without a unit is expected, but {quoted(name)} follows yours. Leave it out.")
        return factor
    if name and _singular(name) != _singular(unit):
        raise AnswerError(f"The answer is in {unit}, but {quoted(name)} follows your number. Write {unit} or nothing.")
    return factor


def _singular(name: str) -> str:
    one = name.casefold().removesuffix("s")
    return _SHORT.get(one, one)


def _bytes(typed: str) -> int:
    word = _singular(typed)
    if typed in ("B", "kB", "MB", "GB", "TB") or (word in _BYTES and (word == "byte" or word.endswith("ib"))):
        return _BYTES[word]
    if word in _BYTE_WORDS:
        return _BYTE_WORDS[word]
    if typed in ("k", "K", "KB"):
        raise AnswerError(f"{quoted(typed)} could be 1,000 or 1,024 bytes. Write kB for 1,000, KiB for 1,024.")
    if typed in ("M", "G"):
        raise AnswerError(f"{quoted(typed)} is not a unit. Write {typed}B (powers of 1,000) or {typed}iB (of 1,024).")
    raise AnswerError(
        f"The answer is in bytes, but {quoted(typed)} follows your number. Write B, kB, KiB, MB, MiB or GB."
    )
