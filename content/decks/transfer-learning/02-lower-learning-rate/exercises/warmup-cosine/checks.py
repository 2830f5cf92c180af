"""The rates that were used, step by step, against the schedule of the task."""

from __future__ import annotations

import math

import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field


def cases(generator: torch.Generator) -> list[Case]:
    """One parameter group unless the name says otherwise."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def schedule(name: str, warmup: int, after: int, extra: int, groups: int = 1) -> Case:
        """`after` steps of cosine follow the warm-up; the loop runs for `extra` more, or less."""
        peaks = [0.5 * 10 ** -(2 * torch.rand(1, generator=generator).item()) for _ in range(groups)]
        given = {"peaks": peaks, "warmup_steps": warmup, "total_steps": warmup + after, "floor": draw(5, 40) / 100}
        return Case(name, given | {"steps": warmup + after + extra})

    after = draw(6, 15)
    return [
        schedule("the first step is small but not zero", draw(3, 8), after, -after),
        schedule("the full rate comes right after the warm-up", draw(2, 8), after, 1 - after),
        schedule("the cosine falls smoothly to the floor", draw(2, 8), draw(6, 15), 1),
        schedule("after the last step the rate stays at the floor", draw(2, 8), draw(6, 15), draw(4, 8)),
        schedule("without warm-up the first step uses the full rate", 0, draw(6, 15), 2),
        schedule("a training that is all warm-up ends at the floor", draw(3, 8), 0, 3),
        schedule("two groups of parameters keep their own peaks", draw(2, 8), draw(6, 15), 2, groups=2),
    ]


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first step that used another rate."""
    given = case.given
    if field(got, "returned") != "scheduler":
        raise Mismatch("what the function returns", "a scheduler with a method step()", field(got, "returned"))
    rates = field(got, "rates")
    expect_equal("number of steps taken", given["steps"], len(rates))
    for step, used in enumerate(rates):
        factor = _factor(step, given["warmup_steps"], given["total_steps"], given["floor"])
        for group, (peak, rate) in enumerate(zip(given["peaks"], used, strict=True)):
            where = f"rate used at step {step}" + (f" by group {group}" if len(used) > 1 else "")
            setting = (
                f"warmup_steps={given['warmup_steps']}, total_steps={given['total_steps']}, floor={given['floor']}"
            )
            expect_close(f"{where} (peak {peak:.4g}, {setting})", peak * factor, rate, rtol=1e-6, atol=1e-9)


def _factor(step: int, warmup: int, total: int, floor: float) -> float:
    """The task's three lines. The half cosine is written as a squared cosine of the half angle."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if step >= total:
        return floor
    return floor + (1 - floor) * math.cos(math.pi * (step - warmup) / (2 * (total - warmup))) ** 2
