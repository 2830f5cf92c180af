"""Every screen through app.py: its own title, its empty state, and what a click changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from content.loader import load_decks
from demos.catalogue import labs
from study.scheduling import Rating
from study.settings import Settings, scheduler_for
from tests.unit.content.deck_factory import make_decks
from ui import services

QUESTIONS = load_decks()[0].questions
Open = Callable[..., AppTest]


def _texts(app: AppTest) -> str:
    return "\n".join(
        str(element.value) for kind in (app.title, app.header, app.markdown, app.caption) for element in kind
    )


def _answer(app: AppTest, rating: str) -> None:
    app.button(key="quiz-reveal").click().run()
    app.button(key=f"rate-{rating}").click().run()
    assert not app.exception


def test_home_gives_a_newcomer_one_obvious_step(app: Open) -> None:
    home = app()
    assert home.title[0].value == "Be ready for the transfer-learning interview"
    assert [button.label for button in home.main.button] == ["Start with question 1"]
    assert not home.metric


def test_home_lists_every_question(app: Open) -> None:
    links = [link.label for link in app().main.page_link]
    for question in QUESTIONS:
        assert any(question.meta.title in label for label in links), question.meta.title


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.meta.key)
def test_a_question_is_revealed_only_on_request(app: Open, question) -> None:  # type: ignore[no-untyped-def]
    screen = app(question.meta.key)
    assert screen.title[0].value == question.meta.title
    assert question.answer not in _texts(screen)
    screen.button(key="reveal").click().run()
    text = _texts(screen)
    for part in (question.answer, question.spoken, question.senior, question.probing):
        assert part in text
    assert [
        expander.label for expander in screen.expander if expander.label in {f.question for f in question.followups}
    ] == [followup.question for followup in question.followups]
    for correction in question.corrections:
        assert correction.precise in text
    for source in question.meta.sources:
        assert source.title in text


def test_a_revealed_question_stays_revealed_for_the_visit(app: Open) -> None:
    screen = app(QUESTIONS[1].meta.key)
    screen.button(key="reveal").click().run()
    screen.run()
    assert QUESTIONS[1].answer in _texts(screen)


def test_adding_a_question_puts_it_first_in_the_quiz(app: Open) -> None:
    last = QUESTIONS[-1]
    app(last.meta.key).button(key="add-to-reviews").click().run()
    assert app("quiz").header[0].value == last.meta.title


def test_a_card_shows_the_interval_of_each_rating_and_counts_once(app: Open) -> None:
    quiz = app("quiz")
    quiz.button(key="quiz-reveal").click().run()
    labels = {key: quiz.button(key=f"rate-{key}").label for key in ("again", "hard", "good", "easy")}
    scheduler = scheduler_for(Settings(), services.now(), UTC)
    preview = scheduler.preview(scheduler.new_memory(services.now()), services.now())
    for rating in Rating:
        assert labels[rating.name.lower()] == f"{rating.name.title()} · {preview[rating].label}"
    quiz.button(key="rate-good").click().run()
    assert len(services.store().reviews()) == 1


def test_a_day_of_new_cards_ends_in_a_summary(app: Open) -> None:
    quiz = app("quiz")
    for _ in range(10):
        _answer(quiz, "easy")
    assert quiz.title[0].value == "Session done"
    assert {metric.label: metric.value for metric in quiz.metric} | {"Time": ""} == {
        "Answered": "10",
        "Remembered": "100 %",
        "Time": "",
    }


def test_undo_brings_the_card_back(app: Open) -> None:
    quiz = app("quiz")
    asked = quiz.header[0].value
    _answer(quiz, "again")
    assert len(services.store().reviews()) == 1
    quiz.button(key="undo").click().run()
    assert quiz.header[0].value == asked
    assert services.store().reviews() == []
    quiz.button(key="rate-easy").click().run()
    assert [review.rating for review in services.store().reviews()] == [Rating.EASY]


def test_two_tabs_count_one_answer(app: Open) -> None:
    first, second = app("quiz"), app("quiz")
    first.button(key="quiz-reveal").click().run()
    second.button(key="quiz-reveal").click().run()
    first.button(key="rate-good").click().run()
    second.button(key="rate-easy").click().run()
    assert [review.rating for review in services.store().reviews()] == [Rating.GOOD]
    assert "answered elsewhere" in second.warning[0].value


def test_progress_is_empty_until_the_first_answer(app: Open) -> None:
    progress = app("progress")
    assert progress.title[0].value == "Progress"
    assert not progress.metric
    _answer(app("quiz"), "good")
    progress = app("progress")
    assert {metric.label: metric.value for metric in progress.metric}["Reviews"] == "1"
    assert [header.value for header in progress.header] == [
        "The past year",
        "Due in the coming days",
        "Memory per question",
        "Predicted and measured recall",
        "By kind of card",
        "Experiments",
    ]


def test_search_finds_marks_and_survives_strange_queries(app: Open) -> None:
    search = app("search")
    search.text_input(key="q").set_value("batchnorm").run()
    assert any("**BatchNorm**" in element.value for element in search.markdown)
    for strange in ("*", "zzzzqqqq", "`<script>`", "x" * 500):
        search.text_input(key="q").set_value(strange).run()
        assert not search.exception


@pytest.mark.parametrize("name", labs())
def test_a_lab_asks_for_a_prediction_before_it_runs(app: Open, name: str) -> None:
    screen = app(f"lab-{name.replace('_', '-')}")
    lab = labs()[name]
    assert screen.title[0].value == lab.title
    assert screen.button(key=f"run:{name}").disabled
    assert screen.radio[0].label == lab.prediction.question
    screen.radio[0].set_value(next(iter(lab.prediction.options))).run()
    assert not screen.button(key=f"run:{name}").disabled


def test_a_second_deck_appears_by_adding_a_folder(app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_decks(tmp_path / "more", order=2)
    monkeypatch.setenv("TLI_DECKS", str(tmp_path / "more"))
    services.close()
    home = app()
    decks = services.decks()
    assert len(decks) == 2
    added = decks[1]
    assert added.meta.title in [header.value for header in home.header]
    screen = app(f"{added.meta.key}-{added.questions[0].meta.key}")
    assert screen.title[0].value == added.questions[0].meta.title


def test_a_broken_deck_is_named_and_the_rest_still_works(
    app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "more" / "broken").mkdir(parents=True)
    (tmp_path / "more" / "broken" / "deck.yaml").write_text("key: broken\ntitle: [\n")
    monkeypatch.setenv("TLI_DECKS", str(tmp_path / "more"))
    services.close()
    home = app()
    assert "left out" in home.warning[0].value
    assert "broken/deck.yaml" in home.code[0].value
    assert home.title[0].value == "Be ready for the transfer-learning interview"


def test_an_unusable_database_is_explained(app: Open, tmp_path: Path) -> None:
    (tmp_path / "study.sqlite3").write_bytes(b"not a database, but somebody's file" * 100)
    home = app()
    assert home.title[0].value == "The app cannot start"
    assert "study.sqlite3" in home.code[0].value
    assert (tmp_path / "study.sqlite3").read_bytes().startswith(b"not a database")
