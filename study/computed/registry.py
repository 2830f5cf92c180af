"""Which generators of computed items there are, and how one is drawn. torch only in the topic modules."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from study.drawn import Answer, Drawn


@dataclass(frozen=True)
class Draft:
    """What a generator returns; `Drawn` without its name and seed, see there."""

    prompt: str
    answer: Answer
    steps: Sequence[str]
    given: Mapping[str, Any]


Generator = Callable[[random.Random], Draft]
"""Draws all values from the local random generator that it is given, and has torch work out the answer."""

_GENERATORS: dict[str, Generator] = {}


class UnknownGenerator(LookupError):  # noqa: N818  (what happened)
    """There is no generator of this name. The message lists those that there are."""


def generator(make: Generator) -> Generator:
    """Registers `make` under its own name. Raises ValueError if the name is taken."""
    name = make.__name__
    if name in _GENERATORS:
        raise ValueError(f"two generators are called {name}")
    _GENERATORS[name] = make
    return make


def names() -> list[str]:
    """Of all generators, in alphabetical order."""
    return sorted(_GENERATORS)


def draw(name: str, seed: int) -> Drawn:
    """One item with fresh values. The same name, seed and code give the same item; no global generator is touched.

    Raises UnknownGenerator.
    """
    if name not in _GENERATORS:
        raise UnknownGenerator(f"no generator is called {name!r}; there are: {', '.join(names())}")
    draft = _GENERATORS[name](random.Random(f"{name}/{seed}"))
    return Drawn(name, seed, draft.prompt, draft.answer, tuple(draft.steps), dict(draft.given))
