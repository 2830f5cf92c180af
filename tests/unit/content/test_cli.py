"""The command line as it is started, its exit codes and its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from content.cli import main
from content.loader import DECKS
from content.schema import DeckMeta, QuestionMeta
from tests.unit.content.deck_factory import DECK, FIRST, make_decks, substitute, write
from tests.unit.content.item_factory import make_item_decks

REPOSITORY = Path(__file__).parents[3]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "content", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | environment, capture_output=True, text=True, encoding="utf-8"
    )


def test_check_passes(decks: Path) -> None:
    done = run("check", str(decks))
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 deck, 2 questions: no mistakes\n", "")


def test_check_fails_with_one_line(decks: Path) -> None:
    substitute(decks / FIRST / "question.yaml", "topic: Algorithms", "topic: 7")
    done = run("check", str(decks))
    line = f"{FIRST}/question.yaml:5: topic: must be text, is a number (7) | remedy: put it in quotes\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, line, "")


@pytest.mark.parametrize(
    "arguments", [(), ("frobnicate",), ("check", "a", "b"), ("list", "--xml"), ("check", "--no-such")], ids=" ".join
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "usage: python -m content" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_that_no_terminal_shows(decks: Path) -> None:
    os.close(os.open(os.fsencode(decks / FIRST) + b"/\xff\xfe\n\x1b[2J.md", os.O_CREAT | os.O_WRONLY))
    done = run("check", str(decks), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("\n") == 1
    assert "is an unexpected file" in done.stdout
    assert done.stdout.strip().isprintable()


def test_reader_that_leaves_early(decks: Path) -> None:
    write(decks / FIRST / "mistakes.yaml", "- x\n" * 5000)
    command = f'"{sys.executable}" -m content check "{decks}" | head -n 1'
    done = subprocess.run(command, shell=True, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_list_json(decks: Path) -> None:
    done = run("list", "--json", str(decks))
    assert done.returncode == 0
    (deck,) = json.loads(done.stdout)
    assert (deck["key"], deck["title"], deck["items"]) == (DECK, "The sorting deck", {"recall": 8})
    assert deck["questions"][0] == {
        "number": 1,
        "key": "stable-sort",
        "title": "What is a stable sort of $n$ numbers?",
        "short": "stable sort",
        "topic": "Algorithms",
        "labs": [],
        "followups": ["equal-keys", "worst-case", "in-place"],
        "exercises": [],
        "items": {"recall": 4},
    }
    assert [question["number"] for question in deck["questions"]] == [1, 2]


def test_list_json_counts_the_items_of_each_kind(tmp_path: Path) -> None:
    done = run("list", "--json", str(make_item_decks(tmp_path)))
    assert done.returncode == 0
    (deck,) = json.loads(done.stdout)
    one_each = dict.fromkeys(("bug", "case", "choice", "computed", "exercise", "typed"), 1)
    assert deck["items"] == one_each | {"recall": 8}
    first, second = deck["questions"]
    assert first["items"] == one_each | {"recall": 4}
    assert first["exercises"] == ["double-all"]
    assert (second["items"], second["exercises"]) == ({"recall": 4}, [])


def test_list_for_people_and_of_a_broken_deck(decks: Path) -> None:
    (decks / FIRST / "answer.md").unlink()
    done = run("list", str(decks))
    assert done.returncode == 1
    assert done.stdout == "The sorting deck (sorting): 1 question\n   2. What is a quick sort of $n$ numbers?\n"
    assert done.stderr.startswith(f"{FIRST}/answer.md:1: file: is missing")


def schemas(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    assert main(["schema"]) == 0
    found: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_schema_covers_every_kind_of_file(decks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = {path.name for path in decks.rglob("*") if path.is_file()}
    assert set(schemas(capsys)) == kinds | {"preamble.py", "items.yaml", "exercise.yaml"}


def test_schema_round_trip(decks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the printed schema accepts is what the loader accepts: valid files pass, a broken one does not."""
    found = schemas(capsys)
    for schema in found.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    files = [path for root in (decks, make_item_decks(tmp_path), DECKS) for path in root.rglob("*.yaml")]
    assert len(files) > 9
    for path in files:
        jsonschema.validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")), found[path.name])
    question = YAML(typ="safe", pure=True).load((decks / FIRST / "question.yaml").read_text())
    for broken in (question | {"level": 3}, question | {"number": "1"}, question | {"key_points": ["one"]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, found["question.yaml"])
    assert QuestionMeta.model_validate(question).number == 1
    assert set(DeckMeta.model_fields) == set(found["deck.yaml"]["properties"])  # type: ignore[call-overload]


def test_roots_from_the_environment(tmp_path: Path) -> None:
    extra = make_decks(tmp_path / "extra", "heaps", order=9)
    done = run("list", "--json", TLI_DECKS=f"{extra}{os.pathsep}")
    assert [deck["key"] for deck in json.loads(done.stdout)][-1] == "heaps"
