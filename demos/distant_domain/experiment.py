"""Much data in a distant domain: a probe, fine-tuning and training from scratch on the same draw.

Claimed: with many labels, tuning every block beats a probe on the frozen features. Two transfers: a small network from
rendered letters to textures cut from photographs, and EfficientNet-Lite0 from ImageNet to handwritten digits. Besides,
a run measures how soon each arm reaches a level, and what a probe makes of the features after every block. What it does
not show, and what it costs, is listed in `lab.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from itertools import islice

from demos import pretrain, training, transfer
from demos.distant_domain import methods
from demos.distant_domain.lab import (
    FINE_TUNE,
    PIXELS,
    PROBE,
    RANDOM_PROBE,
    Config,
    DistantFrame,
    arms,
    evaluations,
    probe_block,
    rate,
)

TEST = "test"


def draw(config: Config, replicate: int) -> methods.Draw:
    """What chance decides in this replicate."""
    return methods.draw(config.transfer, config.seed, replicate, config.labels_per_class, config.steps)


def run(config: Config, replicate: int) -> Iterator[DistantFrame]:
    """Train the arms in turn, a stretch each, so that their curves grow together; then the probes at every depth."""
    drawn = draw(config, replicate)
    points = transfer.evaluation_points(config.steps, evaluations(config))
    # Features are computed when a probe is first asked for, so that the first frames do not wait for them.
    found = {
        arm: cache(partial(methods.features, drawn, config.transfer, pretrained=arm == PROBE))
        for arm in (PROBE, RANDOM_PROBE)
    }
    running = {
        arm.key: probe_arm(config, drawn, found[arm.key], points)
        if arm.key in found
        else train_network(config, drawn, arm.key, points)
        for arm in arms(config)
    }
    for point in points:
        for arm, progress in running.items():
            now = next(progress)
            depths = at_every_depth(config, drawn, arm, found[arm]()) if point == config.steps and arm in found else {}
            yield DistantFrame(
                replicate=replicate, arm=arm, step=now.step, steps=config.steps, accuracy=now.accuracy[TEST],
                ms_per_step=now.ms_per_step, depths=depths,
            )  # fmt: skip


def train_network(config: Config, drawn: methods.Draw, arm: str, points: list[int]) -> Iterator[training.Progress]:
    """Every block at one rate, from the pretrained weights or from random ones."""
    network = drawn.network(arm == FINE_TUNE)
    rates = dict.fromkeys((name for name, _ in network.named_children()), rate(config, arm))
    batches = training.Batches(drawn.train, drawn.order)
    return training.train(network, rates, batches, tests={TEST: drawn.test}, points=points)


def probe_arm(
    config: Config, drawn: methods.Draw, found: Callable[[], Mapping[str, methods.Features]], points: list[int]
) -> Iterator[training.Progress]:
    """A probe after the block that the dial names."""
    block = probe_block(config)
    yield from train_probe(config, drawn, found()[block], block, points)


def train_probe(
    config: Config, drawn: methods.Draw, found: methods.Features, block: str, points: list[int]
) -> Iterator[training.Progress]:
    """A linear head on features after `block`; same batches, steps and optimiser as the networks.

    The tuned rate is that of the pretrained network's probe after this block; features of a random one get it too.
    """
    head = methods.probe(found, drawn.base.network_seed)
    batches = training.Batches(found.train, drawn.order)
    return training.train(head, {"head": rate(config, block)}, batches, tests={TEST: found.test}, points=points)


def at_every_depth(
    config: Config, drawn: methods.Draw, arm: str, found: Mapping[str, methods.Features]
) -> dict[str, float]:
    """Final accuracy of a probe after every block; for the pretrained network also on the raw pixels."""
    places = {PIXELS: methods.pixels(drawn), **found} if arm == PROBE else found
    return {
        block: next(train_probe(config, drawn, features, block, [config.steps])).accuracy[TEST]
        for block, features in places.items()
    }


def warm() -> None:
    """Load letters and photographs before a learner waits for them. The ImageNet weights, which the default does not
    use, are left to the first run that does."""
    for seed in pretrain.SEEDS:
        pretrain.letters(seed)
    few = Config(labels_per_class=5)
    for _ in islice(run(few, 0), len(arms(few))):
        pass
