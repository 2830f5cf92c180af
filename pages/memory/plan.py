"""The plan: when the interview is, how much a day, and what each day will hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from study import settings as study_settings
from study.cards import Card
from study.days import local_date
from study.plan import DayPlan, day_plan, pulled_since
from study.scheduling import RETENTION_RANGE
from study.settings import NEW_PER_DAY_RANGE, Settings
from study.words import counted
from ui import charts, fitting, preferences, reviews, services, session

DAYS_WITHOUT_INTERVIEW = 28
WIDTH = 960


def show() -> None:
    """The plan screen."""
    settings = preferences.settings()
    st.title("Plan", anchor=False)
    st.markdown("Say when the interview is: everything you have begun comes once more before it.", width=WIDTH)
    _dials(settings)
    _days(settings)
    with st.container(width=WIDTH):
        fitting.show()


def _dials(settings: Settings) -> None:
    today = local_date(services.now(), session.timezone())
    columns = st.columns(3, gap="large", width=WIDTH)
    with columns[0]:
        st.date_input(
            "Interview date",
            value=settings.interview_date,
            min_value=min(today + timedelta(days=1), settings.interview_date or date.max),
            max_value=today + timedelta(days=366),
            format="YYYY-MM-DD",
            key="plan-interview",
            on_change=_set,
            args=("interview_date", "plan-interview"),
            help="Intervals are capped so that every card you have begun is seen again before this day",
        )
        if settings.interview_date is not None:
            st.button("No date", key="plan-no-date", type="tertiary", on_click=_no_date)
    with columns[1]:
        low, high = NEW_PER_DAY_RANGE
        st.number_input(
            "New cards a day",
            low,
            high,
            value=settings.new_per_day,
            key="plan-new",
            on_change=_set,
            args=("new_per_day", "plan-new"),
            help="Each comes back several times in the weeks after it: see the chart",
        )
    with columns[2]:
        st.slider(
            "Desired retention",
            round(100 * RETENTION_RANGE[0]),
            round(100 * RETENTION_RANGE[1]),
            value=round(100 * settings.desired_retention),
            format="%d %%",
            key="plan-retention",
            on_change=_set_retention,
            help="The chance that you still know a card when it comes back. Higher means more reviews.",
        )


def _set(field: str, key: str) -> None:
    _save(**{field: st.session_state[key]})


def _set_retention() -> None:
    _save(desired_retention=st.session_state["plan-retention"] / 100)


def _no_date() -> None:
    _save(interview_date=None)
    st.session_state["plan-interview"] = None


def _save(**changes: Any) -> None:
    study_settings.save(services.store(), services.LEARNER, replace(preferences.settings(), **changes))


def _days(settings: Settings) -> None:
    cards = services.store().cards(learner=services.LEARNER)
    items = reviews.asked_items(cards)
    plan = _planned(settings, cards, items)
    ahead = settings.interview_date is not None and settings.interview_date > local_date(
        services.now(), session.timezone()
    )
    st.header("What each day will hold", anchor=False)
    charts.plan(plan.days)
    busiest = max(plan.days, key=lambda day: day.total)
    average = round(sum(day.total for day in plan.days) / len(plan.days))
    st.caption(
        f"On average {counted(average, 'card')} a day, at most {busiest.total} "
        f"({busiest.day:%a %d %b}), if every answer is Good; what you forget comes more often."
    )
    if ahead and plan.not_introduced:
        _too_few(plan, settings)
    elif ahead:
        st.success(f"All {len(items)} cards fit in before the interview.", icon=":material/event_available:")
    if settings.interview_date is not None and not ahead:
        st.info("The interview date has come or gone. Good luck, or set the next one.", icon=":material/celebration:")


def _too_few(plan: DayPlan, settings: Settings) -> None:
    needed = plan.needed_per_day or 0
    within = needed <= NEW_PER_DAY_RANGE[1]
    remedy = f"{needed} a day would do." if within else "There is no time for all: the questions come first."
    st.warning(
        f"At {counted(settings.new_per_day, 'new card')} a day, {plan.not_introduced} will not have been asked before "
        f"the interview. {remedy}",
        icon=":material/event_busy:",
    )
    if within:
        st.button(f"Make it {needed} a day", key="plan-needed", on_click=_make, args=(needed,))


def _make(needed: int) -> None:
    _save(new_per_day=needed)
    st.session_state["plan-new"] = needed


def _planned(settings: Settings, cards: list[Card], items: list[str]) -> DayPlan:
    store, scheduler, day = services.store(), preferences.scheduler(), session.day_start()
    return day_plan(
        cards,
        items,
        scheduler,
        services.now(),
        session.timezone(),
        days=DAYS_WITHOUT_INTERVIEW,
        new_per_day=settings.new_per_day,
        introduced_today=store.introduced_since(day, learner=services.LEARNER),
        pulled_today=pulled_since(store.reviews(since=day, learner=services.LEARNER), day, scheduler),
    )
