"""The package as Anki's own library reads it: every note, field, formula and tag; a second import updates."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest, ImportLogWithChanges
from anki.notes import Note

from content.markdown import code_spans, fences, formulas
from content.schema import Deck
from study.cards import Card
from study.exporting.anki import ROOT, anki_package
from study.exporting.entries import KINDS, entries
from study.exporting.files import ExportError
from study.scheduling import Scheduler


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    opened = Collection(str(tmp_path / "collection.anki2"))
    yield opened
    opened.close()


def load(collection: Collection, package: Path, *, with_scheduling: bool = False) -> ImportLogWithChanges.Log:
    options = ImportAnkiPackageOptions(with_scheduling=with_scheduling)
    return collection.import_anki_package(ImportAnkiPackageRequest(package_path=str(package), options=options)).log


def notes_by_item(collection: Collection) -> dict[str, Note]:
    notes = [collection.get_note(note_id) for note_id in collection.find_notes("")]
    by_item = {note["Item"]: note for note in notes}
    assert len(by_item) == len(notes)
    return by_item


def formulas_in(html: str) -> list[str]:
    """TeX of every formula in a field, as a browser hands it to MathJax."""
    return sorted(
        unescape(inline or shown).strip() for inline, shown in re.findall(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", html, re.S)
    )


def formulas_of(markdown: str) -> list[str]:
    """The same from the source, by the content room's own reader."""
    found, _, unpaired = formulas(code_spans(fences(markdown)[1])[0])
    assert not unpaired
    return sorted(formula.tex.strip() for formula in found)


def test_every_note_and_field_of_a_small_deck(small: Deck, collection: Collection, tmp_path: Path) -> None:
    packed = anki_package([small], tmp_path / "small.apkg")
    assert (packed.notes, packed.left_out) == (9, ("small/first/count",))
    log = load(collection, tmp_path / "small.apkg")
    assert (len(log.new), len(log.updated), len(log.duplicate), len(log.conflicting)) == (9, 0, 0, 0)
    notes = notes_by_item(collection)
    assert notes.keys() == {
        "small/first",
        *(f"small/first/{key}" for key in ("why-1", "why-2", "why-3", "pick", "say", "find", "case", "freeze")),
    }
    question = dict(notes["small/first"].items())
    assert question == {
        "Question": "<p>Is \\(1 &lt; 2\\) &amp; &lt;b&gt;bold&lt;/b&gt;?</p>",
        "Answer": "<p>Yes: \\(x_1 &lt; x_2\\) $5.</p>\n<ul>\n<li><strong>a</strong> is <code>1 &lt; 2</code></li>\n"
        '<li><a href="https://x.test">b</a></li>\n</ul>',
        "Key points": "<ul>\n<li>One is less.</li>\n<li>Two is <em>more</em>.</li>\n</ul>",
        "My note": "",
        "Source": "Question 1 · Basics &amp; more",
        "Item": "small/first",
    }
    assert notes["small/first/why-2"]["Question"] == "<p>Why 2?</p>"
    assert notes["small/first/why-2"]["Answer"] == "<p>Because 2.</p>"
    assert r"\[\frac{a}{b} &lt; 1" + "\n- c\\]" in notes["small/first/case"]["Discussion"]
    assert "<ul>" not in notes["small/first/case"]["Discussion"]


def test_a_choice_names_its_right_options(small: Deck, collection: Collection, tmp_path: Path) -> None:
    anki_package([small], tmp_path / "small.apkg")
    load(collection, tmp_path / "small.apkg")
    note = notes_by_item(collection)["small/first/pick"]
    options = re.findall(r"<li>(.*?)</li>", note["Options"], re.S)
    reasons = re.findall(r"<li>(.*?)</li>", note["Reasons"], re.S)
    right = {int(number) for number in re.findall(r"\d+", note["Answer"])}
    assert {options[number - 1] for number in right} == {"\\(a\\) is smaller", "Both"}
    assert {number for number, reason in enumerate(reasons, 1) if "<strong>Right.</strong>" in reason} == right
    assert options.index("Neither") == next(i for i, reason in enumerate(reasons) if "No." in reason)
    bug = notes_by_item(collection)["small/first/find"]
    first = re.findall(r"<li>(.*?)</li>", bug["Options"], re.S).index("First") + 1
    assert bug["Answer"] == f"<p>Line 2, reason {first}.</p>"


def test_code_keeps_its_text_and_its_lines(small: Deck, collection: Collection, tmp_path: Path) -> None:
    anki_package([small], tmp_path / "small.apkg")
    load(collection, tmp_path / "small.apkg")
    notes = notes_by_item(collection)
    code = notes["small/first/find"]["Code"]
    assert [int(number) for number in re.findall(r'class="linenos">\s*(\d+)<', code)] == [1, 2, 3]
    bare = re.sub(r'<span class="linenos">.*?</span>', "", code)
    assert unescape(re.sub(r"<[^>]+>", "", bare)).strip() == 'import torch\nif 1 < 2 and True:\n    print("a & b")'
    solution = notes["small/first/freeze"]["Solution"]
    assert unescape(re.sub(r"<[^>]+>", "", solution)).strip() == "def freeze(model):\n    model.requires_grad_(False)"


def test_the_shipped_decks_are_there_whole(decks: list[Deck], collection: Collection, tmp_path: Path) -> None:
    packed = anki_package(decks, tmp_path / "all.apkg")
    log = load(collection, tmp_path / "all.apkg")
    wanted = {entry.item_id: entry for entry in entries(decks)}
    notes = notes_by_item(collection)
    assert notes.keys() == wanted.keys()
    assert len(log.new) == packed.notes == len(wanted)
    items = sum(len(q.followups) + len(q.items) + len(q.exercises) + 1 for deck in decks for q in deck.questions)
    assert packed.notes + len(packed.left_out) == items
    assert packed.notes > 150
    for item_id, note in notes.items():
        entry = wanted[item_id]
        assert list(note.keys()) == [*entry.parts, "My note", "Source", "Item"]
        for name, markdown in entry.parts.items():
            assert bool(note[name]) == bool(markdown), (item_id, name)
            assert formulas_in(note[name]) == formulas_of(markdown), (item_id, name)
        assert set(note.tags) >= {
            f"question::{entry.deck.meta.key}::{entry.question.meta.key}",
            f"kind::{entry.kind}",
        }
        assert (f"level::{entry.level}" in note.tags) == bool(entry.level)
    assert sum(len(formulas_in(note[name])) for note in notes.values() for name in note.keys()) > 50  # noqa: SIM118


def test_every_card_shows_its_question_and_answer(
    decks: list[Deck], small: Deck, collection: Collection, tmp_path: Path
) -> None:
    anki_package([*decks, small], tmp_path / "all.apkg")
    load(collection, tmp_path / "all.apkg")
    for note in notes_by_item(collection).values():
        cards = note.cards()
        assert len(cards) == 1
        kind = next(tag.removeprefix("kind::") for tag in note.tags if tag.startswith("kind::"))
        question, whole = cards[0].question(), cards[0].answer()
        for name in KINDS[kind].front:
            assert note[name] in question
        for name in KINDS[kind].back:
            assert note[name] in whole
            assert not note[name] or note[name] not in question.replace(note[KINDS[kind].front[0]], "")
        assert "{{" not in re.sub(r"<pre>.*?</pre>", "", whole, flags=re.S)
        for outside in ("http://", "src=", "@import", "url("):
            assert outside not in whole
        assert ".nightMode" in whole


def test_each_deck_is_a_sub_deck(decks: list[Deck], small: Deck, collection: Collection, tmp_path: Path) -> None:
    anki_package([*decks, small], tmp_path / "all.apkg")
    load(collection, tmp_path / "all.apkg")
    names = {deck.name for deck in collection.decks.all_names_and_ids()}
    assert names == {"Default", ROOT, f"{ROOT}::Small", *(f"{ROOT}::{deck.meta.title}" for deck in decks)}
    assert len(collection.find_cards(f'"deck:{ROOT}::Small"')) == 9


def test_importing_again_doubles_nothing_and_updates_what_changed(
    small: Deck, collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    anki_package([small], tmp_path / "first.apkg")
    load(collection, tmp_path / "first.apkg")
    before = {item: note.id for item, note in notes_by_item(collection).items()}
    log = load(collection, tmp_path / "first.apkg")
    assert not log.new and not log.updated

    question = small.questions[0]
    changed = small.model_copy(update={"questions": [question.model_copy(update={"answer": "Now it is $y$."})]})
    monkeypatch.setattr("time.time", lambda: 1_800_000_100.0)
    anki_package([changed], tmp_path / "second.apkg")
    log = load(collection, tmp_path / "second.apkg")
    assert not log.new
    notes = notes_by_item(collection)
    assert {item: note.id for item, note in notes.items()} == before
    assert notes["small/first"]["Answer"] == "<p>Now it is \\(y\\).</p>"
    names = [model.name for model in collection.models.all_names_and_ids() if model.name.startswith(ROOT)]
    assert len(names) == len(set(names)) == len(KINDS)


def test_only_my_cards_with_my_notes(small: Deck, collection: Collection, tmp_path: Path) -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    memory = Scheduler().new_memory(now)
    cards = [
        Card(1, "small/first/say", memory, now, 0, 0, suspended=True, note="<mine> & $5\nsecond line"),
        Card(2, "small/first/why-1", memory, now, 0, 0),
        Card(3, "gone/away", memory, now, 0, 0),
    ]
    packed = anki_package([small], tmp_path / "mine.apkg", cards)
    assert (packed.notes, packed.left_out) == (2, ())
    load(collection, tmp_path / "mine.apkg", with_scheduling=True)
    notes = notes_by_item(collection)
    assert notes.keys() == {"small/first/say", "small/first/why-1"}
    assert notes["small/first/say"]["My note"] == "&lt;mine&gt; &amp; $5<br>second line"
    assert list(collection.find_notes("tag:suspended")) == [notes["small/first/say"].id]
    assert list(collection.find_cards("is:suspended")) == [notes["small/first/say"].cards()[0].id]
    with pytest.raises(ExportError, match="nothing to pack"):
        anki_package([small], tmp_path / "none.apkg", [])
    assert not (tmp_path / "none.apkg").exists()


@pytest.fixture
def pictured(small: Deck) -> Callable[[str], Deck]:
    def make(markdown: str) -> Deck:
        question = small.questions[0].model_copy(update={"answer": markdown})
        return small.model_copy(update={"questions": [question]})

    return make


def test_pictures_come_along(pictured: Callable[[str], Deck], collection: Collection, tmp_path: Path) -> None:
    (tmp_path / "media" / "sub").mkdir(parents=True)
    (tmp_path / "media" / "sub" / "plot.png").write_bytes(b"\x89PNG picture")
    deck = pictured('See ![a "plot" & more](sub/plot.png).')
    anki_package([deck], tmp_path / "p.apkg", media=tmp_path / "media")
    load(collection, tmp_path / "p.apkg")
    answer = notes_by_item(collection)["small/first"]["Answer"]
    assert answer == '<p>See <img src="plot.png" alt="a &quot;plot&quot; &amp; more">.</p>'
    assert (Path(collection.media.dir()) / "plot.png").read_bytes() == b"\x89PNG picture"


@pytest.mark.parametrize("address", ["missing.png", "../secret.png", "https://x.test/a.png", "/etc/hostname", "sub"])
def test_a_picture_from_elsewhere_is_refused(pictured: Callable[[str], Deck], tmp_path: Path, address: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "media" / "sub").mkdir(parents=True)
    with pytest.raises(ExportError, match=f"picture '{re.escape(address)}'"):
        anki_package([pictured(f"![x]({address})")], tmp_path / "p.apkg", media=tmp_path / "media")
    assert not (tmp_path / "p.apkg").exists()


def test_the_package_is_whole_or_not_there(small: Deck, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be written"):
        anki_package([small], tmp_path / "no" / "folder.apkg")
    anki_package([small], tmp_path / "small.apkg")
    assert zipfile.ZipFile(tmp_path / "small.apkg").testzip() is None
    assert [path.name for path in tmp_path.iterdir()] == ["small.apkg"]


def test_nothing_is_left_in_the_temporary_directory(
    pictured: Callable[[str], Deck], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("temporary", "media"):
        (tmp_path / name).mkdir()
    (tmp_path / "media" / "plot.png").write_bytes(b"\x89PNG picture")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    anki_package([pictured("![a plot](plot.png)")], tmp_path / "p.apkg", media=tmp_path / "media")
    assert list((tmp_path / "temporary").iterdir()) == []
    assert zipfile.ZipFile(tmp_path / "p.apkg").namelist() == ["collection.anki2", "media", "0"]
