"""Move a letter network to digits with one rate for all blocks, or smaller rates for the early ones.

Claimed: with a rate that falls by a constant factor per block from the head down, AdamW keeps more of the source than
with the best uniform rate, and loses less than 1.5 points on the target. What it does not show is listed in `lab.py`.
A replicate takes about two seconds at the defaults on one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from demos import pretrain, training, transfer
from demos.discriminative.lab import Config, DiscriminativeFrame, arms, rates, starts_at

EVALUATIONS = 3


def run(config: Config, replicate: int) -> Iterator[DiscriminativeFrame]:
    """Train the arms in turn, a stretch each, so that their curves grow together."""
    drawn = transfer.draw(config.seed, replicate, config.labels_per_class)
    test = as_target(config, transfer.examples(drawn.test))
    points = transfer.evaluation_points(config.steps, EVALUATIONS)
    running = []
    for arm in arms(config):
        model = transfer.network(drawn)
        start = training.snapshot(model)
        running.append((arm.key, model, start, train(config, arm.key, model, drawn, test, points)))
    for _ in points:
        for key, model, start, progress in running:
            now = next(progress)
            yield DiscriminativeFrame(
                replicate=replicate,
                arm=key,
                step=now.step,
                steps=config.steps,
                target=now.accuracy["target"],
                source=transfer.source_accuracy(model, drawn.start),
                head_rate=rates(config, key)["head"],
                drift=training.relative_change(model, start),
            )


def train(
    config: Config, arm: str, model: nn.Sequential, drawn: transfer.Draw, test: training.Examples, points: list[int]
) -> Iterator[training.Progress]:
    """Train one arm on the draw's digits, as the target shows them."""
    digits = transfer.batches(drawn, config.steps)
    batches = training.Batches(as_target(config, digits.examples), digits.order)
    return training.train(
        model, rates(config, arm), batches, tests={"target": test}, points=points, optimise=group_per_block,
        schedule=partial(cosine, arm=arm, steps=config.steps),
    )  # fmt: skip


def as_target(config: Config, digits: training.Examples) -> training.Examples:
    """The digits as the target has them: white on black, or inverted to black on white."""
    return training.Examples(1 - digits.inputs, digits.targets) if config.target == "inverted" else digits


def group_per_block(model: nn.Sequential, row: training.Rates) -> torch.optim.Optimizer:
    """AdamW with a named parameter group for each block that moves, so that a schedule can tell blocks apart."""
    groups = [
        {"params": list(block.parameters()), "lr": row[name], "block": name}
        for name, block in model.named_children()
        if row[name] > 0
    ]
    return torch.optim.AdamW(groups, weight_decay=training.WEIGHT_DECAY, fused=True)


def cosine(optimiser: torch.optim.Optimizer, arm: str, steps: int) -> LambdaLR:
    """All rates fall along half a cosine (Loshchilov & Hutter 2017, arXiv 1608.03983), and are 0 before a block's turn.

    At a rate of 0, AdamW leaves weights exactly as they are, decay included, but already averages their gradients:
    unlike a block that is added to the optimiser later, one whose turn comes starts with settled averages.
    """

    def multiplier(step: int, first: int) -> float:
        return 0.0 if step < first else (1 + math.cos(math.pi * step / steps)) / 2

    turns: list[Callable[[int], float]] = [
        partial(multiplier, first=starts_at(arm, group["block"], steps)) for group in optimiser.param_groups
    ]
    return LambdaLR(optimiser, turns)


def warm() -> None:
    """Load data, weights and fonts, and pay for first calls, before a learner waits for them."""
    for seed in pretrain.SEEDS:
        pretrain.letters(seed)
    for _ in islice(run(Config(), 0), 2 * len(arms(Config()))):
        pass
