"""The report of an interview as a page to print: from the saved interview to `study.exporting.interview_report`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from content.exercises import Exercise
from content.items import Bug, Case, CasePoint, Choice, Computed, KeyPoint, Typed
from content.items import Option as ItemOption
from content.schema import FollowUp, Question
from study.desk import DeskError
from study.exporting.interview_report import Asked, Card, Checked, Option, Page, Point, Topic, interview_report_html
from study.exporting.markup import fenced, numbered
from study.grading import choices
from study.interviewing.model import OPEN_KINDS
from study.interviewing.reporting import Report, StepResult, TopicReport
from ui import cards, catalogue, interview_words, interviews, services
from ui.cards import Answered
from ui.catalogue import KINDS, Entry
from ui.interviews import Saved


def file_name(saved: Saved, zone: tzinfo) -> str:
    """With the learner's date of the interview's end."""
    ended = saved.interview.ended_at
    return f"interview-{ended.astimezone(zone):%Y-%m-%d-%H%M}.html" if ended else "interview.html"


def html(saved: Saved, zone: tzinfo) -> bytes:
    """The report of an ended interview as a page that loads nothing, UTF-8; times in `zone`. Needs no screen to run."""
    return interview_report_html(report_page(saved, zone)).encode()


def report_page(saved: Saved, zone: tzinfo) -> Page:
    """What the page says. ValueError before the interview has ended."""
    report = interviews.reported(saved)
    asked = tuple(_asked(saved, result) for result in report.results)
    numbers = {result.step.item_id: result.step.number for result in report.results}
    known = [item_id for item_id in report.review if item_id in catalogue.entries()]
    return Page(
        about=_about(saved, zone),
        figures=tuple(interview_words.figures(report).items()),
        notes=tuple(_notes(report)),
        review=tuple((numbers[item_id], catalogue.entry(item_id).heading) for item_id in known),
        topics=tuple(_topic(topic, asked) for topic in report.topics),
        questions=asked,
    )


def _about(saved: Saved, zone: tzinfo) -> str:
    interview = saved.interview
    when = f"{interview.ended_at.astimezone(zone):%d %b %Y, %H:%M} · " if interview.ended_at else ""
    return f"{when}{interview.length_minutes} min · {interview.level} · {', '.join(interview.topics) or 'all topics'}"


def _notes(report: Report) -> Iterable[str]:
    if report.strongest and report.weakest:
        yield f"Strongest: {report.strongest}. Weakest: {report.weakest}."
    if report.unticked:
        yield f"Not ticked yet, and so not counted: {interview_words.numbers(report.unticked)}."
    for each in report.left_out:
        yield f"{KINDS[each.kind]}: not asked, {interview_words.LEFT_OUT[each.why]}."
    for gap in report.gaps:
        yield f"Away for {gap.seconds / 60:.0f} min, {'counted' if gap.counted else 'not counted'}."


def _topic(topic: TopicReport, questions: Iterable[Asked]) -> Topic:
    """With the number of the question beside each point: the core of a follow-up says nothing without it."""
    points = [(asked.number, point) for asked in questions if asked.topic == topic.topic for point in asked.card.points]
    return Topic(
        name=topic.topic,
        score=topic.score,
        seconds=topic.seconds,
        covered=tuple((number, point.text) for number, point in points if point.covered is True),
        missed=tuple((number, point.text) for number, point in points if point.covered is False),
        slow=topic.slow,
        skipped=topic.skipped,
    )


def _asked(saved: Saved, result: StepResult) -> Asked:
    step = result.step
    return Asked(
        number=step.number,
        kind=KINDS[result.kind],
        topic=result.topic,
        outcome=interview_words.outcome(result),
        seconds=step.seconds or 0.0,
        allowed_seconds=step.allowed_seconds,
        slow=step.slow,
        card=_card(saved, result),
    )


def _card(saved: Saved, result: StepResult) -> Card:
    step = result.step
    entry = catalogue.entries().get(step.item_id)
    given: Answered | None = step.answer if isinstance(step.answer, dict) else None
    if entry is None:
        text = None if given is None else given.get("text")
        return Card("The deck that asked this is not here any more.", answer=text)
    answered = cards.blank(entry, interviews.seed(saved, step)) if given is None else given
    if entry.kind in OPEN_KINDS:
        ticks = None if step.skipped else saved.ticks.get(step.number)
        return _in_her_words(entry, answered.get("text", ""), ticks)
    match entry.item:
        case Choice() as item:
            return Card(item.prompt, options=_options(item.options, answered["seed"], answered["chosen"]))
        case Bug() as item:
            return _bug(item, answered)
        case Computed() as item:
            return _computed(item, answered)
        case Exercise() as item:
            return _exercise(item, answered)
    raise TypeError(f"{entry.item_id} is of kind {entry.kind}, which the report does not know")


def _in_her_words(entry: Entry, text: str, ticks: Sequence[int] | None) -> Card:
    points = tuple(_point(point, index, ticks) for index, point in enumerate(interviews.key_points(entry)))
    match entry.item:
        case Question() as item:
            return Card(item.meta.title, text, points=points, parts=(("The answer", item.answer),))
        case FollowUp() as item:
            return Card(item.question, text, points=points, parts=(("The answer", item.answer),))
        case Typed() as item:
            return Card(item.prompt, text, points=points, parts=(("A model answer", item.model_answer),))
        case Case() as item:
            parts = (("Check first", item.check_first), ("A discussion", item.discussion))
            return Card(item.scenario, text, points=points, parts=parts)
    raise TypeError(f"{entry.item_id} is not answered in one's own words")


def _point(point: KeyPoint | CasePoint | str, index: int, ticks: Sequence[int] | None) -> Point:
    covered = None if ticks is None else index in ticks
    if isinstance(point, str):
        return Point(point, covered)
    return Point(point.point, covered, senior=point.level == "senior")


def _options(options: Sequence[ItemOption], seed: int, chosen: Sequence[int]) -> tuple[Option, ...]:
    """In the order in which she saw them."""
    shown = [(index, options[index]) for index in choices.order(len(options), seed)]
    return tuple(Option(option.text, option.because, option.right, index in chosen) for index, option in shown)


def _bug(item: Bug, answered: Answered) -> Card:
    picked = "You picked no line." if answered["line"] is None else f"You picked line {answered['line']}."
    chosen = [] if answered["reason"] is None else [answered["reason"]]
    return Card(
        f"{item.prompt}\n\n{fenced(item.code, numbered=True)}",
        options=_options(item.reasons, answered["seed"], chosen),
        parts=(
            ("The mistake", f"It is in line {item.line}. {picked}\n\n{item.explanation}"),
            ("Mended", fenced(item.fix, numbered=True)),
        ),
    )


def _computed(item: Computed, answered: Answered) -> Card:
    """The same values as in the interview: the seed is in the answer."""
    given = answered["given"]
    wrote = ", ".join(given) if isinstance(given, list) else given or ""
    try:
        drawn = services.desk().draw(item.generator, answered["seed"])
    except DeskError as error:
        return Card(f"The numbers of this question cannot be worked out now: {error}", answer=wrote)
    verdict = ("Right" if answered["right"] else "Not right", answered["because"])
    return Card(drawn.prompt, answer=wrote, parts=(verdict, ("Step by step", numbered(drawn.steps))))


def _exercise(item: Exercise, answered: Answered) -> Card:
    return Card(
        f"{item.meta.title}\n\n{item.meta.task}\n\n{fenced(item.meta.signature)}",
        code=answered.get("code", ""),
        tests=tuple(Checked(test["name"], test["passed"], test["message"] or "") for test in answered["tests"]),
        parts=(
            ("A reference solution", fenced(item.solution, numbered=True)),
            ("Why it is right", item.meta.explanation),
        ),
    )
