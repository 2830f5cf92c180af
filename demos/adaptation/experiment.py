"""Rendered digits with labels, real handwriting without: what the unlabelled images are worth, on the same draw.

Claimed: alignment on unlabelled target images (DANN) beats training on the source alone. The target's labels
reach two places only: the oracle's loss, and the accuracy. Measured figures and cost are with the presets in `lab.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import nn

from demos import data, training, transfer
from demos.adaptation import methods
from demos.adaptation.lab import ADABN, CORAL, DANN, ORACLE, SOURCE, AdaptationFrame, Config, FeatureMap, arms

DIGITS = "0123456789"
SOURCE_IMAGES, SOURCE_TEST = 3000, 300
TARGET_IMAGES = {"mnist": (1600, 800), "uci": (560, 280)}
"""Images to learn from and to test on. At full label shift twice as many of a class are needed: these are there."""

BATCH = 32
EVALUATIONS = 6
RATE = 1e-2
"""AdamW's rate for every arm, falling along a cosine to 0."""

MAP_POINTS = 150
"""Images of each domain in a feature map."""


@dataclass(frozen=True)
class Draw:
    """All that chance decides in a replicate. Every arm gets the same one."""

    source: training.Examples
    source_test: training.Examples
    target: training.Examples
    """To learn from, in random order; all arms but the oracle use the images alone."""
    target_test: training.Examples
    network_seed: int
    classifier_seed: int
    source_order: torch.Tensor
    target_order: torch.Tensor


def draw(config: Config, replicate: int) -> Draw:
    """Draw a replicate. Each choice has a random stream of its own."""
    streams = np.random.SeedSequence([config.seed, replicate]).spawn(6)
    glyphs, mix, network, classifier, source, target = (np.random.default_rng(stream) for stream in streams)
    rendered = data.render_glyphs(SOURCE_IMAGES + SOURCE_TEST, _generator(glyphs), characters=DIGITS)
    rows, test_rows = target_rows(config, mix)
    return Draw(
        source=training.Examples(*(part[:SOURCE_IMAGES] for part in rendered)),
        source_test=training.Examples(*(part[SOURCE_IMAGES:] for part in rendered)),
        target=_target_examples(config, rows),
        target_test=_target_examples(config, test_rows),
        network_seed=int(network.integers(2**31)),
        classifier_seed=int(classifier.integers(2**31)),
        source_order=training.shuffled_order(SOURCE_IMAGES, config.steps, BATCH, _generator(source)),
        target_order=training.shuffled_order(len(rows), config.steps, BATCH, _generator(target)),
    )


def _generator(stream: np.random.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(stream.integers(2**31)))


def target_rows(config: Config, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the target to learn from (in random order) and to test on, disjoint, both with the config's class mix.

    Which five digits are the frequent ones is drawn as well.
    """
    _, labels = methods.target_digits(config.target)
    counts = TARGET_IMAGES[config.target]
    learn, test = [], []
    for place, digit in enumerate(stream.permutation(transfer.CLASSES)):
        share = (1 + config.label_shift if place < 5 else 1 - config.label_shift) / transfer.CLASSES
        rows = stream.permutation(np.flatnonzero(labels == digit))
        learned, tested = (round(count * share) for count in counts)
        test.append(rows[:tested])
        learn.append(rows[tested : tested + learned])
    return stream.permutation(np.concatenate(learn)), np.concatenate(test)


def _target_examples(config: Config, rows: np.ndarray) -> training.Examples:
    images, labels = methods.target_digits(config.target)
    return training.Examples(torch.from_numpy(images[rows]), torch.from_numpy(labels[rows]))


@dataclass(frozen=True)
class Running:
    """An arm under way."""

    advance: Callable[[], object]
    """Takes its network to the next evaluation point."""
    network: Callable[[torch.Tensor], nn.Sequential]
    """The network as it stands, ready for the domain of these images: adapted ones take the domain's statistics."""


def start(config: Config, drawn: Draw, points: list[int]) -> dict[str, Running]:
    """The five arms before their first step. AdaBN has no training of its own: it follows the source-only network."""
    running = {}
    for key in (SOURCE, CORAL, DANN, ORACLE):
        model = methods.seeded(methods.BatchNormCNN, drawn.network_seed)
        progress = _train(config, drawn, key, model, points)
        swapped = partial(methods.with_statistics_of, model)
        running[key] = Running(partial(next, progress), swapped if key in (CORAL, DANN) else partial(_as_it_is, model))
        if key == SOURCE:
            running[ADABN] = Running(lambda: None, swapped)
    return running


def _as_it_is(model: nn.Sequential, _: torch.Tensor) -> nn.Sequential:
    return model


def _train(
    config: Config, drawn: Draw, arm: str, model: nn.Sequential, points: list[int]
) -> Iterator[training.Progress]:
    """The arm's training; every arm has the same start, rates, schedule and orders."""
    batches = training.Batches(drawn.source, drawn.source_order)
    classifier = methods.seeded(methods.domain_classifier, drawn.classifier_seed)
    loss, optimise = training.cross_entropy, training.make_optimiser
    streams = partial(methods.TwoStreams, images=drawn.target.inputs, order=drawn.target_order)
    if arm == ORACLE:
        batches = training.Batches(drawn.target, drawn.target_order)
    elif arm == CORAL:
        loss = streams(methods.coral_alignment(config.coral_weight))
    elif arm == DANN:
        loss = streams(methods.dann_alignment(classifier, config.dann_strength, config.ramp))
        optimise = partial(_optimise_both, classifier=classifier)
    rates = dict.fromkeys((name for name, _ in model.named_children()), RATE)
    cosine = partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=config.steps)
    return training.train(model, rates, batches, loss, tests={}, points=points, optimise=optimise, schedule=cosine)


def _optimise_both(model: nn.Sequential, rates: training.Rates, classifier: nn.Module) -> torch.optim.Optimizer:
    optimiser = training.make_optimiser(model, rates)
    optimiser.add_param_group({"params": list(classifier.parameters()), "lr": RATE})
    return optimiser


def run(config: Config, replicate: int) -> Iterator[AdaptationFrame]:
    """Train the arms in turn, a stretch each, so that their curves grow together."""
    drawn = draw(config, replicate)
    points = transfer.evaluation_points(config.steps, EVALUATIONS)
    running = start(config, drawn, points)
    for step in points:
        for arm in arms(config):
            running[arm.key].advance()
            network = running[arm.key].network(drawn.target.inputs)
            frame = AdaptationFrame(
                replicate=replicate,
                arm=arm.key,
                step=step,
                steps=config.steps,
                accuracy=training.evaluate(network, drawn.target_test),
            )
            yield frame if step < config.steps else _last(frame, running[arm.key], drawn)


# --- what is looked at once, at the end -------------------------------------------------------------------------------


def _last(frame: AdaptationFrame, arm: Running, drawn: Draw) -> AdaptationFrame:
    """The frame with what is measured once only. Each domain is seen as the arm would see it, with its statistics."""
    on_source, on_target = (arm.network(domain.inputs) for domain in (drawn.source, drawn.target))
    source, target = _features(on_source, drawn.source_test), _features(on_target, drawn.target_test)
    mapped = feature_map(source, drawn.source_test.targets, target, drawn.target_test.targets)
    return frame.model_copy(
        update={
            "source_accuracy": training.evaluate(on_source, drawn.source_test),
            "domain_accuracy": domain_accuracy(source, target),
            "feature_map": mapped if frame.replicate == 0 else None,
        }
    )


def _features(network: nn.Sequential, examples: training.Examples) -> torch.Tensor:
    """The features (N, 64) of the examples, in eval mode; training is over, so the network may stay in it."""
    backbone = nn.Sequential(*(block for name, block in network.named_children() if name != "head"))
    return training.through(backbone.eval(), examples).inputs


def domain_accuracy(source: torch.Tensor, target: torch.Tensor) -> float:
    """How well a linear classifier tells features (n, d) of the domains apart, in per cent; 50 is guessing.

    Least squares with a small ridge, fitted to every other image and judged on the rest; as many of each domain, so
    that guessing gives 50. The idea of the proxy A-distance (Ben-David et al. 2010).
    """
    count = min(len(source), len(target)) // 2 * 2
    # Target rows come class by class: take evenly spaced ones, so that every class is there.
    spread = torch.linspace(0, len(target) - 1, count).long()
    both = torch.stack([source[:count], target[spread]]).double()
    both = torch.cat([both, torch.ones(2, count, 1, dtype=torch.float64)], dim=2)
    sides = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    fit, judge = both[:, 0::2].flatten(0, 1), both[:, 1::2].flatten(0, 1)
    answer = sides.repeat_interleave(count // 2)
    ridge = 1e-3 * len(fit) * torch.eye(fit.shape[1], dtype=torch.float64)
    weights = torch.linalg.solve(fit.T @ fit + ridge, fit.T @ answer)
    return 100.0 * float(((judge @ weights > 0) == (answer > 0)).double().mean())


def feature_map(
    source: torch.Tensor, source_digits: torch.Tensor, target: torch.Tensor, target_digits: torch.Tensor
) -> FeatureMap:
    """`MAP_POINTS` images of each domain in the first two principal components of their common features (n, d)."""
    rows = [torch.linspace(0, len(part) - 1, MAP_POINTS).long() for part in (source, target)]
    both = torch.cat([source[rows[0]], target[rows[1]]]).double()
    both = both - both.mean(0)
    axes = torch.linalg.svd(both, full_matrices=False).Vh[:2]
    # A principal axis has no sign of its own: let its largest entry point up, so that a rerun looks the same.
    axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
    x, y = (both @ axes.T).T
    return FeatureMap(
        x=[round(float(value), 2) for value in x],
        y=[round(float(value), 2) for value in y],
        digit=torch.cat([source_digits[rows[0]], target_digits[rows[1]]]).tolist(),
        is_target=[False] * MAP_POINTS + [True] * MAP_POINTS,
    )


def warm() -> None:
    """Load data and pay for first calls, before a learner waits for them."""
    for _ in islice(run(Config(), 0), len(arms(Config())) + 1):
        pass
