"""Each kind of broken deck gives one clear line: file, line, field, message, remedy. None gives a traceback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from content.cli import main
from content.files import MAX_BYTES
from tests.unit.content.deck_factory import ANSWER, DECK, FIRST, SECOND, line_of, make_decks, substitute, write


@dataclass(frozen=True)
class Case:
    """A mutation of the valid decks and the line that `check` must print; `line` is a number or words to find it by."""

    name: str
    mutate: Callable[[Path], object]
    file: str
    field: str
    message: str
    remedy: str
    line: int | str = 1


def replaced(file: str, old: str, new: str) -> Callable[[Path], object]:
    return lambda root: substitute(root / file, old, new)


def added(file: str, text: str) -> Callable[[Path], object]:
    return lambda root: write(root / file, (root / file).read_text(encoding="utf-8") + text)


def written(file: str, text: str) -> Callable[[Path], object]:
    return lambda root: write(root / file, text)


def data(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda root: (root / file).write_bytes(content)


def removed(path: str) -> Callable[[Path], object]:
    return lambda root: shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()


def renamed(old: str, new: str) -> Callable[[Path], object]:
    return lambda root: (root / old).rename(root / new)


def linked(path: str) -> Callable[[Path], object]:
    def mutate(root: Path) -> None:
        outside = root.parent / "outside.md"
        write(outside, "A secret.\n")
        (root / path).unlink()
        (root / path).symlink_to(outside)

    return mutate


def linked_folder(root: Path) -> None:
    outside = root.parent / "outside"
    (root / SECOND).rename(outside)
    (root / SECOND).symlink_to(outside, target_is_directory=True)


def piped(root: Path) -> None:
    (root / FIRST / "answer.md").unlink()
    os.mkfifo(root / FIRST / "answer.md")


QUESTION, ANSWER_MD = f"{FIRST}/question.yaml", f"{FIRST}/answer.md"
FOLLOWUPS, CORRECTIONS, MISTAKES = f"{FIRST}/followups.yaml", f"{FIRST}/corrections.yaml", f"{FIRST}/mistakes.yaml"
SENIOR = f"{FIRST}/senior.md"
AFTER_ANSWER = ANSWER.count("\n") + 1
TWO_POINTS = "  - It orders the elements.\n  - It keeps what is asked of it.\n"

FILES = [
    Case("missing file", removed(ANSWER_MD), ANSWER_MD, "file", "is missing", "add it"),
    Case("missing deck.yaml", removed(f"{DECK}/deck.yaml"), f"{DECK}/deck.yaml", "file", "is missing", "add it"),
    Case(
        "misspelt file",
        renamed(ANSWER_MD, f"{FIRST}/anwser.md"),
        f"{FIRST}/anwser.md",
        "file",
        "is an unexpected file",
        "rename it to 'answer.md'",
    ),
    Case(
        "extra file", written(f"{FIRST}/notes.txt", "x"), f"{FIRST}/notes.txt", "file", "unexpected file", "remove it"
    ),
    Case("stray file", written("todo.txt", "x"), "todo.txt", "file", "is an unexpected file", "remove it"),
    Case("extra folder", written(f"{FIRST}/img/a.md", "x"), f"{FIRST}/img", "folder", "unexpected folder", "remove it"),
    Case("empty answer", written(ANSWER_MD, ""), ANSWER_MD, "file", "is empty", "write its text"),
    Case("blank answer", written(ANSWER_MD, " \n\n"), ANSWER_MD, "file", "is empty", "write its text"),
    Case("comment only", written(MISTAKES, "# later\n"), MISTAKES, "file", "is empty", "write its fields"),
    Case("binary", data(ANSWER_MD, b"a\nb\x00\x01"), ANSWER_MD, "file", "is binary: byte 0x00", "UTF-8", 2),
    Case("latin-1", data(ANSWER_MD, b"a\n\ncaf\xe9\n"), ANSWER_MD, "file", "is not UTF-8: byte 0xe9", "UTF-8", 3),
    Case("too large", written(ANSWER_MD, "a" * (MAX_BYTES + 1)), ANSWER_MD, "file", "is too large", "shorten it"),
    Case("link to a file", linked(ANSWER_MD), ANSWER_MD, "file", "is a symbolic link", "put the file itself here"),
    Case("link to a folder", linked_folder, SECOND, "file", "is a symbolic link", "put the file or folder itself here"),
    Case("pipe", piped, ANSWER_MD, "file", "is not a regular file", "replace it"),
    Case(
        "folder for a file",
        lambda root: ((root / SENIOR).unlink(), (root / SENIOR).mkdir()),
        SENIOR,
        "file",
        "is a folder where a file is expected",
        "replace it by a file",
    ),
    Case(
        "merge conflict",
        added(ANSWER_MD, "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> other\n"),
        ANSWER_MD,
        "file",
        "holds a merge-conflict marker",
        "choose one side",
        "<<<<<<<",
    ),
    Case("folder name", renamed(FIRST, f"{DECK}/stable"), f"{DECK}/stable", "folder", "wrong form", "number and slug"),
    Case(
        "no questions",
        lambda root: (removed(FIRST)(root), removed(SECOND)(root)),
        DECK,
        "folder",
        "holds no questions",
        "add a folder",
    ),
    Case(
        "preamble", written(f"{DECK}/preamble.py", "a = 1\nb = (\n"), f"{DECK}/preamble.py", "code", "parse", "code", 2
    ),
]

YAML = [
    Case(
        "bad YAML",
        replaced(QUESTION, "topic: Algorithms", "topic: Algorithms: and more"),
        QUESTION,
        "YAML",
        "not valid YAML: mapping values are not allowed here",
        "put quotes around a text that holds ': '",
        "topic:",
    ),
    Case(
        "open quote",
        replaced(MISTAKES, "instead: Name it.", 'instead: "Name it.'),
        MISTAKES,
        "YAML",
        "unexpected end of stream",
        "close the quote",
        4,
    ),
    Case(
        "open bracket",
        replaced(QUESTION, "labs: []", "labs: [a"),
        QUESTION,
        "YAML",
        "not valid YAML",
        "quotes",
        "sources:",
    ),
    Case(
        "tab",
        replaced(QUESTION, "  - It orders", "\t- It orders"),
        QUESTION,
        "YAML",
        "a tab in the indentation",
        "indent with spaces",
        "- It orders",
    ),
    Case(
        "field twice",
        replaced(QUESTION, "topic: Algorithms", "topic: Algorithms\ntopic: Sorting"),
        QUESTION,
        "topic",
        "given twice, first in line 5",
        "keep one",
        "topic: Sorting",
    ),
    Case(
        "anchor",
        replaced(QUESTION, "topic: Algorithms", "topic: &topic Algorithms"),
        QUESTION,
        "YAML",
        "an anchor",
        "remove it",
        "topic:",
    ),
    Case(
        "alias",
        replaced(QUESTION, "topic: Algorithms", "topic: *topic"),
        QUESTION,
        "YAML",
        "an alias",
        "write the value out",
        "topic:",
    ),
    Case(
        "tag",
        replaced(QUESTION, "topic: Algorithms", "topic: !!python/object/apply:os.system [echo]"),
        QUESTION,
        "YAML",
        "a tag",
        "remove it",
        "topic:",
    ),
    Case(
        "deep nesting",
        replaced(QUESTION, "labs: []", f"labs: {'[' * 5000}{']' * 5000}"),
        QUESTION,
        "YAML",
        "nested deeper than 10 levels",
        "flatten it",
        "labs:",
    ),
    Case("two documents", added(MISTAKES, "---\na: 1\n"), MISTAKES, "YAML", "a second document", "one document", "---"),
]

SCHEMA = [
    Case(
        "missing field",
        replaced(QUESTION, "hint: Think of equal elements.\n", ""),
        QUESTION,
        "hint",
        "is missing",
        "add 'hint: ...'",
    ),
    Case(
        "missing field of an entry",
        replaced(MISTAKES, "\n  instead: Name it.", ""),
        MISTAKES,
        "[1].instead",
        "is missing",
        "add 'instead: ...'",
        "Forgetting",
    ),
    Case(
        "unknown field",
        replaced(QUESTION, "topic: Algorithms", "topic: Algorithms\nlevel: 3"),
        QUESTION,
        "level",
        "is not a known field",
        "remove it; known here: hint, key, key_points",
        "level:",
    ),
    Case(
        "misspelt field",
        added(CORRECTIONS, "  evidense: []\n"),
        CORRECTIONS,
        "[0].evidense",
        "is not a known field",
        "did you mean 'evidence'?",
        "evidense",
    ),
    Case(
        "empty text",
        replaced(QUESTION, "hint: Think of equal elements.", 'hint: " "'),
        QUESTION,
        "hint",
        "is empty",
        "write its text",
        "hint:",
    ),
    Case(
        "null",
        replaced(QUESTION, "hint: Think of equal elements.", "hint:"),
        QUESTION,
        "hint",
        "must be text, is empty",
        "write a text",
        "hint:",
    ),
    Case(
        "text for a number",
        replaced(QUESTION, "number: 1\n", 'number: "1"\n'),
        QUESTION,
        "number",
        "must be a whole number, is text (1)",
        "without quotes",
        "number:",
    ),
    Case(
        "number for a text",
        replaced(QUESTION, "topic: Algorithms", "topic: 7"),
        QUESTION,
        "topic",
        "must be text, is a number (7)",
        "put it in quotes",
        "topic:",
    ),
    Case(
        "text for a list",
        replaced(QUESTION, "labs: []", "labs: strategies"),
        QUESTION,
        "labs",
        "must be a list, is text (strategies)",
        "after '- '",
        "labs:",
    ),
    Case(
        "mapping for a list",
        written(MISTAKES, "mistake: a\ninstead: b\n"),
        MISTAKES,
        "file",
        "must be a list, is a mapping",
        "- ",
    ),
    Case(
        "text for a mapping",
        written(QUESTION, "hello\n"),
        QUESTION,
        "file",
        "must be a mapping, is text",
        "field: value",
    ),
    Case(
        "too few entries",
        replaced(QUESTION, TWO_POINTS, "  - It orders the elements.\n"),
        QUESTION,
        "key_points",
        "must have at least 2 entries, has 1",
        "add 1 more",
        "key_points:",
    ),
    Case(
        "too many entries",
        added(FOLLOWUPS, "".join(f"- {{key: k{i}, question: Why?, answer: So.}}\n" for i in range(3))),
        FOLLOWUPS,
        "file",
        "must have at most 5 entries",
        "merge or remove some",
    ),
    Case(
        "title too long",
        replaced(QUESTION, "short: stable sort", f"short: {'a' * 33}"),
        QUESTION,
        "short",
        "must have at most 32 characters, has 33",
        "shorten it by 1",
        "short:",
    ),
    Case(
        "bad slug",
        replaced(QUESTION, "key: stable-sort", "key: Stable Sort"),
        QUESTION,
        "key",
        "has the wrong form: 'Stable Sort'",
        "lower-case letters, digits and single hyphens",
        "key: Stable",
    ),
    Case(
        "bad arXiv id",
        replaced(QUESTION, '"1706.03762"', "arXiv:1706.03762"),
        QUESTION,
        "sources[1].arxiv",
        "has the wrong form",
        'write the id in quotes, as "2202.10054"',
        "arxiv:",
    ),
    Case(
        "arXiv id as a number",
        replaced(QUESTION, '"1706.03762"', "1706.03762"),
        QUESTION,
        "sources[1].arxiv",
        "must be text, is a number (1706.03762)",
        "write the id in quotes",
        "arxiv:",
    ),
    Case(
        "http source",
        replaced(QUESTION, "url: https://", "url: http://"),
        QUESTION,
        "sources[0].url",
        "has the wrong form",
        "starts with https://",
        "url:",
    ),
    Case(
        "year out of range",
        replaced(QUESTION, "year: 1998", "year: 998"),
        QUESTION,
        "sources[0].year",
        "must be at least 1950, is 998",
        "correct the number",
        "year: 998",
    ),
    Case(
        "kind of evidence",
        replaced(CORRECTIONS, "kind: paper", "kind: book"),
        CORRECTIONS,
        "[0].evidence[0].kind",
        "is text (book)",
        "write 'paper', 'ran' or 'lab'",
        "kind: book",
    ),
]

REFERENCES = [
    Case(
        "deck key twice",
        lambda root: (make_decks(root, "other"), substitute(root / "other/deck.yaml", "key: other", f"key: {DECK}")),
        f"{DECK}/deck.yaml",
        "key",
        f"'{DECK}' is also that of other",
        "unique among all decks",
    ),
    Case(
        "question key twice",
        replaced(f"{SECOND}/question.yaml", "key: quick-sort", "key: stable-sort"),
        f"{SECOND}/question.yaml",
        "key",
        f"'stable-sort' is also that of {FIRST}",
        "unique within the deck",
    ),
    Case(
        "number twice",
        lambda root: (
            substitute(root / SECOND / "question.yaml", "number: 2", "number: 1"),
            (root / SECOND).rename(root / DECK / "01-zip-sort"),
        ),
        f"{DECK}/01-zip-sort/question.yaml",
        "number",
        f"'1' is also that of {FIRST}",
        "its own number",
        2,
    ),
    Case(
        "number of the folder",
        replaced(QUESTION, "number: 1\n", "number: 7\n"),
        QUESTION,
        "number",
        "is 7, but the folder says 01",
        "make the two agree",
        "number:",
    ),
    Case(
        "follow-up key twice",
        replaced(FOLLOWUPS, "key: in-place", "key: equal-keys"),
        FOLLOWUPS,
        "[2].key",
        "'equal-keys' is also the key of the entry in line 1",
        "its own key",
        16,
    ),
    Case(
        "source key twice",
        replaced(QUESTION, "key: vaswani-2017", "key: knuth-1998"),
        QUESTION,
        "sources[1].key",
        "'knuth-1998' is also the key of the entry in line 12",
        "its own key",
        18,
    ),
    Case(
        "correction key twice",
        lambda root: write(root / CORRECTIONS, (root / CORRECTIONS).read_text() * 2),
        CORRECTIONS,
        "[1].key",
        "'always-fast' is also the key of the entry in line 1",
        "its own key",
        6,
    ),
    Case(
        "dangling lab",
        replaced(QUESTION, "labs: []", "labs: [no_such_lab]"),
        QUESTION,
        "labs[0]",
        "there is no lab 'no_such_lab'",
        "name a lab that exists (bubble), or remove it",
        "labs:",
    ),
    Case(
        "dangling lab evidence",
        replaced(CORRECTIONS, "kind: paper, ref: knuth-1998", "kind: lab, ref: heap"),
        CORRECTIONS,
        "[0].evidence[0].ref",
        "there is no lab 'heap'",
        "name a lab that exists (bubble)",
        "heap",
    ),
    Case(
        "dangling paper",
        replaced(CORRECTIONS, "ref: knuth-1998", "ref: knuth-1968"),
        CORRECTIONS,
        "[0].evidence[0].ref",
        "question.yaml has no source 'knuth-1968'",
        "add it there, or name one of: knuth-1998, vaswani-2017",
        "knuth-1968",
    ),
    Case(
        "source without a place",
        replaced(QUESTION, '    arxiv: "1706.03762"\n', ""),
        QUESTION,
        "sources[1]",
        "'vaswani-2017' says neither arxiv nor url",
        "add the one",
        "key: vaswani",
    ),
]

MARKDOWN = [
    Case(
        "open code block",
        added(ANSWER_MD, "```python\nx = 1\n"),
        ANSWER_MD,
        "code",
        "a code block is not closed",
        "add a line with the same ```",
        AFTER_ANSWER,
    ),
    Case(
        "code without a language",
        added(ANSWER_MD, "\n```\nx = 1\n```\n"),
        ANSWER_MD,
        "code",
        "a code block names no language",
        "```python, or ```text",
        AFTER_ANSWER + 1,
    ),
    Case(
        "code that does not parse",
        added(ANSWER_MD, "\n```python\nx = 1\nfor x in:\n    y\n```\n"),
        ANSWER_MD,
        "code",
        "Python does not parse: invalid syntax",
        "correct the code",
        "for x in:",
    ),
    Case(
        "code in YAML that does not parse",
        replaced(FOLLOWUPS, "    assert sorted", "    assert assert sorted"),
        FOLLOWUPS,
        "[0].answer (code)",
        "Python does not parse: invalid syntax",
        "correct the code",
        "assert assert",
    ),
    Case(
        "code in a folded text",
        replaced(FOLLOWUPS, "answer: |-", "answer: >-"),
        FOLLOWUPS,
        "[0].answer",
        "a code block in a text that is not '|-' loses its lines",
        "begin the text with '|-'",
        4,
    ),
    Case("open code span", added(SENIOR, "\nUse `sorted.\n"), SENIOR, "code", "not closed", "backtick", "sorted."),
    Case("open formula", added(SENIOR, "\nIt costs $5.\n"), SENIOR, "formula", "a '$' has no partner", "\\$", "$5"),
    Case(
        "dollars taken for a formula",
        added(SENIOR, "\nIt costs $5 or $6.\n"),
        SENIOR,
        "formula",
        "begins or ends with a space: '5 or'",
        "\\$",
        "$5",
    ),
    Case("odd brace", added(SENIOR, "\n$x_{i$\n"), SENIOR, "formula", "braces do not match: 'x_{i'", "brace", "x_{i"),
    Case("link in a formula", added(SENIOR, "\n$\\href{a}{b}$\n"), SENIOR, "formula", "not allowed", "plain", "href"),
    Case(
        "script",
        added(SENIOR, "\nA <script>alert(1)</script>\n"),
        SENIOR,
        "html",
        "raw HTML: '<script>'",
        "write Markdown",
        "script",
    ),
    Case("comment", added(SENIOR, "\n<!-- note -->\n"), SENIOR, "html", "raw HTML: '<!--'", "write Markdown", "<!--"),
    Case(
        "html in a title",
        replaced(QUESTION, "hint: Think of", "hint: Think <b>of"),
        QUESTION,
        "hint (html)",
        "raw HTML: '<b>'",
        "write Markdown",
        "hint:",
    ),
    Case(
        "http link", added(SENIOR, "\n[x](http://a.b)\n"), SENIOR, "link", "leads to 'http://a.b'", "https://", "http:"
    ),
    Case(
        "script link",
        added(SENIOR, "\n[x](javascript:f)\n"),
        SENIOR,
        "link",
        "leads to 'javascript:f'",
        "https",
        "java",
    ),
    Case(
        "link by name",
        added(SENIOR, "\n[x][y]\n\n[y]: data:a\n"),
        SENIOR,
        "link",
        "leads to 'data:a'",
        "https",
        "data:",
    ),
    Case("bare http", added(SENIOR, "\nSee http://a.b now.\n"), SENIOR, "link", "is not https", "https://", "http:"),
    Case("image", added(SENIOR, "\n![x](https://a.b/c.png)\n"), SENIOR, "image", "not allowed", "describe it", "c.png"),
    Case("high heading", added(SENIOR, "\n## Title\n"), SENIOR, "heading", "above level 3", "###", "Title"),
    Case("underlined heading", added(SENIOR, "\nTitle\n---\n"), SENIOR, "heading", "underlined", "###", "---"),
]

CASES = [*FILES, *YAML, *SCHEMA, *REFERENCES, *MARKDOWN]


@pytest.fixture(autouse=True)
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "demos/bubble/lab.py", "raise RuntimeError('the linter must not import labs')\n")
    monkeypatch.setattr("content.linter.DEMOS", tmp_path / "demos")


def test_there_are_many_kinds() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 25


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_broken_deck_gives_its_own_line(case: Case, decks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case.mutate(decks)
    line = case.line if isinstance(case.line, int) else line_of(decks / case.file, case.line)
    assert main(["check", str(decks)]) == 1

    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1, out
    assert out.startswith(f"{case.file}:{line}: {case.field}: "), out
    said, remedy = out.split(" | remedy: ")
    assert case.message in said
    assert case.remedy in remedy
    assert "Traceback" not in out


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "does not exist"), ("file.md", "is not a folder"), ("empty", "holds no decks")]
)
def test_no_folder_of_decks(name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "file.md", "x")
    (tmp_path / "empty").mkdir()
    assert main(["check", str(tmp_path / name)]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{tmp_path / name}:1: folder: {message} | remedy: ")
    assert out.count("\n") == 1


def test_deck_in_place_of_its_folder(decks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(decks / DECK)]) == 1
    assert "is a deck itself | remedy: name the folder that the deck lies in" in capsys.readouterr().out


def test_mistakes_are_sorted_by_file_and_line(decks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    substitute(decks / QUESTION, "labs: []", "labs: 3")
    substitute(decks / QUESTION, "number: 1\n", "number: x\n")
    (decks / SECOND / "answer.md").unlink()
    added(ANSWER_MD, "\n## A\n<b>\n")(decks)
    assert main(["check", str(decks)]) == 1
    places = [line.split(": ")[0] for line in capsys.readouterr().out.splitlines()]
    n = AFTER_ANSWER
    assert places == [
        *(f"{ANSWER_MD}:{line}" for line in (n + 1, n + 2)),
        *(f"{QUESTION}:{line}" for line in (2, 10)),
        f"{SECOND}/answer.md:1",
    ]


def test_labs_are_named_as_their_folders(decks: Path, tmp_path: Path) -> None:
    write(tmp_path / "demos/bubble_up/lab.py", "")
    substitute(decks / QUESTION, "labs: []", "labs: [bubble, bubble_up]")
    assert main(["check", "--static", str(decks)]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = '<b> $ ` http://a.b'\n```\n",
        "~~~text\n# <b>\n```\n~~~\n",
        "`<b>` and ``a ` b`` and `$HOME` and `[x](y)`\n",
        "A price of \\$5, and $a<b$, $c > d$, 3 < 4.\n",
        "$$\n\\frac{a}{b} \\le \\{1\\}\n$$\n",
        "- $a$\n- $b$\n\n  ```python\n  if True:\n      pass\n  ```\n",
        "<https://example.org> and [x](https://example.org/a_(b)) and https://example.org\n",
        "### Deep\n\n#### Deeper\n",
        "| a | b |\n|---|---|\n| $x$ | `|` |\n",
        "1. one\n2. two\n\n> quoted\n",
    ],
)
def test_good_markdown_passes(text: str, decks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(decks / SENIOR, text)
    assert main(["check", "--static", str(decks)]) == 0, capsys.readouterr().out
