"""Numbers, units, shapes and names as people type them, and what hostile input does: nothing."""

from __future__ import annotations

import random
import string
import subprocess
import sys
import time
from contextlib import suppress
from fractions import Fraction

import pytest

from study.drawn import (
    EXACT,
    Answer,
    Tolerance,
    count_answer,
    names_answer,
    number_answer,
    number_text,
    shape_answer,
)
from study.grading.numbers import grade_computed, parse_number, parse_quantity, parse_shape
from study.grading.units import AnswerError

PERCENT = Tolerance("relative", 0.01)


@pytest.mark.parametrize(
    "text",
    ["1e-3", "1E-3", "0.001", ".001", "0,001", "1/1000", "1 / 1,000", "1/1 000", "10^-3", "10**-3", "10⁻³", "1×10⁻³",
     "1 x 10^-3", "1·10^(-3)", "0.1 %", "+0.001", " 0.0010 ", "≈ 0.001", "= 1e-3", "1000^-1", "0,1/100"],
)  # fmt: skip
def test_a_thousandth(text: str) -> None:
    assert parse_number(text) == Fraction(1, 1000)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,000", 1000), ("1 000", 1000), ("1'000", 1000), ("1’000", 1000), ("1_000", 1000), ("1\u00a0000", 1000),
        ("1\u202f000", 1000), ("1k", 1000), ("1e3", 1000), ("10^3", 1000), ("10³", 1000), ("1 thousand", 1000),
        ("1.000", 1), ("1,234,567", 1234567), ("1 234 567", 1234567), ("1,234,567.5", Fraction(2469135, 2)),
        ("1 234,5", Fraction(2469, 2)), ("1 234.5", Fraction(2469, 2)), ("2.5k", 2500), ("2,5k", 2500),
        ("25.6M", 25_600_000), ("25.6 million", 25_600_000), ("1,5", Fraction(3, 2)),
        ("12,3456", Fraction(123456, 10000)),
        ("1234,567", Fraction(1234567, 1000)), ("-5", -5), ("−5", -5), ("5.", 5), ("-2^2", -4), ("2^10", 1024),
        ("3×10⁻³", Fraction(3, 1000)), ("57 %", Fraction(57, 100)), ("5.2x", Fraction(26, 5)),
        ("5.2 times", Fraction(26, 5)),
        ("3/4", Fraction(3, 4)), ("-3/4", Fraction(-3, 4)), ("3/-4", Fraction(-3, 4)), ("1e-3/2", Fraction(1, 2000)),
        ("0", 0), ("007", 7), ("0.1", Fraction(1, 10)),
    ],
)  # fmt: skip
def test_numbers_are_read_exactly(text: str, value: Fraction | int) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "Type an answer"), ("   ", "Type an answer"), ("abc", "not a number"), ("-", "not a number"),
        ("1.000.000", "decimal sign"), ("1.234,5", "decimal sign"), ("1,23,456", "more than one way"),
        ("1 64 7", "more than one way"), ("10 00", "more than one way"), ("1,", "more than one way"),
        ("1,5,3", "more than one way"), ("1_00", "more than one way"), ("0,001,000", "more than one way"),
        ("1.2.3", "more than one way"), ("9**9**9", "not a computation"), ("1/2/3", "not a computation"),
        ("3*4", "not a computation"), ("3+4", "not a computation"), ("1e5e5", "not a computation"),
        ("1e", "not a computation"),
        ("(5", "not a number"), ("1/0", "divides by zero"), ("0^-1", "divides by zero"), ("1/0.0", "divides by zero"),
        ("1e999999999", "exponent"), ("1e-999999999", "exponent"), ("10^301", "exponent"), ("99^300", "too large"),
        ("nan", "finite"), ("NaN", "finite"), ("inf", "finite"), ("-Infinity", "finite"), ("∞", "finite"),
        ("٣", "0 to 9"), ("１２", "0 to 9"), ("३.५", "0 to 9"), ("½", "not a number"), ("²", "not a number"),
        ("9" * 101, "too long"), ("1" + "0" * 10**6, "too long"), ("((((1))))", "not a number"),
        ("1/(1/(1/2))", "not a computation"), ("5 apples", "without a unit"), ("0x10", "not a computation"),
        ("__import__('os')", "not a number"), ("1\x00", "without a unit"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_a_remedy(text: str, part: str) -> None:
    with pytest.raises(AnswerError, match=part):
        parse_number(text)


def test_a_long_refusal_quotes_little() -> None:
    with pytest.raises(AnswerError) as refused:
        parse_number("<script>" + "x" * 90)
    assert len(str(refused.value)) < 160


@pytest.mark.parametrize("seed", range(5))
def test_noise_never_raises_anything_else(seed: int) -> None:
    rng = random.Random(seed)
    alphabet = "0123456789" * 3 + ".,'_ eE+-^*/×x()[]kMB%⁻³٣½∞\u00a0\n\t\x00" + string.ascii_letters + "é漢🙂"
    answers = [
        count_answer(4096, "bytes"), number_answer(0.001, PERCENT), shape_answer((1, 64, 7, 7)),
        names_answer(["a"], ["a", "b"]),
    ]  # fmt: skip
    started = time.process_time()
    for _ in range(1000):
        text = "".join(rng.choices(alphabet, k=rng.randint(0, 110)))
        for answer in answers:
            try:
                verdict = grade_computed(answer, text)
            except AnswerError as refused:
                assert str(refused)
            else:
                assert verdict.because
    assert time.process_time() - started < 10  # 4,000 gradings; a hang is what is looked for


@pytest.mark.parametrize(
    "text", ["9" * 99, "9" * 97 + "^2", "9" * 95 + "^300", "1e300", "1e-300", "1e300/1e-300", "1/3e-300", "9,999" * 19]
)
def test_large_numbers_answer_at_once(text: str) -> None:
    started = time.process_time()
    with suppress(AnswerError):
        grade_computed(number_answer(0.5, PERCENT), text)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4096", 4096), ("4096 B", 4096), ("4,096 bytes", 4096), ("4 KiB", 4096), ("4kib", 4096), ("4 kibibytes", 4096),
        ("1 byte", 1), ("4 kB", 4000), ("4 kilobytes", 4000), ("1.5 MB", 1_500_000), ("1,5 MB", 1_500_000),
        ("2 MiB", 2097152),
        ("1 GB", 10**9), ("1 GiB", 1024**3), ("1/2 KiB", 512), ("1e3 kB", 10**6),
    ],
)  # fmt: skip
def test_bytes(text: str, value: int) -> None:
    assert parse_quantity(text, "bytes") == value


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("4 KB", "KiB for 1,024"), ("4k", "KiB for 1,024"), ("4 M", "MiB"), ("4 kbit", "in bytes"),
        ("4 Mb", "in bytes"),
        ("4 bits", "in bytes"), ("4 parameters", "in bytes"), ("50 %", "in bytes"),
    ],
)  # fmt: skip
def test_bytes_that_could_mean_two_things_are_refused(text: str, part: str) -> None:
    with pytest.raises(AnswerError, match=part):
        parse_quantity(text, "bytes")


def test_other_units() -> None:
    for text in ("5130", "5,130 parameters", "5130 params", "5.13k", "5.13k parameters", "5130 Parameter"):
        assert parse_quantity(text, "parameters") == 5130
    assert parse_quantity("31 px", "pixels") == 31
    for text in ("5130 bytes", "5130 kB", "5130 m", "5130 %", "51 epochs"):
        with pytest.raises(AnswerError, match="parameters"):
            parse_quantity(text, "parameters")


@pytest.mark.parametrize(
    "text",
    ["(1, 64, 7, 7)", "[1,64,7,7]", "1x64x7x7", "1 x 64 x 7 x 7", "1×64×7×7", "1 64 7 7", "1,64,7,7", "1*64*7*7",
     "torch.Size([1, 64, 7, 7])", "{1;64;7;7}", " ( 1 , 64 , 7 , 7 ) ", "(1, 64, 7, 7,)"],
)  # fmt: skip
def test_shapes(text: str) -> None:
    assert parse_shape(text) == (1, 64, 7, 7)
    assert grade_computed(shape_answer((1, 64, 7, 7)), text).right


def test_shapes_of_one_dimension() -> None:
    assert parse_shape("(64,)") == parse_shape("64") == parse_shape("[64]") == (64,)


@pytest.mark.parametrize(
    "text", ["", "()", "a", "1,,2", "1.5, 2", "(1, -2)", "B, 3", "1,024", "1 000 000", "9" * 50, "٣ ٣"]
)
def test_what_is_no_shape_is_refused(text: str) -> None:
    with pytest.raises(AnswerError):
        parse_shape(text)


def test_shape_reasons() -> None:
    answer = shape_answer((2, 64, 7, 9), {"The batch is missing.": (64, 7, 9)})
    assert "The batch is missing. The answer is (2, 64, 7, 9)." in grade_computed(answer, "64 7 9").because
    assert "4 dimensions, yours 2" in grade_computed(answer, "64 7").because
    assert "another order" in grade_computed(answer, "2 7 9 64").because
    assert "dimension 2 and 3" in grade_computed(answer, "2 64 8 8").because


def test_one_answer_in_three_writings() -> None:
    answer = number_answer(0.001, PERCENT)
    for text in ("1e-3", "0.001", "1/1000"):
        verdict = grade_computed(answer, text)
        assert verdict.right and verdict.parsed == "0.001"


def test_tolerances() -> None:
    relative = number_answer(200.0, PERCENT)
    assert all(grade_computed(relative, text).right for text in ("198", "202", "200"))
    assert not any(grade_computed(relative, text).right for text in ("197.99", "202.01", "-200"))
    absolute = number_answer(-0.5, Tolerance("absolute", 0.005))
    assert all(grade_computed(absolute, text).right for text in ("-0.505", "-0.495", "-1/2"))
    assert not any(grade_computed(absolute, text).right for text in ("-0.5051", "-0.4949", "0.5"))
    count = count_answer(5130, "parameters")
    assert not any(grade_computed(count, text).right for text in ("5129", "5131", "5130.0001", "5.1k"))


def test_a_right_answer_within_the_tolerance_is_told_the_value() -> None:
    assert (
        "0.691069, within 0.01" in grade_computed(number_answer(0.691069, Tolerance("absolute", 0.01)), "0.69").because
    )


def test_number_reasons() -> None:
    answer = number_answer(0.001, PERCENT, slips={"You stepped the scheduler once too often.": 0.0001})
    slip = grade_computed(answer, "1e-4")
    assert slip.because == "You wrote 0.0001. You stepped the scheduler once too often. The answer is 0.001."
    assert not slip.right and slip.parsed == "0.0001"
    assert "10 times the answer" in grade_computed(answer, "0.01").because
    assert "The answer is 100 times that" in grade_computed(answer, "1e-5").because
    assert "2 times the answer" in grade_computed(answer, "0.002").because
    assert "sign is wrong" in grade_computed(answer, "-0.001").because
    assert grade_computed(answer, "0.0033").because == "You wrote 0.0033. The answer is 0.001."
    assert grade_computed(answer, "0").because == "You wrote 0. The answer is 0.001."
    assert "close" in grade_computed(count_answer(5130), "5131").because
    assert "KiB" in grade_computed(count_answer(4096, "bytes"), "4 kB").because


def test_a_slip_counts_within_the_tolerance_of_its_own_value() -> None:
    answer = number_answer(0.001, PERCENT, slips={"A drop too many.": 1 / 3000})
    assert "A drop too many." in grade_computed(answer, "0.000333").because


def test_what_is_right_in_the_other_convention_is_asked_again() -> None:
    for answer, text in (
        (count_answer(1024), "1.024"), (number_answer(1.024, PERCENT), "1,024"),
        (count_answer(16384, "bytes"), "16.384 B"),
        (number_answer(-3.475, PERCENT), "-3,475"),
    ):  # fmt: skip
        with pytest.raises(AnswerError, match="is read as"):
            grade_computed(answer, text)
    assert not grade_computed(count_answer(1025), "1.024").right
    assert grade_computed(number_answer(-3.475, PERCENT), "-3.475").right


def test_names() -> None:
    answer = names_answer(["bn.running_mean", "bn.weight"], ["bn.weight", "bn.running_mean", "bn.running_var"])
    assert answer.value == ("bn.weight", "bn.running_mean")
    assert grade_computed(answer, ["bn.running_mean", "bn.weight"]).right
    assert grade_computed(answer, "bn.running_mean, bn.weight").right
    wrong = grade_computed(answer, ["bn.weight", "bn.running_var"])
    assert not wrong.right
    assert wrong.because.startswith("Missed: bn.running_mean. Wrongly chosen: bn.running_var.")
    assert grade_computed(answer, []).because.startswith("Missed: bn.weight, bn.running_mean.")
    with pytest.raises(AnswerError, match="not among the choices"):
        grade_computed(answer, ["bn.bias"])
    nothing = names_answer([], ["a", "b"])
    assert grade_computed(nothing, []).right and grade_computed(nothing, "none").right
    assert not grade_computed(nothing, ["a"]).right


def test_a_number_is_not_chosen() -> None:
    with pytest.raises(AnswerError, match="Type"):
        grade_computed(count_answer(3), ["3"])


@pytest.mark.parametrize(
    ("value", "text"),
    [(5130, "5,130"), (0.00125, "0.00125"), (0.1 + 0.2, "0.3"), (5.0, "5"), (-3.475, "-3.475"),
    (3e-9, "3e-9"), (0, "0"),
     (1234.5, "1,234.5"), (1e-6, "0.000001"), (2.9999999999, "3"), (Fraction(1, 3), "0.333333"), (10**20, "1e+20")],
)  # fmt: skip
def test_numbers_as_shown(value: float, text: str) -> None:
    assert number_text(value) == text
    assert abs(parse_number(text) - Fraction(value)) <= abs(Fraction(value)) / 10**5


def test_answers_that_make_no_sense_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="right"):
        Answer("number", 5, EXACT, slips={"No slip.": 5})
    with pytest.raises(ValueError, match="exact"):
        Answer("number", 0.1, EXACT)
    with pytest.raises(ValueError, match="finite"):
        Answer("number", float("nan"), PERCENT)
    with pytest.raises(ValueError, match="shape"):
        Answer("shape", ("a",), EXACT)
    with pytest.raises(ValueError, match="tuple"):
        Answer("shape", 5, EXACT)
    with pytest.raises(ValueError, match="choices"):
        Answer("names", ("c",), EXACT, choices=("a", "b"))


def test_slips_that_tell_nothing_are_left_out() -> None:
    answer = count_answer(5, slips={"a": 5, "b": 6, "c": 6, "d": 7})
    assert answer.slips == {"b": 6, "d": 7}


def test_tolerance_in_words() -> None:
    assert (EXACT.text, PERCENT.text, Tolerance("absolute", 0.005).text) == ("exact", "within 1 %", "within 0.005")
    assert count_answer(5, "bytes").instruction == "A number of bytes, exact."


def test_grading_works_without_torch() -> None:
    code = "import study.drawn, study.grading.numbers, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
