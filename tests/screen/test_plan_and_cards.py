"""The plan, progress and the list of cards: what is set is kept and has its effect, and what is shown is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from study import settings as study_settings
from study.scheduling import Rating
from study.settings import Settings, scheduler_for
from tests.screen.screens import Open, ask, asked, entries, press, reviews
from ui import catalogue, services

pytestmark = pytest.mark.usefixtures("app", "desk")

PAGE = 20


def _settings() -> Settings:
    return study_settings.load(services.store(), services.LEARNER)


def _in_days(days: int) -> date:
    return (services.now() + timedelta(days=days)).date()


def _average(plan: AppTest) -> str:
    """The line below the chart of the plan."""
    return next(each.value for each in plan.caption if each.value.startswith("On average"))


def test_new_per_day_is_kept_and_changes_the_plan(app: Open) -> None:
    plan = app("plan")
    before = _average(plan)
    plan.number_input(key="plan-new").set_value(3).run()
    assert _settings() == Settings(new_per_day=3)
    assert _average(plan) != before
    assert app("plan").number_input(key="plan-new").value == 3
    quiz = app("quiz")
    assert any("0 due · 3 new" in each.value for each in quiz.markdown)


def test_retention_is_kept_and_shortens_the_intervals(app: Open) -> None:
    plan = app("plan")
    plan.slider(key="plan-retention").set_value(97).run()
    assert _settings() == Settings(desired_retention=0.97)
    quiz = press(app("quiz"), "quiz-reveal")
    scheduler = scheduler_for(Settings(desired_retention=0.97), services.now(), UTC)
    preview = scheduler.preview(scheduler.new_memory(services.now()), services.now())
    assert quiz.button(key="rate-easy").label == f"Easy · {preview[Rating.EASY].label}"
    usual = scheduler_for(Settings(), services.now(), UTC)
    assert (
        preview[Rating.EASY].label != usual.preview(usual.new_memory(services.now()), services.now())[Rating.EASY].label
    )


def test_a_date_that_is_too_near_warns_and_the_button_mends_it(app: Open) -> None:
    plan = app("plan")
    assert not plan.warning and not plan.success
    plan.date_input(key="plan-interview").set_value(_in_days(10)).run()
    assert _settings().interview_date == _in_days(10)
    count = len(catalogue.introduced())
    needed = -(-count // 10)
    assert plan.warning[0].value == (
        f"At 10 new cards a day, {count - 100} will not have been asked before the interview. {needed} a day would do."
    )
    assert plan.button(key="plan-needed").label == f"Make it {needed} a day"
    press(plan, "plan-needed")
    assert _settings().new_per_day == needed == plan.number_input(key="plan-new").value
    assert not plan.warning
    assert plan.success[0].value == f"All {count} cards fit in before the interview."


def test_one_new_card_a_day_is_singular(app: Open) -> None:
    app()
    study_settings.save(services.store(), services.LEARNER, Settings(new_per_day=1, interview_date=_in_days(1)))
    plan = app("plan")
    assert _average(plan).startswith("On average 1 card a day, ")
    assert plan.warning[0].value.startswith("At 1 new card a day, ")


def test_too_near_for_any_number_offers_no_button(app: Open) -> None:
    plan = app("plan")
    plan.date_input(key="plan-interview").set_value(_in_days(1)).run()
    assert "There is no time for all" in plan.warning[0].value
    assert not [button for button in plan.button if button.key == "plan-needed"]


def test_no_date_again(app: Open) -> None:
    plan = app("plan")
    assert not [button for button in plan.button if button.key == "plan-no-date"]
    plan.date_input(key="plan-interview").set_value(_in_days(30)).run()
    press(plan, "plan-no-date")
    assert _settings().interview_date is None
    assert plan.date_input(key="plan-interview").value is None
    assert not plan.warning and not plan.success


def test_an_interview_date_that_has_come(app: Open) -> None:
    app()
    study_settings.save(services.store(), services.LEARNER, Settings(interview_date=_in_days(-3)))
    plan = app("plan")
    assert "The interview date has come or gone" in plan.info[0].value
    assert plan.date_input(key="plan-interview").value == _in_days(-3)


def test_settings_of_the_plan_do_not_disturb_each_other(app: Open) -> None:
    plan = app("plan")
    plan.number_input(key="plan-new").set_value(7).run()
    plan.slider(key="plan-retention").set_value(85).run()
    plan.date_input(key="plan-interview").set_value(_in_days(60)).run()
    assert _settings() == Settings(desired_retention=0.85, new_per_day=7, interview_date=_in_days(60))


def _noon(*, days_ago: int) -> datetime:
    """Answers that begin then stay on one day."""
    return services.now().replace(hour=12, minute=0) - timedelta(days=days_ago)


def _answered(count: int, begin: datetime) -> Iterator[tuple[str, datetime]]:
    """Answers `count` cards, each on the first and on the fourth day; every fifth is forgotten then."""
    store, scheduler = services.store(), scheduler_for(Settings(), begin, UTC)
    for number, item_id in enumerate(catalogue.introduced()[:count]):
        for day in (0, 3):
            now = begin + timedelta(days=day, minutes=number)
            card = store.card(item_id)
            store.answer(
                item_id,
                Rating.AGAIN if day and number % 5 == 0 else Rating.EASY,
                now,
                answer_id=f"{number}-{day}",
                expected_version=card.version if card else 0,
                duration_seconds=30.0,
                scheduler=scheduler,
                answered={},
                kind=catalogue.entry(item_id).kind,
            )
            yield item_id, now


def test_progress_with_too_few_answers_for_a_curve(app: Open) -> None:
    app()
    list(_answered(5, _noon(days_ago=5)))
    progress = app("progress")
    assert any("needs 20 answers" in each.value and "so far there are 5." in each.value for each in progress.markdown)
    assert {metric.label: metric.value for metric in progress.metric} | {"Time spent": ""} == {
        "Reviews": "10",
        "Remembered": "90 %",
        "Cards in memory": "5",
        "Days in a row": "0",
        "Time spent": "",
    }


def test_progress_with_enough_answers_has_a_curve_and_a_table(app: Open) -> None:
    app()
    list(_answered(25, _noon(days_ago=5)))
    progress = app("progress")
    assert any(each.value.startswith("25 answers, in bins of equally many") for each in progress.caption)
    assert not any("needs 20 answers" in each.value for each in progress.markdown)
    table = next(each.value for each in progress.markdown if each.value.startswith("| Kind"))
    answers = [int(found) for found in re.findall(r"^\| [A-Z][^|]* \| (\d+) \|", table, re.M)]
    assert sum(answers) == 50 == len(reviews())
    assert any("**Weakest:**" in each.value for each in progress.markdown)


def test_a_short_time_is_told_in_seconds_as_in_the_quiz(app: Open) -> None:
    app()
    list(_answered(1, _noon(days_ago=5)))
    progress = app("progress")
    assert {metric.label: metric.value for metric in progress.metric}["Time spent"] == "60 s"
    table = next(each.value for each in progress.markdown if each.value.startswith("| Kind"))
    assert "| 2 | 50 % |" in table and "| 30 s | 60 s |" in table


def test_a_leech_is_named(app: Open) -> None:
    app()
    study_settings.save(services.store(), services.LEARNER, Settings(leech_lapses=1))
    list(_answered(6, _noon(days_ago=5)))
    progress = app("progress")
    assert "Leeches" in [header.value for header in progress.header]
    labels = [link.label for link in progress.main.page_link if "forgotten" in link.label]
    first, sixth = (catalogue.entry(catalogue.introduced()[index]).heading for index in (0, 5))
    assert sorted(labels) == sorted(f"{heading} · forgotten 1 time" for heading in (first, sixth))


def _shown(cards: AppTest) -> list[str]:
    """The cards on this page, by identity."""
    return [str(button.key).removeprefix("ask-") for button in cards.button if button.label == "Ask me"]


def test_cards_come_in_pages_that_hold_each_card_once(app: Open) -> None:
    cards = app("cards")
    pages = -(-len(catalogue.entries()) // PAGE)
    assert cards.caption[0].value == f"{len(catalogue.entries())} cards"
    found = _shown(cards)
    assert len(found) == PAGE
    for number in range(2, pages + 1):
        cards.button_group(key=f"cards-page-{pages}").set_value(number).run()
        found += _shown(cards)
    assert sorted(found) == sorted(catalogue.entries())


def test_cards_are_found_by_words_kind_and_state(app: Open) -> None:
    cards = app("cards")
    entry = next(entries("bug"))
    cards.text_input(key="cards-words").set_value(entry.heading.upper()).run()
    assert _shown(cards) == [entry.item_id]
    long = next(each for each in catalogue.entries().values() if each.heading.endswith("…"))
    last_words = " ".join(long.asks.split()[-4:])
    assert last_words not in long.heading
    cards.text_input(key="cards-words").set_value(last_words).run()
    assert long.item_id in _shown(cards), "also by words that its line has no room for"
    cards.text_input(key="cards-words").set_value("zzzz qqqq").run()
    assert _shown(cards) == []
    assert "No card is like this. Clear a filter to see more." in [each.value for each in cards.markdown]
    cards.text_input(key="cards-words").set_value("").run()
    next(group for group in cards.button_group if group.proto.label == "Kind").set_value(["case"]).run()
    assert (
        _shown(cards) == [each.item_id for each in sorted(entries("case"), key=lambda e: e.question.meta.number)][:20]
    )


@pytest.mark.parametrize("state", ["Due", "In memory", "Not asked yet", "With a note", "Put off", "Suspended"])
def test_cards_of_a_state(app: Open, state: str) -> None:
    app()
    list(_answered(2, services.now() - timedelta(days=100)))
    ids, store, now = catalogue.introduced(), services.store(), services.now()
    store.set_note(ids[2], "A note", now)
    store.bury(ids[3], now + timedelta(hours=5), now)
    store.suspend(ids[4], True, now)
    cards = app("cards")
    cards.button_group(key="cards-state").set_value(state).run()
    expected = {
        "Due": set(ids[:2]),
        "In memory": set(ids[:2]),
        "With a note": {ids[2]},
        "Put off": {ids[3]},
        "Suspended": {ids[4]},
    }
    if state in expected:
        assert set(_shown(cards)) == expected[state]
    else:
        assert cards.caption[0].value == f"{len(catalogue.entries()) - 2} cards"


def test_ask_me_asks_this_card_whatever_is_due(app: Open) -> None:
    app()
    entry = list(entries("case"))[-1]
    screen = ask(app, entry)
    assert asked(screen).item_id == entry.item_id
    assert entry.source in [each.value for each in screen.markdown]


def test_a_line_that_is_too_long_ends_with_a_whole_word_and_whole_code() -> None:
    cut = [entry for entry in catalogue.entries().values() if entry.heading.endswith("…")]
    assert len(cut) > 20
    for entry in cut:
        kept = entry.heading.removesuffix("…").split()
        assert [word.rstrip(".,:;") for word in entry.asks.split()[: len(kept)]] == [w.rstrip(".,:;") for w in kept]
        assert not entry.heading.count("`") % 2 and not entry.heading.count("$") % 2
        assert len(entry.heading) <= catalogue.HEADING_CHARACTERS


def test_the_plan_counts_an_exercise_that_was_added(app: Open) -> None:
    plan = app("plan")
    plan.date_input(key="plan-interview").set_value(_in_days(200)).run()
    said = plan.success[0].value
    services.store().add(next(entries("exercise")).item_id, services.now())
    plan.run()
    before, after = (int(re.findall(r"\d+", text)[0]) for text in (said, plan.success[0].value))
    assert after == before + 1


def test_the_forecast_leaves_out_cards_that_no_deck_holds(app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    press(press(app("quiz"), "quiz-reveal"), "rate-good")
    shown: list[int] = []
    monkeypatch.setattr(
        "pages.memory.progress.charts.days", lambda days, *_, **__: shown.append(sum(n for _, n in days))
    )
    app("progress")
    known = catalogue.entries()
    gone = {item_id: entry for item_id, entry in known.items() if item_id != reviews()[0].item_id}
    monkeypatch.setattr(catalogue, "entries", lambda: gone)
    app("progress")
    assert shown == [1, 0]
