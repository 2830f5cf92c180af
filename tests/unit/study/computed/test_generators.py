"""Every generator, a hundred seeds each: against its oracle, and as a learner would answer."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import re
import time
from fractions import Fraction
from functools import cache

import pytest
import torch

from content.items import ITEMS
from study.computed import UnknownGenerator, draw, names
from study.drawn import Drawn
from study.grading.numbers import grade_computed
from tests.unit.study.computed.oracles import ORACLES

SEEDS = range(100)


@cache
def draws(name: str) -> list[Drawn]:
    return [draw(name, seed) for seed in SEEDS]


def test_there_are_enough_generators() -> None:
    assert len(names()) >= 24


def test_every_generator_has_an_oracle_and_every_oracle_a_generator() -> None:
    assert set(names()) == set(ORACLES)


@pytest.mark.parametrize("name", names())
def test_agrees_with_the_oracle(name: str) -> None:
    for drawn in draws(name):
        expected = ORACLES[name](**drawn.given)
        answer = drawn.answer
        if answer.kind == "number" and answer.tolerance.size != 0:
            assert isinstance(expected, int | float) and isinstance(answer.value, int | float)
            # far inside the tolerance that the learner has; BatchNorm computes in float32
            assert math.isclose(answer.value, expected, rel_tol=1e-5, abs_tol=1e-5 * answer.tolerance.size), drawn
        else:
            assert answer.value == expected, drawn


@pytest.mark.parametrize("name", names())
def test_same_seed_same_item_other_seeds_other_items(name: str) -> None:
    for seed in (0, 7, 99):
        assert draw(name, seed) == draws(name)[seed]
    assert len({drawn.prompt for drawn in draws(name)}) >= 30
    assert len({json.dumps(drawn.given) for drawn in draws(name)}) >= 30


@pytest.mark.parametrize("name", names())
def test_the_answer_as_shown_is_right(name: str) -> None:
    for drawn in draws(name):
        verdict = grade_computed(drawn.answer, drawn.answer.text)
        assert verdict.right, (drawn, verdict)


@pytest.mark.parametrize("name", names())
def test_slips_are_wrong_and_get_their_own_reason(name: str) -> None:
    for drawn in draws(name):
        for because, value in drawn.answer.slips.items():
            typed = str(value) if isinstance(value, tuple) else repr(value)
            verdict = grade_computed(drawn.answer, typed)
            assert not verdict.right
            assert because in verdict.because, (drawn, because)


def test_most_typed_items_name_a_slip() -> None:
    for name in names():
        typed = [drawn for drawn in draws(name) if drawn.answer.kind != "names"]
        assert sum(bool(drawn.answer.slips) for drawn in typed) >= 0.9 * len(typed), name


@pytest.mark.parametrize("name", names())
def test_neighbours_are_wrong(name: str) -> None:
    for drawn in draws(name):
        answer = drawn.answer
        if answer.kind == "number":
            assert isinstance(answer.value, int | float)
            margin = Fraction(str(answer.tolerance.size))
            if answer.tolerance.kind == "relative":
                margin *= abs(Fraction(answer.value))
            far = margin * Fraction(101, 100) if margin else Fraction(1)
            for sign in (-1, 1):
                typed = f"{float(Fraction(answer.value) + sign * far):.12g}"
                assert not grade_computed(answer, typed).right, (drawn, typed)
                if margin:
                    near = f"{float(Fraction(answer.value) + sign * margin * Fraction(99, 100)):.12g}"
                    assert grade_computed(answer, near).right, (drawn, near)
        elif answer.kind == "shape":
            shape = list(map(int, answer.value))  # type: ignore[arg-type]  # a shape is a tuple
            for index in range(len(shape)):
                other = [side + (place == index) for place, side in enumerate(shape)]
                assert not grade_computed(answer, str(tuple(other))).right
        else:
            for choice in answer.choices:
                right = list(map(str, answer.value))  # type: ignore[arg-type]  # names are a tuple
                toggled = [n for n in right if n != choice] if choice in right else [*right, choice]
                assert not grade_computed(answer, toggled).right


@pytest.mark.parametrize("name", names())
def test_steps_end_at_the_answer(name: str) -> None:
    for drawn in draws(name):
        assert len(drawn.steps) >= 2
        assert drawn.steps[-1].endswith(drawn.answer.text), drawn


@pytest.mark.parametrize("name", names())
def test_texts_are_complete(name: str) -> None:
    for drawn in draws(name):
        for text in (drawn.prompt, *drawn.steps, *drawn.answer.slips):
            prose = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", "", text, flags=re.DOTALL)
            assert text.strip()
            assert not set(prose) & set("{}$`*") - {"*"}, text  # nothing unfilled, nothing left open
            assert prose.count("*") % 2 == 0, text
            assert not re.search(r"\b(nan|inf|None)\b", prose), text
        assert drawn.prompt.endswith(("?", ")"))
        assert drawn.answer.instruction


@pytest.mark.parametrize("name", names())
def test_survives_json(name: str) -> None:
    for drawn in draws(name)[:10]:
        assert Drawn.from_data(json.loads(json.dumps(drawn.as_data()))) == drawn


@pytest.mark.parametrize("name", names())
def test_touches_no_global_generator(name: str) -> None:
    python, torchs = random.getstate(), torch.get_rng_state()
    for seed in range(5):
        draw(name, seed)
    assert random.getstate() == python
    assert torch.equal(torch.get_rng_state(), torchs)
    torch.manual_seed(1)
    assert draw(name, 3) == draws(name)[3]
    torch.set_rng_state(torchs)


@pytest.mark.parametrize("name", names())
def test_a_draw_is_fast(name: str) -> None:
    draw(name, 0)
    used = []
    for seed in range(1, 8):
        start = time.process_time()
        draw(name, seed)
        used.append(time.process_time() - start)
    assert sorted(used)[3] < 0.1  # CPU seconds; the median, as others use the machine too


@pytest.mark.parametrize("name", names())
def test_can_be_named_by_a_content_item(name: str) -> None:
    (item,) = ITEMS.validate_python([{"kind": "computed", "key": "some-key", "level": "junior", "generator": name}])
    assert item.kind == "computed" and item.generator == name


def test_no_two_generators_ask_the_same() -> None:
    asked = [draws(name)[0].prompt.rsplit("\n\n", 1)[-1] for name in names()]
    assert len(set(asked)) == len(asked)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownGenerator, match="group_rate"):
        draw("no_such_thing", 0)


def test_drawn_is_frozen() -> None:
    drawn = draw("group_rate", 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        drawn.seed = 2  # type: ignore[misc]  # the point of the test
