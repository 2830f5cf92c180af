"""Progress: how much was reviewed, what comes, how well each question is remembered."""

from __future__ import annotations

import streamlit as st

from study.statistics import due_forecast, memory_per_question, reviews_per_day, streak_days
from ui import charts, navigation, reviews, services, session

PAST_DAYS = 14
COMING_DAYS = 14


def show() -> None:
    """The progress screen."""
    st.title("Progress", anchor=False)
    store, now, zone = services.store(), services.now(), session.timezone()
    log = store.reviews(learner=services.LEARNER)
    cards = store.cards(learner=services.LEARNER)
    if not log:
        st.markdown("Nothing to show yet: answer your first cards, and this page fills with what you remember.")
        if st.button("Go to the quiz", type="primary", icon=":material/style:"):
            st.switch_page(navigation.page("quiz"))
        return
    columns = st.columns(4)
    columns[0].metric("Reviews", len(log))
    columns[1].metric("Remembered", f"{sum(item.rating > 1 for item in log) / len(log):.0%}")
    columns[2].metric("Cards in memory", sum(not card.is_new for card in cards))
    columns[3].metric("Days in a row", streak_days(log, now, zone))
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Reviews per day", anchor=False)
        past = [(day.day, day.answered) for day in reviews_per_day(log, PAST_DAYS, now, zone)]
        charts.days(past, "Reviews", today=PAST_DAYS - 1)
    with right:
        st.header("Due in the coming days", anchor=False)
        coming = [(day.day, day.due) for day in due_forecast(cards, COMING_DAYS, now, zone)]
        charts.days(coming, "Cards due", today=0)
    st.header("Memory per question", anchor=False)
    st.caption(
        "The chance that you would recall it now, as FSRS predicts: the mean over the question and its follow-ups. "
        "FSRS counts whole days, so it is 100 % on the day of the review."
    )
    known = memory_per_question(cards, now, services.scheduler(), reviews.group_of)
    charts.memory(
        [
            (f"{question.meta.number} · {question.meta.short}", known.get(reviews.question_item(deck, question)))
            for deck in services.decks()
            for question in deck.questions
        ]
    )
    _experiments()


def _experiments() -> None:
    runs = services.store().lab_runs(learner=services.LEARNER)
    settled = [item for item in services.store().predictions(learner=services.LEARNER) if item.outcome is not None]
    st.header("Experiments", anchor=False)
    right = sum(item.outcome == item.predicted for item in settled)
    st.markdown(
        f"{len(runs)} run to the verdict; {right} of {len(settled)} predictions right."
        if runs
        else "No experiment run to its verdict yet."
    )
