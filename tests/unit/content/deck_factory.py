"""A small valid folder of decks, and ways to break it."""

from __future__ import annotations

import re
from pathlib import Path

DECK = "sorting"
FIRST, SECOND = f"{DECK}/01-stable-sort", f"{DECK}/02-quick-sort"

QUESTION = """\
key: {key}
number: {number}
title: What is a {name} sort of $n$ numbers?
short: {name} sort
topic: Algorithms
hint: Think of equal elements.
key_points:
  - It orders the elements.
  - It keeps what is asked of it.
labs: []
sources:
  - key: knuth-1998
    authors: Knuth
    year: 1998
    title: The Art of Computer Programming
    url: https://www-cs-faculty.stanford.edu/~knuth/taocp.html
    finding: Sorting takes about n log n comparisons.
  - key: vaswani-2017
    authors: Vaswani et al.
    year: 2017
    title: Attention Is All You Need
    arxiv: "1706.03762"
    finding: Unrelated, but it has an arXiv id.
"""
FOLLOWUPS = """\
- key: equal-keys
  question: What happens to equal keys?
  answer: |-
    Their order is kept.

    ```python
    pairs = [(1, "b"), (1, "a")]
    assert sorted(pairs, key=lambda pair: pair[0]) == pairs
    ```
  evidence:
    - {kind: paper, ref: knuth-1998}
    - {kind: ran, ref: Python 3.11}
- key: worst-case
  question: What does it cost?
  answer: At most $n \\log n$ comparisons.
- key: in-place
  question: Does it need memory?
  answer: It may need $O(n)$.
"""
CORRECTIONS = """\
- key: always-fast
  says: It is always fast.
  precise: Only on average.
  evidence:
    - {kind: paper, ref: knuth-1998, note: volume 3}
"""
MISTAKES = """\
- mistake: Confusing stable with in place.
  instead: Say what each means.
- mistake: Forgetting the worst case.
  instead: Name it.
"""
ANSWER = """\
It orders elements.
*   **Stable:** equal elements keep their order.

```python
assert sorted([2, 1]) == [1, 2]
```
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_question(folder: Path, number: int, name: str) -> None:
    write(folder / "question.yaml", QUESTION.format(key=f"{name}-sort", number=number, name=name))
    write(folder / "answer.md", ANSWER)
    write(folder / "spoken.md", f"I would say that a {name} sort orders elements.\n")
    write(folder / "senior.md", "- It adapts to runs in $O(n)$.\n- See [the notes](https://example.org/notes).\n")
    write(folder / "probing.md", "Whether you know the word.\n")
    write(folder / "followups.yaml", FOLLOWUPS)
    write(folder / "corrections.yaml", CORRECTIONS)
    write(folder / "mistakes.yaml", MISTAKES)


def make_decks(root: Path, deck: str = DECK, order: int = 1) -> Path:
    """A root with one deck of two questions, which passes every check."""
    write(root / deck / "deck.yaml", f"key: {deck}\ntitle: The {deck} deck\ndescription: About it.\norder: {order}\n")
    make_question(root / deck / "01-stable-sort", 1, "stable")
    make_question(root / deck / "02-quick-sort", 2, "quick")
    return root


def substitute(path: Path, old: str, new: str) -> None:
    """Replace the only place where `old` stands; a mutation that does nothing is a mistake of the test."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    write(path, text.replace(old, new))


def line_of(path: Path, words: str) -> int:
    """The first line that holds `words`, from 1."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if re.search(re.escape(words), line))
