"""Progress: what was done, what is remembered, and whether the predictions of memory can be believed."""

from __future__ import annotations

import streamlit as st

from study import calibration
from study.calibration import accuracy_per_kind, predictions_right, time_per_kind
from study.records import Review
from study.statistics import due_forecast, leeches, memory_per_question, reviews_calendar, streak_days, weakest
from study.words import counted, duration, percent
from ui import catalogue, charts, look, navigation, preferences, services, session
from ui.catalogue import KINDS

COMING_DAYS = 14
FEWEST_FOR_CALIBRATION = 20
"""Answers with a prediction, below which a calibration curve says nothing."""


def show() -> None:
    """The progress screen."""
    st.title("Progress", anchor=False)
    store = services.store()
    log = store.reviews(learner=services.LEARNER)
    if not log:
        st.markdown("Nothing to show yet: answer your first cards, and this page fills with what you remember.")
        if st.button("Go to the quiz", type="primary", icon=":material/style:"):
            st.switch_page(navigation.page("quiz"))
        return
    _figures(log)
    session.head_start()
    left, right = st.columns(2, gap="large")
    with left:
        st.header("The past year", anchor=False)
        charts.calendar(reviews_calendar(log, services.now(), session.timezone()))
    with right:
        st.header("Due in the coming days", anchor=False)
        known = catalogue.entries()
        cards = [card for card in store.cards(learner=services.LEARNER) if card.item_id in known]
        coming = due_forecast(cards, COMING_DAYS, services.now(), session.timezone())
        charts.days([(day.day, day.due) for day in coming], "Cards due", today=0)
    left, right = st.columns(2, gap="large")
    with left:
        _memory()
    with right:
        _calibration(log)
    _kinds(log)
    _leeches(log)
    _experiments()


def _figures(log: list[Review]) -> None:
    cards = services.store().cards(learner=services.LEARNER)
    look.figures(
        {
            "Reviews": len(log),
            "Remembered": percent(sum(item.rating > 1 for item in log) / len(log)),
            "Cards in memory": sum(not card.is_new for card in cards),
            "Days in a row": streak_days(log, services.now(), session.timezone()),
            "Time spent": duration(sum(item.duration_seconds for item in log)),
        }
    )


def _memory() -> None:
    st.header("Memory per question", anchor=False)
    cards = services.store().cards(learner=services.LEARNER)
    known = memory_per_question(cards, services.now(), preferences.scheduler(), catalogue.group_of)
    names = {
        item_id: f"{entry.question.meta.number} · {entry.question.meta.short}"
        for item_id, entry in catalogue.entries().items()
        if entry.is_question
    }
    charts.memory([(name, known.get(group)) for group, name in names.items()])
    worst = weakest([each for group, each in known.items() if group in names], 3)
    if worst:
        weak = ", ".join(f"{names[each.group]} ({percent(each.retrievability or 0)})" for each in worst)
        st.markdown(f"**Weakest:** {weak}")
    st.caption(
        "The chance that you would recall it now, as FSRS predicts: the mean over the cards of the question that you "
        "have seen. FSRS counts whole days, so it is 100 % on the day of the review."
    )


def _calibration(log: list[Review]) -> None:
    st.header("Predicted and measured recall", anchor=False)
    count = len(calibration.predicted(log))
    if count < FEWEST_FOR_CALIBRATION:
        st.markdown(
            f"The curve needs {FEWEST_FOR_CALIBRATION} answers that came at least a day after the last one to the same "
            f"card; so far there {'is' if count == 1 else 'are'} {count}."
        )
        return
    charts.calibration(calibration.calibration(log, bins=min(10, count // 10)))
    st.caption(
        f"{count} answers, in bins of equally many, with 95 % intervals; log loss {calibration.log_loss(log):.3f}. "
        "On the dashed line the predictions are exactly right."
    )


def _kinds(log: list[Review]) -> None:
    st.header("By kind of card", anchor=False)
    shares, times = accuracy_per_kind(log), time_per_kind(log)
    lines = ["| Kind | Answers | Remembered | 95 % interval | Median time | In all |", "|---|---:|---:|---:|---:|---:|"]
    lines += [
        f"| {KINDS.get(kind, kind)} | {share.count} | {percent(share.share)} "  # type: ignore[call-overload]
        f"| {percent(share.low)} to {percent(share.high)} "
        f"| {times[kind].median_seconds:.0f} s | {duration(times[kind].seconds)} |"
        for kind, share in shares.items()
    ]
    st.markdown("\n".join(lines))


def _leeches(log: list[Review]) -> None:
    threshold = preferences.settings().leech_lapses
    found = leeches(log, services.store().cards(learner=services.LEARNER), threshold)
    known = [leech for leech in found if leech.card.item_id in catalogue.entries()]
    if not known:
        return
    st.header("Leeches", anchor=False)
    st.markdown(
        "Forgotten again and again: asking once more will not help. Read the question again, write yourself a note, or "
        "suspend the card."
    )
    for leech in known:
        entry = catalogue.entry(leech.card.item_id)
        navigation.link(
            entry.path,
            f"{entry.heading} · forgotten {counted(leech.lapses, 'time')}",
            icon=":material/bug_report:",
            query={"reveal": "1"},
        )


def _experiments() -> None:
    runs = services.store().lab_runs(learner=services.LEARNER)
    share = predictions_right(services.store().predictions(learner=services.LEARNER))
    st.header("Experiments", anchor=False)
    if not runs:
        st.markdown("No experiment run to its verdict yet.")
        return
    guessed = (
        "none of them predicted"
        if share is None
        else f"{round(share.share * share.count)} of {counted(share.count, 'prediction')} right"
    )
    st.markdown(f"{len(runs)} run to the verdict; {guessed}.")
