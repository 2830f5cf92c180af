"""The six schedules as torch makes them. `lab.rate` says the same in closed form; a test compares them step by step."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    SequentialLR,
    StepLR,
)

from demos.lr_decay.lab import (
    CONSTANT,
    COSINE,
    EXPONENTIAL,
    FINAL_DIVISOR,
    ONE_CYCLE,
    START_SHARE,
    STEP,
    WARM_LINEAR,
    Config,
    drop_every,
    warm_steps,
)


def scheduler(config: Config, arm: str, optimiser: Optimizer) -> LRScheduler:
    """The arm's scheduler, to be stepped after every optimiser step; the optimiser holds the peak rate."""
    steps, warm = config.steps, warm_steps(config)
    if arm == CONSTANT:
        return ConstantLR(optimiser, factor=1.0, total_iters=0)
    if arm == STEP:
        return StepLR(optimiser, step_size=drop_every(config), gamma=config.gamma)
    if arm == EXPONENTIAL:
        return ExponentialLR(optimiser, gamma=config.gamma ** (1 / drop_every(config)))
    if arm == COSINE:
        return CosineAnnealingLR(optimiser, T_max=steps)
    if arm == WARM_LINEAR:
        rise = LinearLR(optimiser, start_factor=START_SHARE, end_factor=1.0, total_iters=warm)
        fall = LinearLR(optimiser, start_factor=1.0, end_factor=0.0, total_iters=steps - warm)
        return SequentialLR(optimiser, [rise, fall], milestones=[warm])
    if arm == ONE_CYCLE:
        # By default it also turns the momentum (and Adam's beta1) against the rate: a second treatment.
        return OneCycleLR(
            optimiser, max_lr=config.peak_rate, total_steps=steps, pct_start=(warm + 1) / steps,
            div_factor=1 / START_SHARE, final_div_factor=FINAL_DIVISOR, cycle_momentum=False,
        )  # fmt: skip
    raise ValueError(f"no schedule is called {arm!r}")
