"""The small deck of `deck_factory` with quiz items, one of each kind, and an exercise; and ways to break them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.unit.content.deck_factory import FIRST, SECOND, make_decks, substitute, write

ITEMS_FILE = f"{FIRST}/items.yaml"
EXERCISE = f"{FIRST}/exercises/double-all"
EXERCISE_FILE = f"{EXERCISE}/exercise.yaml"

ITEMS = """\
- kind: choice
  key: which-is-stable
  level: junior
  prompt: Which sort is stable?
  options:
    - text: Merge sort takes $n \\log n$ steps
      right: true
      because: Equal elements keep their order.
    - text: Heap sort
      because: The heap forgets the order.
    - text: Quick sort
      because: Partitioning swaps equal elements.
- kind: typed
  key: why-stable
  level: senior
  prompt: Why does stability matter?
  seconds: 60
  key_points:
    - point: Keys can be sorted one after the other.
      level: junior
      words: [radix, second key]
    - point: It can be shown in a table.
      level: junior
      words: [table, column]
    - point: It costs memory.
      level: senior
      words: [memory, merge]
  contradictions:
    - says: Stable means that it never fails.
      instead: Stable means that equal elements keep their order.
  model_answer: Sort by the second key, then by the first.
- kind: bug
  key: doubled-gradient
  level: junior
  prompt: The second gradient is wrong.
  code: |-
    import torch

    x = torch.ones(2, requires_grad=True)
    for _ in range(2):
        pass
        (2 * x).sum().backward()
  line: 5
  reasons:
    - text: Gradients add up.
      right: true
      because: backward adds to grad.
    - text: The sum is wrong.
      because: It is right.
    - text: The range is wrong.
      because: It is right.
  fix: |-
    import torch

    x = torch.ones(2, requires_grad=True)
    for _ in range(2):
        x.grad = None
        (2 * x).sum().backward()
  check: |-
    assert x.grad.tolist() == [2, 2], "gradients have added up"
  explanation: Reset the gradient before each step.
- kind: case
  key: few-photographs
  level: junior
  scenario: You have 200 photographs of cats.
  size: small
  similarity: similar
  check_first: Whether photographs of one cat are in both halves.
  key_points:
    - point: Freeze the backbone.
      level: junior
    - point: Train a new head.
      level: junior
    - point: Use augmentation.
      level: junior
    - point: Cross-validate.
      level: senior
  discussion: Begin with a linear probe.
- kind: computed
  key: size-of-a-head
  level: junior
  generator: head_parameters
"""

EXERCISE_YAML = """\
title: Double every number
level: junior
minutes: 5
task: Return twice the tensor $x$.
function: double
signature: "def double(x: Tensor) -> Tensor"
hints:
  - Multiply.
  - "`return 2 * x`"
explanation: Multiplication goes element by element.
wrong:
  - file: wrong_adds_two.py
    because: It adds instead.
    caught_by: numbers are doubled
  - file: wrong_in_place.py
    because: It changes its argument.
    caught_by: the argument stays as it is
  - file: wrong_squares.py
    because: It squares.
    caught_by: numbers are doubled
"""

DRIVE = """\
def drive(submission, given):
    x = given["x"].clone()
    return {"doubled": submission.double(x), "x": x}
"""

CHECKS = """\
import torch

from study.exercises.contract import Case, expect_close, field


def cases(generator):
    x = torch.rand(4, generator=generator) + 3
    return [Case("numbers are doubled", {"x": x}), Case("the argument stays as it is", {"x": x})]


def check(case, got):
    if "doubled" in case.name:
        expect_close("the doubled numbers", 2 * case.given["x"], field(got, "doubled"))
    else:
        expect_close("the argument", case.given["x"], field(got, "x"))
"""

CODE = {
    "starter.py": "def double(x):\n    return x\n",
    "solution.py": "def double(x):\n    return 2 * x\n",
    "wrong_adds_two.py": "def double(x):\n    return x + 2\n",
    "wrong_in_place.py": "def double(x):\n    return x.mul_(2)\n",
    "wrong_squares.py": "def double(x):\n    return x**2\n",
    "drive.py": DRIVE,
    "checks.py": CHECKS,
}
"""By file name."""

Mutation = Callable[[Path], object]
"""A way to break the decks below a folder."""


def make_exercise(folder: Path) -> None:
    write(folder / "exercise.yaml", EXERCISE_YAML)
    for name, code in CODE.items():
        write(folder / name, code)


def make_item_decks(root: Path) -> Path:
    """The decks of `make_decks`, whose first question has an item of each kind and an exercise. Passes every check."""
    make_decks(root)
    write(root / ITEMS_FILE, ITEMS)
    make_exercise(root / EXERCISE)
    return root


def replaced(file: str, old: str, new: str) -> Mutation:
    return lambda root: substitute(root / file, old, new)


def without(file: str, text: str) -> Mutation:
    return replaced(file, text, "")


def added(file: str, text: str) -> Mutation:
    return lambda root: write(root / file, (root / file).read_text(encoding="utf-8") + text)


def written(file: str, text: str) -> Mutation:
    return lambda root: write(root / file, text)


def removed(path: str) -> Mutation:
    return lambda root: (root / path).unlink()


def renamed(old: str, new: str) -> Mutation:
    return lambda root: (root / old).rename(root / new)


def copied(old: str, new: str) -> Mutation:
    return lambda root: shutil.copytree(root / old, root / new)


def linked(path: str) -> Mutation:
    """The file or folder at `path` moves out of the decks, and a link to it stays."""

    def mutate(root: Path) -> None:
        outside = root.parent / "outside"
        (root / path).rename(outside)
        (root / path).symlink_to(outside, target_is_directory=outside.is_dir())

    return mutate


def both(*mutations: Mutation) -> Mutation:
    return lambda root: [mutate(root) for mutate in mutations]


def to_second(root: Path) -> None:
    """The items move to the second question, for mistakes that are about their place."""
    (root / ITEMS_FILE).rename(root / SECOND / "items.yaml")
