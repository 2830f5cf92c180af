"""The learning-rate lab: one start for all rates, what head first may move, diverged training, and the verdict."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch

from demos import training, transfer
from demos.learning_rate import experiment, figure, lab
from demos.style import LIGHT


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def short() -> tuple[lab.Config, list[lab.RateFrame]]:
    torch.set_num_threads(1)
    config = lab.Config(seed=41, replicates=2, steps=20, labels_per_class=20)
    return config, [frame for r in range(2) for frame in experiment.run(config, r)]


def test_rates_are_exact_shares_of_the_high_rate() -> None:
    assert [lab.rate(lab.Config(), arm.key) for arm in lab.arms(lab.Config())] == [1e-4, 1e-3, 1e-2, 3e-2, 1e-1]


def test_all_rates_start_from_the_same_network(short: tuple[lab.Config, list[lab.RateFrame]]) -> None:
    for replicate in range(2):
        first = [f for f in short[1] if f.replicate == replicate and f.step == 0]
        assert len(first) == len(lab.SHARE)
        assert len({(f.source, f.target) for f in first}) == 1
        assert all(set(f.drift.values()) == {0.0} for f in first)


def test_all_arms_train_the_network_that_was_tested_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    tested, trained = [], []
    original = training.evaluate, training.train

    def evaluate(model: Any, examples: Any) -> float:
        tested.append(training.snapshot(model))
        return original[0](model, examples)

    def train(model: Any, *arguments: Any, **options: Any) -> Any:
        if options["tests"]:  # not the head that learns alone
            trained.append(training.snapshot(model))
        return original[1](model, *arguments, **options)

    monkeypatch.setattr(training, "evaluate", evaluate)
    monkeypatch.setattr(training, "train", train)
    next(experiment.run(lab.Config(head_first=True, labels_per_class=5), 0))
    assert len(trained) == len(lab.SHARE)
    assert all(torch.equal(model[block], tested[0][block]) for model in trained for block in lab.BLOCKS)


def test_the_higher_the_rate_the_further_the_weights_move(short: tuple[lab.Config, list[lab.RateFrame]]) -> None:
    stems = [figure.plots.mean_drift(short[1], key, lab.BLOCKS)["stem"] for key in lab.SHARE]
    assert stems == sorted(stems) and stems[0] > 0


def test_head_first_moves_the_head_alone() -> None:
    drawn = transfer.draw(5, 0, 5)
    plain = experiment.start(lab.Config(), drawn).state_dict()
    probed = experiment.start(lab.Config(head_first=True), drawn).state_dict()
    moved = {name for name in plain if not torch.equal(plain[name], probed[name])}
    assert moved == {"head.weight", "head.bias"}


def test_the_source_is_tested_with_the_old_head_and_training_is_not_disturbed() -> None:
    drawn = transfer.draw(6, 0, 5)
    model = transfer.network(drawn)
    before = training.snapshot(model)
    assert transfer.source_accuracy(model, drawn.start) > 85
    assert set(training.relative_change(model, before).values()) == {0.0}


def test_diverged_changes_become_numbers() -> None:
    made = experiment.finite({"a": math.nan, "b": math.inf, "c": 0.5})
    assert made == {"a": experiment.LARGEST, "b": experiment.LARGEST, "c": 0.5}


def test_the_highest_rate_ends_in_frames_that_json_has() -> None:
    config = lab.Config(seed=7, high_rate=1.0, steps=20, labels_per_class=5)
    for frame in experiment.run(config, 0):
        json.dumps(frame.model_dump(), allow_nan=False)


def test_the_verdict_compares_a_tenth_with_the_high_rate() -> None:
    config = lab.Config(replicates=2)
    kept = {lab.THOUSANDTH: 92, lab.HUNDREDTH: 88, lab.TENTH: 80, lab.THIRD: 60, lab.HIGH: 5}
    frames = [
        lab.RateFrame(
            replicate=r, arm=key, step=100, steps=100, rate=1, source=value + r, target=50,
            drift=dict.fromkeys(lab.BLOCKS, 1.0),
        )
        for r in range(2)
        for key, value in kept.items()
    ]  # fmt: skip
    verdict = lab.verdict(config, frames)
    assert (verdict.outcome, verdict.effect) == ("holds", 75)
    assert "75.0 points" in figure.alt_text(config, frames)


def test_pictures_stand_half_a_run(short: tuple[lab.Config, list[lab.RateFrame]]) -> None:
    config, frames = short
    for part in ([], frames[:3], frames[: len(frames) // 2 + 3], frames):
        figure.figure(config, part, LIGHT)
        figure.extras(config, part, LIGHT)
        assert figure.alt_text(config, part)
        assert len(figure.table(config, part)) == len(lab.SHARE)
