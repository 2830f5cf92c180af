"""Grading of computed items: numbers as people type them, shapes, and choices among names.

Numbers are read exactly, as fractions, so that "1e-3", "0.001" and "1/1000" are the same answer. How signs are read:

- The point is the decimal sign: "1.000" is one.
- Commas that set off groups of three digits are thousands, as the app writes them: "1,000" is a thousand. Any other
  single comma is a decimal comma: "0,001", "2,5" and "12,3456".
- Spaces, apostrophes and underscores group thousands too: "1 000", "1'000", "1_000".
- If a text is wrong as read but right in the other convention ("1.024" for 1,024), it is refused instead of graded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from study.drawn import Answer, Value, number_text
from study.grading.units import AnswerError, quoted, scale

MAX_CHARACTERS = 100
MAX_CHARACTERS_OF_NAMES = 2000
_MAX_EXPONENT = 300
_LARGEST = Fraction(10**_MAX_EXPONENT)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_LOOKALIKES = str.maketrans({"−": "-", "–": "-", "’": "'", "\u00a0": " ", "\u2009": " ", "\u202f": " "})

_PLAIN = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_COMMA_GROUPS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_OTHER_GROUPS = re.compile(r"\d{1,3}([ '_])\d{3}(?:\1\d{3})*(?:[.,]\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"\d*,\d+", re.ASCII)
_POINT_GROUPS = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}", re.ASCII)
_TERM = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<body>[\d.,](?:[\d.,_']| (?=\d))*)"
    r"(?:[eE](?P<e>[+-]?\d+)|\s*(?:\^|\*\*)\s*\(?(?P<power>[+-]?\d+)\)?)?"
    r"(?:\s*[×x*·⋅]\s*10\s*(?:\^|\*\*)\s*\(?(?P<ten>[+-]?\d+)\)?)?",
    re.ASCII,
)
_TWO_WAYS = re.compile(r"(?<![\d.,])([1-9]\d{0,2})([.,])(\d{3})(?![\d.,])", re.ASCII)


@dataclass(frozen=True)
class Verdict:
    """`because`: the reason, Markdown; nothing in it was typed by the learner. `parsed`: how the answer was read."""

    right: bool
    because: str
    parsed: str


def parse_number(text: str) -> Fraction:
    """The number that `text` means, exactly: "1e-3", "1/1000", "10^-3", "3×10⁻³", "1,000", "0,001", "2.5k", "57 %".

    Raises AnswerError, and nothing else, if it is not one or could be read in two ways; its message names the remedy.
    """
    return parse_quantity(text, "")


def parse_quantity(text: str, unit: str) -> Fraction:
    """The number in `text`, in `unit`, which may follow it: ("4 KiB", "bytes") is 4096. Raises AnswerError as above."""
    cleaned = _cleaned(text)
    value, rest = _term(cleaned)
    if fraction := re.match(r"\s*/\s*(?=[\d.,+-])", rest):
        divisor, rest = _term(rest[fraction.end() :])
        if divisor == 0:
            raise AnswerError("That divides by zero.")
        value /= divisor
    if re.match(r"[eE](?![A-Za-z])|[xX]\s*\d|[^A-Za-z%]\s*\S", rest.strip()):
        raise AnswerError("Write the number itself, not a computation: 1250, 0.00125, 1.25e-3 or 1/800.")
    if abs(value) > _LARGEST:
        raise AnswerError("That number is too large to be meant.")
    return value * scale(rest.strip(), unit)


def parse_shape(text: str) -> tuple[int, ...]:
    """ "(1, 64, 7, 7)", "[1,64,7,7]", "1x64x7x7", "1 64 7 7" or "torch.Size([1, 64, 7, 7])" -> (1, 64, 7, 7).

    Raises AnswerError if it is not a shape.
    """
    cleaned = _checked(text)
    inner = re.sub(r"^torch\.Size\s*\(|[\[\](){}]", " ", cleaned).strip().removesuffix(",")
    sides = re.split(r"\s*[,;x×*]\s*|\s+", inner.strip())
    if not all(re.fullmatch(r"\d{1,9}", side, re.ASCII) for side in sides):
        raise AnswerError(f"{quoted(text)} is not a shape. Write its whole numbers like this: 2, 3, 5")
    if any(len(side) > 1 and side.startswith("0") for side in sides):
        raise AnswerError(
            f"{quoted(text)} could be read in two ways. Write each size without a comma or space in it: 1024"
        )
    return tuple(map(int, sides))


def grade_computed(answer: Answer, given: str | Sequence[str]) -> Verdict:
    """Compares what the learner typed, or the names that she chose, with the answer.

    Raises AnswerError if `given` cannot be read; it should be asked for again and not counted as wrong.
    """
    if answer.kind == "names":
        return _grade_names(answer, given)
    if not isinstance(given, str):
        raise AnswerError("Type the answer.")
    if answer.kind == "shape":
        shape = parse_shape(given)
        assert isinstance(answer.value, tuple)
        return _verdict(answer, shape, str(shape), _shape_hint(answer.value, shape))
    number = parse_quantity(given, answer.unit)
    if not answer.accepts(number):
        _refuse_other_reading(answer, given)
    parsed = f"{number_text(number, 12)} {answer.unit}".rstrip()
    return _verdict(answer, number, parsed, _number_hint(answer, number))


def _cleaned(text: str) -> str:
    text = re.sub(r"(?<=\d)[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda run: "^" + run[0].translate(_SUPERSCRIPTS), _checked(text))
    cleaned = re.sub(r"^[≈~=\s]+", "", text.translate(_LOOKALIKES))
    if re.fullmatch(r"[+-]?(?:nan|inf(?:inity)?|∞)", cleaned, re.IGNORECASE):
        raise AnswerError("A finite number is expected.")
    return cleaned


def _checked(text: str, limit: int = MAX_CHARACTERS) -> str:
    if len(text) > limit:
        raise AnswerError(f"That is too long: at most {limit} characters.")
    if not text.strip():
        raise AnswerError("Type an answer.")
    if any(character.isdecimal() and not character.isascii() for character in text):
        raise AnswerError("Write the digits as 0 to 9.")
    return text.strip()


def _term(text: str) -> tuple[Fraction, str]:
    """A number with its exponents, and what follows it."""
    match = _TERM.match(text)
    if match is None:
        raise AnswerError(f"{quoted(text)} is not a number. Write it like 1250, 0.00125, 1.25e-3 or 1/800.")
    value = _decimal(match["body"])
    value *= _power(Fraction(10), match["e"]) * _power(Fraction(10), match["ten"])
    if match["power"] is not None:
        value = _power(value, match["power"])
    return (-value if match["sign"] == "-" else value), text[match.end() :]


def _power(base: Fraction, exponent: str | None) -> Fraction:
    if exponent is None:
        return Fraction(1)
    if len(exponent) > 5 or abs(int(exponent)) > _MAX_EXPONENT:
        raise AnswerError(f"An exponent beyond {_MAX_EXPONENT} is too large to be meant.")
    if base == 0 and int(exponent) < 0:
        raise AnswerError("That divides by zero.")
    return base ** int(exponent)


def _decimal(body: str) -> Fraction:
    if _PLAIN.fullmatch(body):
        return Fraction(body)
    if _COMMA_GROUPS.fullmatch(body):
        return Fraction(body.replace(",", ""))
    if groups := _OTHER_GROUPS.fullmatch(body):
        return Fraction(body.replace(groups[1], "").replace(",", "."))
    if _DECIMAL_COMMA.fullmatch(body):
        return Fraction(f"0{body.replace(',', '.')}")
    if _POINT_GROUPS.fullmatch(body):
        raise AnswerError("The point is the decimal sign here. Write a thousand and a half as 1000.5 or 1,000.5.")
    raise AnswerError(f"{quoted(body)} could be read in more than one way. Write only digits and one point: 1234567.8")


def _refuse_other_reading(answer: Answer, text: str) -> None:
    """ "1.024" is wrong for 1,024, and yet the learner who writes thousands so is right. Ask instead of grading."""
    two_ways = _TWO_WAYS.search(text)
    if two_ways is None:
        return
    whole, sign, decimals = two_ways.groups()
    other = f"{whole}.{decimals}" if sign == "," else f"{whole}{decimals}"
    if answer.accepts(parse_quantity(text[: two_ways.start()] + other + text[two_ways.end() :], answer.unit)):
        read = f"{whole}{decimals}" if sign == "," else f"{whole}.{decimals}"
        raise AnswerError(f"{quoted(two_ways[0])} is read as {read} here. If you mean {other}, write {other}.")


def _verdict(answer: Answer, given: Value | Fraction, parsed: str, hint: str) -> Verdict:
    if answer.accepts(given):
        exact = answer.tolerance.size == 0
        return Verdict(True, "Right." if exact else f"Right: {answer.text}, {answer.tolerance.text}.", parsed)
    for because, slip in answer.slips.items():
        if replace(answer, value=slip, slips={}).accepts(given):
            hint = because
            break
    return Verdict(
        False, " ".join(filter(None, (f"You wrote {parsed}.", hint, f"The answer is {answer.text}."))), parsed
    )


def _number_hint(answer: Answer, given: Fraction) -> str:
    assert not isinstance(answer.value, tuple)
    value = Fraction(answer.value)
    if value == 0 or given == 0:
        return ""
    ratio, slack = given / value, max(Fraction(str(answer.tolerance.size)), Fraction(1, 10**6))
    if answer.tolerance.kind == "absolute":
        slack /= max(abs(value), Fraction(1, 10**6))

    def is_about(factor: Fraction) -> bool:
        return abs(ratio / factor - 1) <= slack

    if is_about(Fraction(-1)):
        return "The sign is wrong."
    for factor in (Fraction(2), *(Fraction(10) ** n for n in range(1, 7))):
        if is_about(factor):
            return f"That is {number_text(factor)} times the answer."
        if is_about(1 / factor):
            return f"The answer is {number_text(factor)} times that."
    if answer.unit == "bytes" and any(is_about(Fraction(128, 125) ** n) for n in (-3, -2, -1, 1, 2, 3)):
        return "A kB is 1,000 bytes and a KiB 1,024."
    if answer.tolerance.size == 0 and abs(ratio - 1) < Fraction(1, 100):
        return "That is close, but this answer has to be exact."
    return ""


def _shape_hint(right: Sequence[int | str], given: tuple[int, ...]) -> str:
    if len(given) != len(right):
        return f"The tensor has {len(right)} dimensions, yours {len(given)}."
    if sorted(given) == sorted(map(int, right)):
        return "The sizes are right, but in another order."
    wrong = [f"{n}" for n, (mine, theirs) in enumerate(zip(given, right, strict=True)) if mine != theirs]
    return f"Wrong at dimension {' and '.join(wrong)}, counted from 0."


def _grade_names(answer: Answer, given: str | Sequence[str]) -> Verdict:
    if isinstance(given, str):
        typed = _checked(given, MAX_CHARACTERS_OF_NAMES)
        given = [] if typed.casefold() == "none" else [name.strip() for name in typed.split(",")]
    if unknown := [name for name in given if name not in answer.choices]:
        raise AnswerError(f"{quoted(unknown[0])} is not among the choices.")
    chosen = tuple(name for name in answer.choices if name in given)
    parsed = ", ".join(chosen) or "none"
    if answer.accepts(chosen):
        return Verdict(True, "Right.", parsed)
    right = answer.value
    assert isinstance(right, tuple)
    missed = ", ".join(name for name in answer.choices if name in right and name not in chosen)
    extra = ", ".join(name for name in chosen if name not in right)
    hint = " ".join(filter(None, (missed and f"Missed: {missed}.", extra and f"Wrongly chosen: {extra}.")))
    return Verdict(False, f"{hint} The answer is {answer.text}.", parsed)
