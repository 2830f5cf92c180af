"""The report of an interview offers a page to print, which says what the screen says, with hostile answers in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from content.items import Bug, Case, Choice, Typed
from content.schema import FollowUp, Question
from study.interviewing import saving
from study.interviewing.model import Entry, Interview, Step
from ui import cards, catalogue, interview_print, interviews, services
from ui.interviews import Saved

Open = Callable[..., AppTest]
BEGIN = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
HOSTILE = '<script>fetch("https://evil.test")</script> ![x](https://evil.test/x.png) $\\frac{1}{2}$ **bold** & "quoted"'
TICKS: dict[int, list[int]] = {1: [0], 3: [], 4: [0, 2]}


def _one_of_each() -> list[catalogue.Entry]:
    """A question, a follow-up, and one item of each kind, in the order of the first question."""
    found: dict[type, catalogue.Entry] = {}
    for entry in catalogue.entries().values():
        found.setdefault(type(entry.item), entry)
    first = [Question, FollowUp, Typed, Case]
    return [found[each] for each in first] + [entry for kind, entry in found.items() if kind not in first]


def _answer(entry: catalogue.Entry) -> dict[str, Any]:
    item = entry.item
    answered = cards.blank(entry, 7) | {"unknown": False}
    if isinstance(item, Choice):
        return answered | {"chosen": [1]}
    if isinstance(item, Bug):
        return answered | {"line": item.line, "reason": 0}
    if entry.kind == "computed":
        return answered | {"given": "1e-3 <b>"}
    if entry.kind == "exercise":
        tests = [
            {"name": "a test", "passed": True, "message": ""},
            {"name": "other", "passed": False, "message": "<i>"},
        ]
        return answered | {"tests": tests, "code": f"# {HOSTILE}\nx = 1 < 2"}
    return answered | {"text": HOSTILE}


def _steps(asked: list[catalogue.Entry]) -> Iterator[Step]:
    """Each answered in 30 s, the second in 90 s, the last one skipped."""
    now = BEGIN
    for number, entry in enumerate(asked, 1):
        shown, now = now, now + timedelta(seconds=90 if number == 2 else 30)
        skipped = number == len(asked)
        yield Step(
            number=number,
            item_id=entry.item_id,
            reason="opening" if number == 1 else "next",
            follows=None,
            shown_at=shown,
            allowed_seconds=60,
            answered_at=now,
            answer=None if skipped else _answer(entry),
            score=0.0 if skipped else 0.5,
            skipped=skipped,
        )


def _interview(*without: str) -> Saved:
    """An ended interview in the store, with an answer of each kind but those `without`, and a skipped question."""
    asked = [entry for entry in _one_of_each() if entry.kind not in without]
    asked += [entry for entry in catalogue.entries().values() if entry.is_question and entry not in asked][:1]
    pool = []
    for entry in asked:
        topic = f"{entry.question.meta.number} · {entry.question.meta.short}"
        pool.append(Entry(entry.item_id, catalogue.group_of(entry.item_id), entry.kind, "junior", topic, 60))
    steps = tuple(_steps(asked))
    end = steps[-1].answered_at
    assert end is not None
    interview = Interview(1, 20, "senior", (), tuple(pool), steps, BEGIN, end, end)
    state = {"interview": saving.to_json(interview), "ticks": {str(number): ticks for number, ticks in TICKS.items()}}
    services.store().start_interview("one", state, BEGIN, learner=services.LEARNER)
    services.store().finish_interview("one", end, learner=services.LEARNER)
    found = interviews.find("one")
    assert found is not None
    return found


def test_the_screen_offers_the_page(app: Open) -> None:
    # Without numbers: the screen works them out again, which waits for torch to start.
    screen = app("interview", interview=_interview("computed").id)
    assert screen.title[0].value == "How it went"
    buttons = [button.proto for button in screen.get("download_button")]
    assert [button.label for button in buttons] == ["Print the report"]
    assert buttons[0].deferred_file_id and buttons[0].ignore_rerun


@pytest.mark.usefixtures("app")
def test_the_page_holds_every_answer_beside_what_is_right() -> None:
    saved = _interview()
    html = interview_print.html(saved, UTC).decode()
    sections = re.findall(r'<section class="question".*?</section>', html, re.S)
    assert len(sections) == len(saved.interview.steps) == 9
    assert not re.search(r"<(script|img|link|iframe|a)\b", html)
    for step, section in zip(saved.interview.steps, sections, strict=True):
        entry = catalogue.entry(step.item_id)
        assert f"{step.seconds:.0f} s of 60 s{', slow' if step.number == 2 else ''}</span>" in section
        written = {"computed": "1e-3 <b>", "exercise": f"# {HOSTILE}\nx = 1 < 2"}.get(entry.kind, HOSTILE)
        if entry.kind not in ("choice", "bug") and not step.skipped:
            assert f">{escape(written)}</" in section
        points = interviews.key_points(entry) if entry.kind in ("recall", "typed", "case") else []
        ticks = TICKS.get(step.number)
        signs = ["☐" if ticks is None else "✓" if index in ticks else "–" for index in range(len(points))]
        if points:
            assert re.findall(r'<span class="mark" role="img" aria-label="[^"]+">(.)</span>', section) == signs
    assert "skipped · 30 s" in sections[-1] and "Nothing." in sections[-1]
    assert sections[1].count("to be ticked") == 1
    assert html.count('<span class="tag">your choice</span>') == 2
    assert "Not ticked yet, and so not counted: no. 2." in html
    assert "<dt>Score of 8</dt>" in html
    assert "Step by step" in html and "A reference solution" in html and "Mended" in html


@pytest.mark.usefixtures("app")
def test_a_question_that_is_gone_keeps_what_she_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = _interview()
    monkeypatch.setattr(catalogue, "entries", dict)
    sections = re.findall(r'<section class="question".*?</section>', interview_print.html(saved, UTC).decode(), re.S)
    assert len(sections) == 9
    for section in sections:
        assert "not here any more" in section
    assert [section.count(escape(HOSTILE)) for section in sections[:4]] == [1, 1, 1, 1]


@pytest.mark.usefixtures("app")
def test_the_file_is_named_by_the_learner_s_day() -> None:
    saved = _interview()
    assert interview_print.file_name(saved, UTC) == "interview-2026-03-04-2335.html"
    assert interview_print.file_name(saved, ZoneInfo("Europe/Berlin")) == "interview-2026-03-05-0035.html"
