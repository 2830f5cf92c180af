"""The move that most labs make: from 52 rendered letters to 10 real digits, and what is kept of the letters.

A replicate draws everything anew: pretrained start, labelled digits, test digits, head, order. All arms of a replicate
get the same `Draw`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import nn

from demos import data, models, pretrain, training

CLASSES = 10
TEST_PER_CLASS = 50
VALIDATION_PER_CLASS = 50
BATCH = 32
EVALUATIONS = 20


@dataclass(frozen=True)
class Draw:
    """All that chance decides in a replicate. Every arm gets the same one."""

    start: int
    """Which of the pretrained starts."""
    network_seed: int
    """For the new head, and for all blocks of an arm that starts from scratch."""
    order_seed: int
    labelled: np.ndarray
    """Rows of `mnist()` to learn from, (10 * labels_per_class,), class by class."""
    unused: np.ndarray
    """Rows that are neither learned from nor tested on, for choosing learning rates."""
    test: np.ndarray
    """Rows to test on, (500,), disjoint from the other two."""


def draw(seed: int, replicate: int, labels_per_class: int) -> Draw:
    """Draw a replicate. Each choice has a random stream of its own: turning one dial leaves the others' draw alone,
    and fewer labels are a subset of more labels."""
    streams = np.random.SeedSequence([seed, replicate]).spawn(4)
    start, network, split, order = (np.random.default_rng(stream) for stream in streams)
    _, labels = data.mnist()
    rows = [split.permutation(np.flatnonzero(labels == digit)) for digit in range(CLASSES)]
    last = TEST_PER_CLASS + labels_per_class
    return Draw(
        start=int(start.integers(len(pretrain.SEEDS))),
        network_seed=int(network.integers(2**31)),
        order_seed=int(order.integers(2**31)),
        test=np.concatenate([r[:TEST_PER_CLASS] for r in rows]),
        labelled=np.concatenate([r[TEST_PER_CLASS:last] for r in rows]),
        unused=np.concatenate([r[last:] for r in rows]),
    )


def validation_rows(drawn: Draw, per_class: int = VALIDATION_PER_CLASS) -> np.ndarray:
    """The first unused rows of each class, (10 * per_class,): none is learned from or tested on in this draw."""
    _, labels = data.mnist()
    return np.concatenate([drawn.unused[labels[drawn.unused] == digit][:per_class] for digit in range(CLASSES)])


def fewer_test_rows(drawn: Draw, per_class: int) -> np.ndarray:
    """The first so many test rows of each class, (10 * per_class,): for a test that is taken often."""
    return drawn.test.reshape(CLASSES, -1)[:, :per_class].ravel()


def network(drawn: Draw, *, pretrained: bool = True, classes: int = CLASSES) -> models.SmallCNN:
    """The network before training: a new head (the draw's) on the letters' backbone, or on a random one."""
    model = models.small_cnn(classes, drawn.network_seed)
    if pretrained:
        weights = pretrain.letters(drawn.start)
        backbone = {name: tensor for name, tensor in weights.items() if not name.startswith("head.")}
        model.load_state_dict(backbone, strict=False)
    return model


def examples(rows: np.ndarray) -> training.Examples:
    """The digits in these rows of `data.mnist()`, (N, 1, 28, 28), and their classes (N,)."""
    images, labels = data.mnist()
    return training.Examples(torch.from_numpy(images[rows]), torch.from_numpy(labels[rows]))


def batches(drawn: Draw, steps: int, batch: int = BATCH) -> training.Batches:
    """The labelled digits in the order in which all arms see them."""
    labelled = examples(drawn.labelled)
    shuffle = torch.Generator().manual_seed(drawn.order_seed)
    return training.Batches(labelled, training.shuffled_order(len(labelled.targets), steps, batch, shuffle))


def evaluation_points(steps: int, evaluations: int | None = None) -> list[int]:
    """0 and `evaluations` (`EVALUATIONS` if None) evenly spaced steps, the last one included."""
    count = EVALUATIONS if evaluations is None else evaluations
    return [int(point) for point in np.unique(np.linspace(0, steps, count + 1).round())]


# --- what is kept of the source ---------------------------------------------------------------------------------------


def source_network(model: nn.Sequential, start: int) -> nn.Sequential:
    """`model` with its digit head exchanged for the letters' own head: what it still knows of the source.

    The backbone blocks are shared, not copied: evaluate this between training steps to follow forgetting. The head is
    that of pretraining, untouched by the transfer (the set-up of Li & Hoiem 2016, arXiv 1606.09282).
    """
    blocks = OrderedDict((name, block) for name, block in model.named_children() if name != "head")
    return nn.Sequential(OrderedDict(**blocks, head=letter_head(start)))


def source_accuracy(model: nn.Sequential, start: int) -> float:
    """What `model` still knows of the source now, between two training steps: accuracy (%) on `source_examples`."""
    return training.evaluate(source_network(model, start), source_examples())


@cache
def letter_head(start: int) -> nn.Linear:
    """The letters' classifier of pretrained start number `start`, frozen; shared."""
    weights = pretrain.letters(start)
    head = nn.utils.skip_init(nn.Linear, weights["head.weight"].shape[1], len(data.LETTERS))  # draws nothing
    head.load_state_dict({"weight": weights["head.weight"], "bias": weights["head.bias"]})
    return head.requires_grad_(False)


@cache
def source_examples(count: int = 520, seed: int = 771_000) -> training.Examples:
    """Freshly rendered letters, (count, 1, 28, 28), that no pretraining has seen; the same ones for everybody."""
    images, classes = data.render_glyphs(count, torch.Generator().manual_seed(seed))
    return training.Examples(images, classes)
