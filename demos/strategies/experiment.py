"""Four ways to move a letter network to real digits, compared on the same draw.

Claimed: with very few labels, training only a new head (feature extraction) beats fine-tuning everything at one rate.
Expect a lead of about 11 points at 1 label per class, 3 at 5, and 2 to 3 points the other way from 20 on. A replicate
takes a little over a second at the defaults on one thread. What it does not show is listed in `lab.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from demos import data, models, pretrain, training
from demos.strategies.lab import SCRATCH, Config, StrategyFrame, arms, rates

CLASSES = 10
TEST_PER_CLASS = 50
BATCH = 32
EVALUATIONS = 20


@dataclass(frozen=True)
class Draw:
    """All that chance decides in a replicate. Every arm gets the same one."""

    start: int
    """Which of the pretrained starts."""
    network_seed: int
    """For the new head, and for all blocks of the arm that starts from scratch."""
    order_seed: int
    labelled: np.ndarray
    """Rows of `mnist()` to learn from, (10 * labels_per_class,), class by class."""
    unused: np.ndarray
    """Rows that are neither learned from nor tested on, for choosing learning rates."""
    test: np.ndarray
    """Rows to test on, (500,), disjoint from the other two."""


def draw(config: Config, replicate: int) -> Draw:
    """Draw a replicate. Each choice has a random stream of its own: turning one dial leaves the others' draw alone,
    and fewer labels are a subset of more labels."""
    streams = np.random.SeedSequence([config.seed, replicate]).spawn(4)
    start, network, split, order = (np.random.default_rng(stream) for stream in streams)
    _, labels = data.mnist()
    rows = [split.permutation(np.flatnonzero(labels == digit)) for digit in range(CLASSES)]
    last = TEST_PER_CLASS + config.labels_per_class
    return Draw(
        start=int(start.integers(len(pretrain.SEEDS))),
        network_seed=int(network.integers(2**31)),
        order_seed=int(order.integers(2**31)),
        test=np.concatenate([r[:TEST_PER_CLASS] for r in rows]),
        labelled=np.concatenate([r[TEST_PER_CLASS:last] for r in rows]),
        unused=np.concatenate([r[last:] for r in rows]),
    )


def run(config: Config, replicate: int) -> Iterator[StrategyFrame]:
    """Train the four arms in turn, a stretch each, so that their curves grow together."""
    drawn = draw(config, replicate)
    tests = {"digits": examples(drawn.test)}
    points = evaluation_points(config.steps)
    running = []
    for arm in arms(config):
        model = network(drawn, pretrained=arm.key != SCRATCH)
        start = training.snapshot(model)
        progress = training.train(model, rates(config, arm.key), batches(config, drawn), tests=tests, points=points)
        running.append((arm.key, model, start, progress))
    for _ in points:
        for key, model, start, progress in running:
            now = next(progress)
            yield StrategyFrame(
                replicate=replicate,
                arm=key,
                step=now.step,
                steps=config.steps,
                accuracy=now.accuracy["digits"],
                trainable_parameters=training.trainable_parameters(model),
                ms_per_step=now.ms_per_step,
                cache_ms=now.cache_ms,
                drift=training.relative_change(model, start),
            )


def network(drawn: Draw, *, pretrained: bool) -> models.SmallCNN:
    """The arm's network before training: the same new head for all, on a pretrained or a random backbone."""
    model = models.small_cnn(CLASSES, drawn.network_seed)
    if pretrained:
        weights = pretrain.letters(drawn.start)
        backbone = {name: tensor for name, tensor in weights.items() if not name.startswith("head.")}
        model.load_state_dict(backbone, strict=False)
    return model


def examples(rows: np.ndarray) -> training.Examples:
    """The digits in these rows, (N, 1, 28, 28), and their classes (N,)."""
    images, labels = data.mnist()
    return training.Examples(torch.from_numpy(images[rows]), torch.from_numpy(labels[rows]))


def batches(config: Config, drawn: Draw) -> training.Batches:
    """The labelled digits in the order in which all arms see them."""
    labelled = examples(drawn.labelled)
    shuffle = torch.Generator().manual_seed(drawn.order_seed)
    order = training.shuffled_order(len(labelled.targets), config.steps, BATCH, shuffle)
    return training.Batches(labelled, order)


def evaluation_points(steps: int) -> list[int]:
    """0 and twenty evenly spaced steps, the last one included."""
    return [int(point) for point in np.unique(np.linspace(0, steps, EVALUATIONS + 1).round())]


def warm() -> None:
    """Load data and weights, and pay for first calls, before a learner waits for them."""
    for seed in pretrain.SEEDS:
        pretrain.letters(seed)
    for _ in islice(run(Config(), 0), 2 * len(arms(Config()))):
        pass
