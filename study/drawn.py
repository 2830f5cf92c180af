"""A computed item as it was drawn: plain data, made by a worker that has torch, handled by a server that has not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Literal, TypeVar

V = TypeVar("V")
Number = int | float
Value = int | float | tuple[int, ...] | tuple[str, ...]
"""Of an answer: a number, a shape, or the names that are right."""

_PLAIN_BELOW = 10**15
"""Whole numbers from here on are shown with an exponent."""


def number_text(value: Number | Fraction, digits: int = 6) -> str:
    """As the app shows a number: 5130 -> "5,130"; 0.00125 -> "0.00125"; 3e-9 -> "3e-9".

    Whole numbers are exact below 10^15; others are rounded to `digits` significant digits. Every text that comes out is
    read back by `study.grading.numbers.parse_number`.
    """
    exact = Fraction(value)
    if exact.denominator == 1 and abs(exact) < _PLAIN_BELOW:
        return f"{int(exact):,}"
    with localcontext() as context:
        context.prec = digits
        rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).normalize()
        return f"{rounded:,f}" if -7 < rounded.adjusted() < 9 else f"{rounded:e}"


@dataclass(frozen=True)
class Tolerance:
    """How far an answer may lie from the value: `size` in the unit of the answer, or as a share of the value."""

    kind: Literal["absolute", "relative"]
    size: float

    @property
    def text(self) -> str:
        """For the learner: "exact", "within 1 %", "within 0.005"."""
        if self.size == 0:
            return "exact"
        if self.kind == "relative":
            return f"within {number_text(Fraction(str(self.size)) * 100)} %"
        return f"within {number_text(Fraction(str(self.size)))}"

    def holds(self, given: Number | Fraction, value: Number) -> bool:
        """True if `given` is near enough to `value`; computed exactly."""
        allowed = Fraction(str(self.size)) * (abs(Fraction(value)) if self.kind == "relative" else 1)
        return abs(Fraction(given) - Fraction(value)) <= allowed


EXACT = Tolerance("absolute", 0)


@dataclass(frozen=True)
class Answer:
    """What is right, how near is near enough, and which wrong values tell what went wrong.

    `unit`: in words, "" if there is none. `choices`: for kind "names", what is offered; `value` then holds the right
    ones, in the same order. `slips`: a sentence on what went wrong -> the wrong value that it leads to; Markdown.
    Raises ValueError if the parts do not fit, or if a slip would count as right.
    """

    kind: Literal["number", "shape", "names"]
    value: Value
    tolerance: Tolerance
    unit: str = ""
    choices: tuple[str, ...] = ()
    slips: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_value(self)
        for because, value in self.slips.items():
            if self.accepts(value):
                raise ValueError(f"the slip {because!r} leads to {value}, which is right")

    def accepts(self, value: Value | Fraction) -> bool:
        """True if `value` is right: numbers within the tolerance, shapes and names as they are."""
        if self.kind != "number":
            return value == self.value
        if isinstance(value, tuple) or isinstance(self.value, tuple):
            return False
        return self.tolerance.holds(value, self.value)

    @property
    def text(self) -> str:
        """As the app shows it, such as "5,130 parameters", "(1, 64, 7, 7)" or "bn.running_mean"; grades as right."""
        if self.kind == "number":
            assert not isinstance(self.value, tuple)
            return f"{number_text(self.value)} {self.unit}".rstrip()
        assert isinstance(self.value, tuple)
        if self.kind == "shape":
            return str(self.value)
        return ", ".join(map(str, self.value)) or "none"

    @property
    def instruction(self) -> str:
        """What the learner should enter: "A number of bytes, exact." """
        if self.kind == "names":
            return "Choose all that apply."
        if self.kind == "shape":
            return "A shape, such as (2, 3, 5)."
        return f"A number{f' of {self.unit}' if self.unit else ''}, {self.tolerance.text}."


def _check_value(answer: Answer) -> None:
    value = answer.value
    if answer.kind == "number":
        if isinstance(value, tuple | bool) or not math.isfinite(value):
            raise ValueError(f"not a finite number: {value!r}")
        if answer.tolerance.size == 0 and not isinstance(value, int):
            raise ValueError(f"only a count can be exact, not {value!r}")
    elif not isinstance(value, tuple):
        raise ValueError(f"a {answer.kind} answer needs a tuple, not {value!r}")
    elif answer.kind == "shape":
        if not value or not all(isinstance(side, int) for side in value):
            raise ValueError(f"not a shape: {value!r}")
    elif value != tuple(name for name in answer.choices if name in value) or len(set(answer.choices)) < 2:
        raise ValueError(f"{value!r} are not among the choices {answer.choices!r}, or not in their order")


def count_answer(value: int, unit: str = "", slips: Mapping[str, int] | None = None) -> Answer:
    """A whole number that has to be exact. Slips that lead to the right value, or repeat another, are left out."""
    return _number(value, EXACT, unit, slips or {})


def number_answer(
    value: float, tolerance: Tolerance, unit: str = "", slips: Mapping[str, float] | None = None
) -> Answer:
    """A number within a tolerance. Slips that lead to the right value, or repeat another, are left out."""
    return _number(value, tolerance, unit, slips or {})


def shape_answer(value: Sequence[int], slips: Mapping[str, Sequence[int]] | None = None) -> Answer:
    """A tensor's shape. Slips that lead to the right value, or repeat another, are left out."""
    right = tuple(value)
    shapes = {because: tuple(wrong) for because, wrong in (slips or {}).items()}
    return Answer("shape", right, EXACT, slips=_telling(shapes, lambda a, b: a == b, right))


def names_answer(right: Sequence[str], choices: Sequence[str]) -> Answer:
    """Some of the choices. `right` may come in any order."""
    return Answer("names", tuple(name for name in choices if name in right), EXACT, choices=tuple(choices))


def _number(value: Number, tolerance: Tolerance, unit: str, slips: Mapping[str, Number]) -> Answer:
    kept = _telling(slips, lambda a, b: tolerance.holds(a, b), value)
    return Answer("number", value, tolerance, unit, slips=kept)


def _telling(slips: Mapping[str, V], same: Callable[[V, V], bool], right: V) -> dict[str, V]:
    kept: dict[str, V] = {}
    for because, value in slips.items():
        if not same(value, right) and not any(same(value, other) for other in kept.values()):
            kept[because] = value
    return kept


@dataclass(frozen=True)
class Drawn:
    """One draw of a generator. The same generator, seed and code give the same draw.

    `prompt` and each line of `steps` are Markdown; the steps end at the answer. `given`: the drawn values, as plain
    JSON data. `generator` and `seed` are all that is needed to draw it again.
    """

    generator: str
    seed: int
    prompt: str
    answer: Answer
    steps: tuple[str, ...]
    given: Mapping[str, Any]

    def as_data(self) -> dict[str, Any]:
        """Plain data for JSON; tuples become lists on the way."""
        return asdict(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Drawn:
        """Back from `as_data`, before or after JSON. Raises KeyError, TypeError or ValueError if it is not one."""
        answer = dict(data["answer"])
        answer["tolerance"] = Tolerance(**answer["tolerance"])
        answer["value"] = _tupled(answer["value"])
        answer["choices"] = tuple(answer["choices"])
        answer["slips"] = {because: _tupled(value) for because, value in answer["slips"].items()}
        return Drawn(**{**data, "answer": Answer(**answer), "steps": tuple(data["steps"])})


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value
