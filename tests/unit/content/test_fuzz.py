"""Whatever is done to a folder of decks, `check` answers with lines, never with a traceback. Seeded, repeatable."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from content.cli import main
from content.loader import load_decks
from content.search import SearchIndex
from tests.unit.content.deck_factory import make_decks
from tests.unit.content.item_factory import make_item_decks

CASES, PER_TEST = 300, 10
NAMES = (
    "answer.md",
    "deck.yaml",
    "question.yaml",
    "x.py",
    "mistakes.yaml",
    "items.yaml",
    "exercise.yaml",
    "wrong_x.py",
)
NASTY = (
    b"\t",
    b"\x00",
    b"\xff\xfe",
    b"\xc3",
    b": ",
    b"- ",
    b"&a ",
    b"*a ",
    b"!!binary ",
    b"? ",
    b"| ",
    b">-",
    b"%YAML 9.9\n",
    b"---\n",
    b"...\n",
    b"{",
    b"}",
    b"[" * 50,
    b"]",
    b'"',
    b"'",
    b'"\\UFFFFFFFF"',
    b'"\\x"',
    b"```",
    b"~~~",
    b"`",
    b"$",
    b"$$",
    b"<b>",
    b"](",
    b"#",
    b"\xe2\x80\xa8",
    b"\xf0\x9f\x98\x80",
    b"9" * 5000,
    b"1e999",
    b".nan",
    b"0x",
    b"<<: ",
    b"\r",
    b"\\",
    b"@",
    b"=======\n",
    b"(" * 300,
    b"~",
    b"null",
    b"\xc2\x85",
    b"\xef\xbb\xbf",
    b"{{{{",
    b"'''",
    b"#\xc2\xa0",
)


def mutate(root: Path, rng: random.Random) -> str:
    """Between one and four changes to the files of `root`; returns what was done."""
    done = []
    for _ in range(rng.randint(1, 4)):
        path = rng.choice(sorted(path for path in root.rglob("*") if path.is_file()))
        lines = path.read_bytes().split(b"\n")
        at = rng.randrange(len(lines))
        action = rng.choice(["delete", "duplicate", "garble", "insert", "swap", "cut", "indent", "move"])
        done.append(f"{action} {path.name}:{at + 1}")
        if action == "move":
            path.rename(path.with_name(rng.choice(NAMES)))
            continue
        path.write_bytes(b"\n".join(changed(lines, at, action, rng)))
    return ", ".join(done)


def changed(lines: list[bytes], at: int, action: str, rng: random.Random) -> list[bytes]:
    line = lines[at]
    if action == "delete":
        return lines[:at] + lines[at + 1 :]
    if action == "duplicate":
        return [*lines[:at], *[line] * rng.randint(2, 5), *lines[at + 1 :]]
    if action == "garble":
        garbled = bytearray(line or b"x")
        for _ in range(rng.randint(1, 5)):
            garbled[rng.randrange(len(garbled))] = rng.randrange(256)
        return [*lines[:at], bytes(garbled), *lines[at + 1 :]]
    if action == "insert":
        place = rng.randint(0, len(line))
        return [*lines[:at], line[:place] + rng.choice(NASTY) + line[place:], *lines[at + 1 :]]
    if action == "swap":
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], line
        return lines
    if action == "cut":
        return [*lines[:at], line[: rng.randint(0, len(line))]]
    return [*lines[:at], b" " * rng.randint(1, 6) + line, *lines[at + 1 :]]


@pytest.mark.parametrize("make", [make_decks, make_item_decks])
@pytest.mark.parametrize("batch", range(CASES // PER_TEST))
def test_garbled_decks(
    batch: int, make: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(PER_TEST):
        seed = batch * PER_TEST + number
        root = make(tmp_path / str(seed))
        done = mutate(root, random.Random(seed))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            code = main(["check", "--static", str(root)])
        out, err = capsys.readouterr()
        context = f"seed {seed}: {done}\n{out}"
        assert err == "", context
        assert (code, "no mistakes" in out) in {(0, True), (1, False)}, context
        lines = out.removesuffix("\n").split("\n")
        assert all(line.isprintable() for line in lines), context
        assert code == 0 or all(" | remedy: " in line for line in lines), context
        if code == 0:
            SearchIndex.build(load_decks(root)).search("sort")
