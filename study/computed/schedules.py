"""Learning-rate schedules: torch's own schedulers are run, and the rate is read from the optimiser."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import Optimizer

from study.computed.building import ONE_PERCENT, code, show
from study.computed.registry import Draft, generator
from study.drawn import number_answer


def rate_after(lr: float, build: Callable[[Optimizer], LRScheduler], steps: int) -> float:
    """The rate of an SGD optimiser that started with `lr`, after `steps` calls of `scheduler.step()`."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = build(optimizer)
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
    return float(optimizer.param_groups[0]["lr"])


def _epochs(lr: float, scheduler: str, epochs: int, epoch: int) -> str:
    loop = f"""
optimizer = torch.optim.SGD(model.parameters(), lr={lr})
scheduler = lr_scheduler.{scheduler}
for epoch in range({epochs}):
    train_one_epoch(model, optimizer)
    scheduler.step()
"""
    return f"{code(loop)}\n\nWhich learning rate does `train_one_epoch` use when `epoch == {epoch}`?"


@generator
def step_lr_rate(rng: random.Random) -> Draft:
    lr, size = rng.choice([0.1, 0.05, 0.02, 0.01, 0.004, 0.001]), rng.choice([5, 8, 10, 15, 20, 30])
    gamma, drops = rng.choice([0.1, 0.2, 0.5]), rng.randint(1, 3)
    epoch = size * drops + rng.choice([0, rng.randrange(size), size - 1])
    rate = rate_after(lr, lambda o: lr_scheduler.StepLR(o, step_size=size, gamma=gamma), epoch)
    slips = {
        f"That has one drop too many: by epoch {epoch} the rate has fallen {drops} times.": lr * gamma ** (drops + 1),
        f"That has one drop too few: epoch {size} is the first with the lower rate.": lr * gamma ** (drops - 1),
    }
    return Draft(
        _epochs(lr, f"StepLR(optimizer, step_size={size}, gamma={gamma})", 4 * size + 10, epoch),
        number_answer(rate, ONE_PERCENT, slips=slips),
        [
            f"Before epoch {epoch}, `scheduler.step()` was called {epoch} times; every {size} calls the rate drops.",
            f"Drops so far: {epoch} // {size} = {drops}.",
            f"Rate: {lr} × {gamma}^{drops} = {show(rate)}",
        ],
        {"lr": lr, "step_size": size, "gamma": gamma, "epoch": epoch},
    )


@generator
def cosine_rate(rng: random.Random) -> Draft:
    lr, last = rng.choice([0.1, 0.05, 0.02, 0.01, 0.001]), rng.choice([10, 12, 20, 24, 30, 40, 50])
    floor, epoch = rng.choice([0.0, lr / 100, lr / 10]), rng.randint(1, round(0.9 * last))
    rate = rate_after(lr, lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=last, eta_min=floor), epoch)
    slips = {
        "That follows a straight line, not the cosine.": lr + (floor - lr) * epoch / last,
        "That is the cosine alone; the schedule uses (1 + cos) / 2.": floor
        + (lr - floor) * math.cos(math.pi * epoch / last),
        "That goes from the floor up; the rate starts at its highest.": floor
        + (lr - floor) * (1 - math.cos(math.pi * epoch / last)) / 2,
    }
    return Draft(
        _epochs(lr, f"CosineAnnealingLR(optimizer, T_max={last}, eta_min={show(floor)})", last, epoch),
        number_answer(rate, ONE_PERCENT, slips=slips),
        [
            r"The rate is $\eta_{min} + (\eta_{max} - \eta_{min}) \cdot (1 + \cos(\pi t / T)) / 2$.",
            f"Share of the way: {epoch} / {last} = {show(epoch / last)}; "
            f"its cosine: {show(math.cos(math.pi * epoch / last))}.",
            f"Height: (1 + cosine) / 2 = {show((1 + math.cos(math.pi * epoch / last)) / 2)}.",
            f"Rate: {show(floor)} + {show(lr - floor)} × that = {show(rate)}",
        ],
        {"lr": lr, "last": last, "floor": floor, "epoch": epoch},
    )


@generator
def exponential_rate(rng: random.Random) -> Draft:
    lr, gamma = rng.choice([0.1, 0.05, 0.03, 0.02, 0.01, 0.001]), rng.choice([0.95, 0.9, 0.85, 0.8, 0.7, 0.5])
    epoch = rng.randint(2, 6)
    rate = rate_after(lr, lambda o: lr_scheduler.ExponentialLR(o, gamma=gamma), epoch)
    slips = {
        "That is one factor too few: epoch 0 uses the full rate, epoch 1 has one factor.": lr * gamma ** (epoch - 1),
        f"That is one factor too many: {epoch} calls of `step()` came before this epoch.": lr * gamma ** (epoch + 1),
        "That subtracts the same amount each time; the factor compounds.": lr * (1 - epoch * (1 - gamma)),
    }
    return Draft(
        _epochs(lr, f"ExponentialLR(optimizer, gamma={gamma})", 20, epoch),
        number_answer(rate, ONE_PERCENT, slips=slips),
        [
            f"Each call of `scheduler.step()` multiplies by {gamma}; before epoch {epoch} there were {epoch} calls.",
            f"{gamma}^{epoch} = {show(gamma**epoch)}",
            f"Rate: {lr} × {show(gamma**epoch)} = {show(rate)}",
        ],
        {"lr": lr, "gamma": gamma, "epoch": epoch},
    )


@generator
def warm_up_rate(rng: random.Random) -> Draft:
    lr, length = rng.choice([0.1, 0.03, 0.01, 0.002, 0.001]), rng.choice([50, 100, 200, 400])
    start, step = rng.choice([0.5, 0.25, 0.1, 0.01]), length * rng.randint(2, 18) // 20
    scheduler = f"LinearLR(optimizer, start_factor={start}, total_iters={length})"
    rate = rate_after(lr, lambda o: lr_scheduler.LinearLR(o, start_factor=start, total_iters=length), step)
    share = step / length
    slips = {
        "That starts from 0; this warm-up starts from start_factor × lr.": lr * share,
        "That adds the start to the full ramp; only the rest, 1 - start_factor, is climbed.": lr * (start + share),
        "That is the start; it has climbed since.": lr * start,
    }
    loop = f"""
optimizer = torch.optim.AdamW(model.parameters(), lr={lr})
scheduler = lr_scheduler.{scheduler}
for images, labels in loader:
    loss_of(images, labels).backward()
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
"""
    return Draft(
        f"{code(loop)}\n\nWhich learning rate does `optimizer.step()` use for batch number {step}, counted from 0?",
        number_answer(rate, ONE_PERCENT, slips=slips),
        [
            f"The factor climbs in a straight line from {start} to 1 over {length} calls of `scheduler.step()`.",
            f"After {step} calls: {start} + (1 - {start}) × {step} / {length} = {show(start + (1 - start) * share)}",
            f"Rate: {lr} × that = {show(rate)}",
        ],
        {"lr": lr, "start": start, "length": length, "step": step},
    )


def _one_cycle(optimizer: Optimizer, lr: float, **settings: Any) -> LRScheduler:
    return lr_scheduler.OneCycleLR(optimizer, lr, anneal_strategy="linear", cycle_momentum=False, **settings)


@generator
def one_cycle_rate(rng: random.Random) -> Draft:
    lr, steps = rng.choice([0.1, 0.02, 0.01, 0.003]), rng.choice([50, 100, 200])
    share = rng.choice([0.1, 0.2, 0.3, 0.4])
    div, final = rng.choice([5, 10, 25]), rng.choice([10, 100, 1000])
    peak, last = round(share * steps) - 1, steps - 1
    step = rng.choice([rng.randint(1, peak - 1), rng.randint(peak + 5, last - last // 10)])
    settings = {"total_steps": steps, "pct_start": share, "div_factor": div, "final_div_factor": final}
    rate = rate_after(lr, lambda o: _one_cycle(o, lr, **settings), step)
    options = ", ".join(f"{name}={value}" for name, value in settings.items())
    start, end = lr / div, lr / div / final
    part = step / peak if (rising := step <= peak) else (step - peak) / (last - peak)
    here, there = (start, lr) if rising else (lr, end)
    if rising:
        slips = {"That rises from 0; it starts at max_lr / div_factor.": lr * part}
    else:
        slips = {
            "The fall begins at the peak, not at step 0.": lr + (end - lr) * step / last,
            "That falls back to the start; the end lies below it, at start / final_div_factor.": lr
            + (start - lr) * part,
        }
    return Draft(
        f"A run uses `OneCycleLR(optimizer, max_lr={lr}, {options}, anneal_strategy='linear', cycle_momentum=False)` "
        "and calls `scheduler.step()` after each `optimizer.step()`. torch puts the peak at step pct_start × "
        f"total_steps - 1 = {peak} and the end at step {last}, both counted from 0.\n\nWhich learning rate does step "
        f"{step}, counted from 0, use?",
        number_answer(rate, ONE_PERCENT, slips=slips),
        [
            f"Start: {lr} / {div} = {show(start)}; peak: {lr}; end: {show(start)} / {final} = {show(end)}.",
            f"Step {step} lies {'before' if rising else 'after'} the peak at {peak}; share of this stretch: "
            f"{show(part)}.",
            f"Rate: {show(here)} + ({show(there)} - {show(here)}) × {show(part)} = {show(rate)}",
        ],
        {"max_lr": lr, "steps": steps, "share": share, "div": div, "final": final, "step": step},
    )
