"""What the learner, a file or the address says is shown letter by letter: no picture, formula or colour comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content.exercises import Exercise
from content.items import Typed
from demos import uploads
from tests.screen.screens import FAILED, FakeDesk, Open, as_read, ask, asked, entries, hand_in, one_right, press
from tests.unit.demos.test_uploads import picture, zipped
from ui import catalogue, services

pytestmark = pytest.mark.usefixtures("app", "desk")

HOSTILE = "**so** $a$ :red[x] ![](//host/x.png)"
ESCAPED = r"\*\*so\*\* \$a\$ \:red\[x\] \!\[\]\(\/\/host\/x\.png\)"


def test_an_exercise_of_the_address(app: Open) -> None:
    screen = app("exercises", exercise=f"{HOSTILE}\n\n# more")
    assert screen.warning[0].value == f"There is no exercise “{ESCAPED} \\# more”. These are all:"
    long = app("exercises", exercise="x" * 5000)
    assert long.warning[0].value == f"There is no exercise “{'x' * 59}…”. These are all:"


def test_a_dial_of_the_address(app: Open) -> None:
    said = app("lab-strategies", labels_per_class=HOSTILE + "x" * 5000).warning[0].value
    assert said.startswith(rf"The address asks for labels_per_class = \'{ESCAPED}xxx")
    assert len(said) < 250


def test_a_note(app: Open) -> None:
    app()
    item_id = next(iter(catalogue.entries()))
    services.store().set_note(item_id, f"\n  {HOSTILE}\nmore", services.now())
    cards = app("cards")
    cards.button_group(key="cards-state").set_value("With a note").run()
    assert next(each.value for each in cards.caption if "sticky_note" in each.value).endswith(f": {ESCAPED}")


@pytest.mark.parametrize("blank", ["  ", " \n\t\n", "\x1c"])
def test_a_note_of_white_space_is_none(app: Open, blank: str) -> None:
    app()
    services.store().set_note(next(iter(catalogue.entries())), blank, services.now())
    cards = app("cards")
    cards.button_group(key="cards-state").set_value("With a note").run()
    assert not cards.exception
    assert not [button for button in cards.button if button.label == "Ask me"]


def test_a_note_that_is_replaced_by_white_space_is_kept_as_empty(app: Open) -> None:
    app()
    entry = one_right()
    screen = ask(app, entry)
    for text, kept in (("A note", "A note"), (" \n ", "")):
        screen.text_area(key=f"note-{asked(screen).answer_id}").set_value(text).run()
        card = services.store().card(entry.item_id)
        assert card is not None and card.note == kept


def test_a_sentence_that_deserves_a_second_look(app: Open) -> None:
    app()
    entry = next(entries("typed"))
    assert isinstance(entry.item, Typed)
    says = entry.item.contradictions[0].says.rstrip(".")
    screen = ask(app, entry)
    screen.text_area(key=f"{asked(screen).answer_id}-text").set_value(f"**So** $a$ :red[x] {says}").run()
    hand_in(screen)
    flag = next(warning.value for warning in screen.warning if "second look" in warning.value).partition("”")[0]
    assert r"“\*\*So\*\* \$a\$ \:red\[x\] " in flag
    assert as_read(flag).endswith(f"“**So** $a$ :red[x] {says}")


def test_what_stopped_the_code(app: Open, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("study.sandbox.fence.fence_available", lambda: True)
    monkeypatch.setattr("streamlit_ace.st_ace", lambda value, **_: value)
    desk.graded = replace(FAILED, error=f"ValueError: {HOSTILE}\n\n# (line 2: `x[__k__]`).")
    exercise = next(entries("exercise")).item
    assert isinstance(exercise, Exercise)
    screen = press(app("exercises", exercise=exercise.key), f"exercise-{exercise.key}-run")
    assert screen.warning[0].value == f"ValueError\\: {ESCAPED}  \n" + r"\# \(line 2\: \`x\[\_\_k\_\_\]\`\)\."


def test_names_of_folders_and_files(app: Open) -> None:
    app()
    names = {"$a$ *b* :red[c]": r"\$a\$ \*b\* \:red\[c\]", "![](x)": r"\!\[\]\(x\)"}
    files = [(f"{name}/{n}.png", picture(10 * i + n)) for i, name in enumerate(names) for n in range(4)]
    collection = uploads.from_files(files)
    uploads.keep(collection)
    known = app("lab-own-images", pictures="own").button(key=f"known:{collection.key}").label
    assert known == r"\, ".join(names[name] for name in collection.classes)
    screen = app("lab-own-images", pictures="own", collection=collection.key)
    counts = ", ".join(f"{names[name]} (4)" for name in collection.classes)
    assert f"**8 pictures:** {counts}" in [each.value for each in screen.markdown]
    shown = [each for found in screen.get("image") for each in found.proto.imgs]
    assert [each.caption for each in shown] == [names[name] for name in collection.classes]
    assert [each.alt for each in shown] == list(collection.classes), "which is no Markdown"


def test_the_name_of_a_file_that_is_refused(app: Open) -> None:
    screen = app("lab-own-images", pictures="own")
    content = zipped([("*a*.png", picture())])
    screen.file_uploader(key="own-images-zip").set_value(("a.zip", content, "application/zip")).run()
    assert screen.error[0].value.startswith(r"\*a\*\.png lies in no class folder")
