"""Learning curves of three strategies on the same draw: accuracy against labels per class, and where two cross.

Claimed: with two labels per class, a probe beats fine-tuning every block at one rate. Expect a lead of about 11 points
at 1 label per class, 9 at 2, 3 at 5, and 2 the other way from 20 on (30 draws; at 2 labels 120). A replicate of
letters to digits trains eight networks and twelve probes. What it does not show is listed in `lab.py`.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from demos import pretrain, training
from demos.small_data.lab import FINE_TUNE, PROBE, PROBE_HEAD, SCRATCH, Config, CurveFrame, order, scratch_counts
from demos.small_data.tasks import Task, draw
from demos.training import Batches, Examples

FITTED_PER_CLASS = 10
"""Images of each class on which the fit to the labelled images is measured; all of them would take too long."""


@dataclass(frozen=True)
class Measured:
    """Accuracy in per cent on the test images and on those that were learned from."""

    test: float
    fitted: float


def run(config: Config, replicate: int) -> Iterator[CurveFrame]:
    """Train the arms on one number of labels after the other, the judged one first. Every network starts anew."""
    task = draw(config, replicate)
    counts, with_scratch = order(config), scratch_counts(config)
    for done, labels in enumerate(counts, start=1):
        for arm, measured, similarity in _arms(config, task, labels, with_scratch=labels in with_scratch):
            yield CurveFrame(
                replicate=replicate, arm=arm, step=done, steps=len(with_scratch if arm == SCRATCH else counts),
                labels_per_class=labels, accuracy=measured.test, fitted=measured.fitted, similarity=similarity,
            )  # fmt: skip


def _arms(
    config: Config, task: Task, labels: int, *, with_scratch: bool
) -> Iterator[tuple[str, Measured, float | None]]:
    """Each arm's key, what it reaches with so many labels, and the measured similarity beside the probe."""
    recipe = task.recipe
    tuned, scratch = task.network(True), task.network(False)
    head = copy.deepcopy(tuned.get_submodule("head"))
    probe = train_probe(task, head, labels, pretrained=True)
    reference = train_probe(task, copy.deepcopy(scratch.get_submodule("head")), labels, pretrained=False)
    yield PROBE, probe, round(probe.test - reference.test, 3)
    rate = recipe.fine_tune_rate
    if config.head_start == PROBE_HEAD:
        tuned.get_submodule("head").load_state_dict(head.state_dict())
        rate = recipe.rate_from_probe
    yield FINE_TUNE, train_whole(task, tuned, labels, rate, recipe.loss), None
    if with_scratch:
        yield SCRATCH, train_whole(task, scratch, labels, recipe.scratch_rate, training.cross_entropy), None


def train_probe(task: Task, head: nn.Module, labels: int, *, pretrained: bool) -> Measured:
    """Train `head` in place on frozen features of the first `labels` images of each class."""
    labelled, test = task.pretrained_features if pretrained else task.random_features
    model = nn.Sequential(OrderedDict(head=head))
    rates = {"head": task.recipe.probe_rate}
    return _train(model, rates, task, labels, labelled, test, task.recipe.probe_steps, training.cross_entropy)


def train_whole(task: Task, model: nn.Sequential, labels: int, rate: float, loss: training.Loss) -> Measured:
    """Train every block of `model` in place at one rate on the first `labels` images of each class."""
    rates = {name: rate for name, _ in model.named_children()}
    return _train(model, rates, task, labels, task.labelled, task.test, task.recipe.steps, loss)


def _train(
    model: nn.Sequential, rates: training.Rates, task: Task, labels: int, labelled: Examples, test: Examples,
    steps: int, loss: training.Loss,
) -> Measured:  # fmt: skip
    some = task.rows(min(labels, FITTED_PER_CLASS))
    tests = {"test": test, "fitted": Examples(labelled.inputs[some], labelled.targets[some])}
    batches = Batches(labelled, task.order(labels, steps))
    accuracy = next(training.train(model, rates, batches, loss, tests=tests, points=[steps])).accuracy
    return Measured(test=accuracy["test"], fitted=accuracy["fitted"])


def warm() -> None:
    """Load data and weights, and pay for first calls, before a learner waits for them."""
    for seed in pretrain.SEEDS:
        pretrain.letters(seed)
    next(run(Config(), 0))
