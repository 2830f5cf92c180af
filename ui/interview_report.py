"""The report of an interview: what was covered, missed and slow, the answers beside the key points, what to review."""

from __future__ import annotations

import streamlit as st

from study.interviewing.model import OPEN_KINDS, Step
from study.interviewing.reporting import Report, StepResult, TopicReport
from study.words import percent
from ui import cards, catalogue, interview_print, interview_words, interviews, look, navigation, services, session
from ui.catalogue import KINDS
from ui.interviews import Saved


def show(saved: Saved) -> None:
    """The whole report."""
    report = interviews.reported(saved)
    st.title("How it went", anchor=False)
    if report.unticked:
        count = len(report.unticked)
        st.info(
            f"{count} answer{' in your own words waits' if count == 1 else 's in your own words wait'} for your ticks "
            "below; until then they count nowhere.",
            icon=":material/checklist:",
        )
    _figures(report)
    _review(report)
    st.header("By topic", anchor=False)
    for topic in report.topics:
        _topic(topic)
    st.header("Question by question", anchor=False)
    for result in report.results:
        _step(saved, result)
    _rest(report)
    with st.container(horizontal=True, vertical_alignment="center"):
        navigation.link("interview", "Another interview", icon=":material/replay:")
        navigation.link("quiz", "To the quiz", icon=":material/style:")
        zone = session.timezone()
        st.download_button(
            "Print the report",
            lambda: interview_print.html(saved, zone),
            file_name=interview_print.file_name(saved, zone),
            mime="text/html",
            icon=":material/print:",
            help="A file that needs no network: open it in the browser and print it, or save it as PDF.",
            on_click="ignore",
            key=f"print-{saved.id}",
        )


def _figures(report: Report) -> None:
    look.figures(interview_words.figures(report))
    if report.strongest and report.weakest:
        st.markdown(f"Strongest: **{report.strongest}**. Weakest: **{report.weakest}**.")


def _review(report: Report) -> None:
    """One click puts everything that was weak or slow into the reviews."""
    known = [item_id for item_id in report.review if item_id in catalogue.entries()]
    if not known:
        return
    hers = {card.item_id for card in services.store().cards(learner=services.LEARNER) if card.in_reviews}
    new = [item_id for item_id in known if item_id not in hers]
    with st.container(border=True):
        st.markdown(f"**To review: {len(known)}**")
        st.markdown("\n".join(f"- {catalogue.entry(item_id).heading}" for item_id in known))
        if new:
            label = f"Add {'it' if len(new) == 1 else f'these {len(new)}'} to my reviews"
            st.button(
                label, type="primary", icon=":material/bookmark_add:", key="review-all", on_click=_add, args=(new,)
            )
        else:
            st.caption(":material/bookmark_added: All of them are in your reviews.")


def _add(item_ids: list[str]) -> None:
    for item_id in item_ids:
        services.store().add(item_id, services.now(), learner=services.LEARNER)


def _topic(topic: TopicReport) -> None:
    score = "not scored yet" if topic.score is None else percent(topic.score)
    slow = f" · slow at {interview_words.numbers(topic.slow)}" if topic.slow else ""
    skipped = f" · skipped {interview_words.numbers(topic.skipped)}" if topic.skipped else ""
    st.markdown(f"**{topic.topic}** · {score} · {topic.seconds / 60:.1f} min{slow}{skipped}")
    lines = [f"- :green[:material/check:] {point}" for point in topic.covered]
    lines += [f"- :orange[:material/remove:] missed: {point}" for point in topic.missed]
    if lines:
        st.markdown("\n".join(lines))


def _step(saved: Saved, result: StepResult) -> None:
    step = result.step
    entry = catalogue.entries().get(step.item_id)
    if entry is None:
        st.caption(f"No. {step.number}: the deck that asked this is not here any more.")
        return
    title = f"{step.number} · {entry.heading} · {interview_words.outcome(result)}"
    with st.expander(title, expanded=step.number in _unticked(saved, result), key=f"step-{step.number}"):
        seconds = step.seconds or 0.0
        over = ", over the time" if step.slow else ""
        st.caption(f"{entry.source} · {KINDS[entry.kind]} · {seconds:.0f} s of {step.allowed_seconds} s{over}")
        answered = _answered(saved, step, entry)
        if answered.get("code"):
            st.markdown("**You handed in**")
            st.code(answered["code"], language="python")
        shown = cards.back(entry, answered, f"report-{saved.id}-{step.number}")
        if entry.kind in OPEN_KINDS and not step.skipped:
            _keep_ticks(saved, step, shown["ticks"])


def _keep_ticks(saved: Saved, step: Step, ticks: list[int]) -> None:
    """Ticks that she has changed here are kept at once, and the figures above follow; another tab's are left alone."""
    kept = saved.ticks.get(step.number, [])
    seen = session.kept(f"ticks:{saved.id}:{step.number}", kept)
    if ticks != seen:
        if ticks != kept:
            interviews.tick(saved, step, ticks)
        session.keep(f"ticks:{saved.id}:{step.number}", ticks)
        if ticks != kept:
            st.rerun()
    if step.number not in saved.ticks:
        st.button(
            "I covered none of these",
            key=f"none-{saved.id}-{step.number}",
            type="tertiary",
            on_click=interviews.tick,
            args=(saved, step, []),
        )


def _unticked(saved: Saved, result: StepResult) -> list[int]:
    waits = result.kind in OPEN_KINDS and not result.step.skipped and result.step.number not in saved.ticks
    return [result.step.number] if waits else []


def _answered(saved: Saved, step: Step, entry: catalogue.Entry) -> cards.Answered:
    if not isinstance(step.answer, dict):
        return cards.blank(entry, interviews.seed(saved, step))
    if entry.kind in OPEN_KINDS:
        return step.answer | {"ticks": saved.ticks.get(step.number, [])}
    return step.answer


def _rest(report: Report) -> None:
    for each in report.left_out:
        st.caption(f"{KINDS[each.kind]}: not asked, {interview_words.LEFT_OUT[each.why]}.")
    for gap in report.gaps:
        counted = "counted" if gap.counted else "not counted"
        st.caption(f"Away for {gap.seconds / 60:.0f} min, {counted}.")
