"""Mistakes in typed items, bugs, cases and computed items: each gives exactly its own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.content.broken import Case, assert_only_line
from tests.unit.content.item_factory import ITEMS_FILE, added, replaced, without

CONTRADICTIONS = """\
  contradictions:
    - says: Stable means that it never fails.
      instead: Stable means that equal elements keep their order.
"""

CASES = [
    Case(
        "other seconds",
        replaced(ITEMS_FILE, "seconds: 60", "seconds: 45"),
        ITEMS_FILE,
        "seconds: 45",
        "[1].seconds: is a number (45)",
        "write 30, 60 or 120",
    ),
    Case(
        "two points",
        without(ITEMS_FILE, "    - point: It costs memory.\n      level: senior\n      words: [memory, merge]\n"),
        ITEMS_FILE,
        "key_points:",
        "[1].key_points: must have at least 3 entries, has 2",
        "add 1 more",
    ),
    Case(
        "one word",
        replaced(ITEMS_FILE, "words: [table, column]", "words: [table]"),
        ITEMS_FILE,
        "words: [table]",
        "[1].key_points[1].words: must have at least 2 entries, has 1",
        "add 1 more",
    ),
    Case(
        "words no list",
        replaced(ITEMS_FILE, "words: [table, column]", "words: table"),
        ITEMS_FILE,
        "words: table",
        "[1].key_points[1].words: must be a list, is text (table)",
        "write each entry on its own line, after '- '",
    ),
    Case(
        "no contradictions",
        replaced(
            ITEMS_FILE,
            CONTRADICTIONS,
            "  contradictions: []\n",
        ),
        ITEMS_FILE,
        "contradictions: []",
        "[1].contradictions: must have at least 1 entry, has 0",
        "add 1 more",
    ),
    Case(
        "line too far",
        replaced(ITEMS_FILE, "  line: 5\n", "  line: 7\n"),
        ITEMS_FILE,
        "line: 7",
        "[2].line: is 7, but 'code' has 6 lines",
        "count its lines from 1",
    ),
    Case(
        "line is empty",
        replaced(ITEMS_FILE, "  line: 5\n", "  line: 2\n"),
        ITEMS_FILE,
        "line: 2",
        "[2].line: is 2, but this line of 'code' is empty",
        "count its lines from 1",
    ),
    Case(
        "line zero",
        replaced(ITEMS_FILE, "  line: 5\n", "  line: 0\n"),
        ITEMS_FILE,
        "line: 0",
        "[2].line: must be at least 1, is 0",
        "correct the number",
    ),
    Case(
        "two right reasons",
        replaced(ITEMS_FILE, "    - text: The sum is wrong.\n", "    - text: The sum is wrong.\n      right: true\n"),
        ITEMS_FILE,
        "reasons:",
        "[2].reasons: must have exactly one right reason, has 2",
        "mark one with 'right: true'",
    ),
    Case(
        "no right reason",
        replaced(ITEMS_FILE, "      right: true\n      because: backward", "      because: backward"),
        ITEMS_FILE,
        "reasons:",
        "[2].reasons: must have exactly one right reason, has 0",
        "mark one with 'right: true'",
    ),
    Case(
        "two reasons",
        without(ITEMS_FILE, "    - text: The range is wrong.\n      because: It is right.\n"),
        ITEMS_FILE,
        "reasons:",
        "[2].reasons: must have at least 3 entries, has 2",
        "add 1 more",
    ),
    Case(
        "code does not parse",
        replaced(ITEMS_FILE, "        pass\n", "        pass(\n"),
        ITEMS_FILE,
        "pass(",
        "[2].code: Python does not parse: invalid syntax",
        "correct the code",
    ),
    Case(
        "fix does not parse",
        replaced(ITEMS_FILE, "        x.grad = None\n", "        x.grad = = None\n"),
        ITEMS_FILE,
        "x.grad = = None",
        "[2].fix: Python does not parse: invalid syntax",
        "correct the code",
    ),
    Case(
        "check does not parse",
        replaced(ITEMS_FILE, 'assert x.grad.tolist() == [2, 2], "', 'assert x.grad.tolist() = [2, 2], "'),
        ITEMS_FILE,
        'assert x.grad.tolist() = [2, 2], "gradients have added up"',
        "[2].check: Python does not parse: invalid syntax",
        "correct the code",
    ),
    Case(
        "unknown size",
        replaced(ITEMS_FILE, "size: small", "size: tiny"),
        ITEMS_FILE,
        "size: tiny",
        "[3].size: is text (tiny)",
        "write 'small' or 'large'",
    ),
    Case(
        "three case points",
        without(ITEMS_FILE, "    - point: Cross-validate.\n      level: senior\n"),
        ITEMS_FILE,
        69,
        "[3].key_points: must have at least 4 entries, has 3",
        "add 1 more",
    ),
    Case(
        "field of another kind",
        replaced(
            ITEMS_FILE,
            "    - point: Cross-validate.\n      level: senior\n",
            "    - point: Cross-validate.\n      level: senior\n      words: [a, b]\n",
        ),
        ITEMS_FILE,
        "words: [a, b]",
        "[3].key_points[3].words: is not a known field",
        "remove it; known here: level, point",
    ),
    Case(
        "form of a generator",
        replaced(ITEMS_FILE, "generator: head_parameters", "generator: Head-parameters"),
        ITEMS_FILE,
        "generator: Head-parameters",
        "[4].generator: has the wrong form: 'Head-parameters'",
        "use lower-case letters, digits and underscores, as 'head_parameters'",
    ),
    Case(
        "no generator",
        without(ITEMS_FILE, "  generator: head_parameters\n"),
        ITEMS_FILE,
        "- kind: computed",
        "[4].generator: is missing",
        "add 'generator: ...'; see python -m content schema",
    ),
    Case(
        "prompt of a computed",
        added(ITEMS_FILE, "  prompt: How many?\n"),
        ITEMS_FILE,
        "prompt: How many?",
        "[4].prompt: is not a known field",
        "remove it; known here: generator, key, kind, level",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_gives_exactly_its_line(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_only_line(case, tmp_path, capsys)
