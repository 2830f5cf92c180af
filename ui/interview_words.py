"""What the report of an interview says in few words, on the screen and on paper."""

from __future__ import annotations

from study.interviewing.reporting import Report, StepResult
from study.words import percent

LEFT_OUT = {
    "none_on_these_topics": "there is none on these topics",
    "too_long": "it does not fit into this length",
    "no_time_left": "no time was left for it",
}
"""Why a kind was not asked."""


def figures(report: Report) -> dict[str, str]:
    """The head figures by their names; the score says over how many questions it is, if not all are scored yet."""
    scores = [result.score for result in report.results if result.score is not None]
    score = "Score" if len(scores) == len(report.results) else f"Score of {len(scores)}"
    return {
        "Asked": str(len(report.results)),
        score: percent(sum(scores) / len(scores)) if scores else "–",
        "Time used": f"{report.seconds / 60:.0f} of {report.allowed_seconds / 60:.0f} min",
        "Slow answers": str(sum(result.step.slow for result in report.results)),
    }


def outcome(result: StepResult) -> str:
    """How one question went."""
    if result.step.skipped:
        return "skipped"
    return "to be ticked" if result.score is None else percent(result.score)


def numbers(steps: tuple[int, ...]) -> str:
    """ "no. 3, no. 7" """
    return ", ".join(f"no. {number}" for number in steps)
