"""The adaptation lab: the losses against naive ones, and that no target label is learned from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from demos import training, transfer
from demos.adaptation import experiment, figure, lab, methods
from demos.style import DARK, LIGHT

ARMS = [lab.SOURCE, lab.ADABN, lab.CORAL, lab.DANN, lab.ORACLE]
LABEL_FREE = [lab.SOURCE, lab.ADABN, lab.CORAL, lab.DANN]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def short() -> tuple[lab.Config, list[lab.AdaptationFrame]]:
    torch.set_num_threads(1)
    config = lab.Config(seed=41, replicates=2, steps=20)
    return config, [frame for r in range(2) for frame in experiment.run(config, r)]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# --- the methods against naive references -----------------------------------------------------------------------------


def test_coral_is_the_naive_distance_of_covariances() -> None:
    source, target = noise(9, 4).double(), 2 * noise(7, 4, seed=1).double() + 3
    total = 0.0
    for i in range(4):
        for j in range(4):
            cells = []
            for part in (source, target):
                a, b = part[:, i] - part[:, i].mean(), part[:, j] - part[:, j].mean()
                cells.append(float(sum(x * y for x, y in zip(a, b, strict=True))) / (len(part) - 1))
            total += (cells[0] - cells[1]) ** 2
    assert float(methods.coral(source, target)) == pytest.approx(total / (4 * 4**2))
    assert float(methods.coral(source, source + 5)) == pytest.approx(0, abs=1e-12), "means do not count"


@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_reversal_is_the_identity_forwards_and_minus_strength_backwards(strength: float) -> None:
    inputs, head = noise(8, 16).requires_grad_(), noise(16, seed=1)
    assert torch.equal(methods.reverse_gradient(inputs, strength), inputs)
    plain, reversed_ = (
        torch.autograd.grad((f @ head).sigmoid().log().sum(), inputs)[0]
        for f in (inputs, methods.reverse_gradient(inputs, strength))
    )
    assert torch.allclose(reversed_, -strength * plain)


def test_the_domain_classifier_descends_while_the_features_ascend() -> None:
    classifier = methods.seeded(methods.domain_classifier, 1)
    source, target = noise(6, 64).requires_grad_(), noise(6, 64, seed=1)
    align = methods.dann_alignment(classifier, 0.5, ramped=False)
    inputs = [source, *classifier.parameters()]
    through = torch.autograd.grad(align(source, target, 0.0), inputs)
    logits = classifier(torch.cat([source, target]))[:, 0]
    domains = torch.tensor([0.0] * 6 + [1.0] * 6)
    plain = torch.autograd.grad(nn.functional.binary_cross_entropy_with_logits(logits, domains), inputs)
    assert torch.allclose(through[0], -0.5 * plain[0])
    assert all(torch.allclose(a, b) for a, b in zip(through[1:], plain[1:], strict=True))


def test_the_ramp_is_the_papers_formula() -> None:
    assert methods.ramp(0) == 0
    assert methods.ramp(0.5) == pytest.approx((1 - np.exp(-5)) / (1 + np.exp(-5)))
    assert 0.9999 < methods.ramp(1) < 1
    align = methods.dann_alignment(methods.seeded(methods.domain_classifier, 1), 1.0, ramped=True)
    features = noise(4, 64).requires_grad_()
    assert torch.autograd.grad(align(features, features.detach(), 0.0), features)[0].abs().max() == 0


def test_swapped_statistics_are_those_of_the_images_and_nothing_else_changes() -> None:
    network = methods.seeded(methods.BatchNormCNN, 3)
    images = 3 * noise(300, 1, 28, 28) + 1
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    swapped = methods.with_statistics_of(network, images)
    with torch.no_grad():
        outputs = network.stem[0](images)
    norm = swapped.stem[1]
    assert torch.allclose(norm.running_mean, outputs.mean((0, 2, 3)), atol=1e-5)
    parts = torch.stack([part.var((0, 2, 3)) for part in outputs.split(training.EVALUATION_BATCH)])
    assert torch.allclose(norm.running_var, parts.mean(0), rtol=1e-4)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    for name, parameter in swapped.named_parameters():
        assert torch.equal(parameter, before[name])
    assert not any(module.training for module in swapped.modules())


def test_seeding_leaves_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    one, same = (methods.seeded(methods.BatchNormCNN, 5) for _ in range(2))
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert sum(p.numel() for p in one.parameters()) == 47_930


def test_separable_domains_are_told_apart_and_equal_ones_are_not() -> None:
    apart = experiment.domain_accuracy(noise(300, 8), noise(300, 8, seed=1) + 3)
    alike = experiment.domain_accuracy(noise(300, 8), noise(300, 8, seed=1))
    assert apart > 98 and 40 < alike < 60


# --- the draw, and the labels that must not be seen -------------------------------------------------------------------


@pytest.mark.parametrize("target", ["uci", "mnist"])
@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0])
def test_the_target_has_the_mix_that_the_dial_says(target: Any, shift: float) -> None:
    _, labels = methods.target_digits(target)
    config = lab.Config(target=target, label_shift=shift)
    rows, test_rows = experiment.target_rows(config, np.random.default_rng(4))
    assert not set(rows) & set(test_rows)
    for part, count in zip((rows, test_rows), experiment.TARGET_IMAGES[target], strict=True):
        got = sorted(np.bincount(labels[part], minlength=10).tolist())
        assert len(part) == count
        assert got == [round(count * (1 - shift) / 10)] * 5 + [round(count * (1 + shift) / 10)] * 5


def test_uci_digits_are_scaled_like_mnists() -> None:
    images, labels = methods.uci_digits()
    assert images.shape == (1797, 1, 28, 28) and images.dtype == np.float32 and labels.dtype == np.int64
    assert images.min() == 0 and images.max() <= 1 and not images[:, :, :4].any()
    assert not images.flags.writeable


def test_permuted_target_labels_change_the_oracle_and_nothing_that_the_others_learn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = lab.Config(seed=7, steps=20)
    drawn = experiment.draw(config, 0)
    turned = (drawn.target.targets + 1) % 10
    blind = experiment.Draw(**{**vars(drawn), "target": training.Examples(drawn.target.inputs, turned)})
    states = []
    for one in (drawn, blind):
        points = [0, 20]
        running = experiment.start(config, one, points)
        for _ in points:
            for arm in ARMS:
                running[arm].advance()
        states.append({arm: running[arm].network(one.target.inputs).state_dict() for arm in ARMS})
    for arm in ARMS:
        equal = [torch.equal(states[0][arm][name], states[1][arm][name]) for name in states[0][arm]]
        assert all(equal) is (arm in LABEL_FREE), arm


def test_source_only_and_adabn_never_see_a_target_image_while_training() -> None:
    config = lab.Config(seed=7, steps=20)
    drawn = experiment.draw(config, 0)
    other = experiment.Draw(
        **{**vars(drawn), "target": training.Examples(1 - drawn.target.inputs, drawn.target.targets)}
    )
    weights = []
    for one in (drawn, other):
        running = experiment.start(config, one, [20])
        for arm in ARMS:
            running[arm].advance()
        weights.append({arm: [p.clone() for p in running[arm].network(one.target.inputs).parameters()] for arm in ARMS})
    for arm in ARMS:
        same = all(torch.equal(a, b) for a, b in zip(weights[0][arm], weights[1][arm], strict=True))
        assert same is (arm in (lab.SOURCE, lab.ADABN)), arm


def test_at_strength_zero_nothing_but_the_running_statistics_differs_from_source_only() -> None:
    config = lab.Config(seed=7, steps=20, coral_weight=0.0, dann_strength=0.0)
    drawn = experiment.draw(config, 0)
    running = experiment.start(config, drawn, [20])
    for arm in ARMS:
        running[arm].advance()
    source, *others = (list(running[arm].network(drawn.target.inputs).parameters()) for arm in LABEL_FREE)
    for other in others:
        assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(source, other, strict=True))


# --- frames, results, pictures ----------------------------------------------------------------------------------------


def test_arms_advance_in_turn_and_frames_survive_json(short: tuple[lab.Config, list[lab.AdaptationFrame]]) -> None:
    config, frames = short
    first = [frame for frame in frames if frame.replicate == 0]
    assert [frame.arm for frame in first] == ARMS * (experiment.EVALUATIONS + 1)
    assert [frame.step for frame in first[::5]] == transfer.evaluation_points(config.steps, experiment.EVALUATIONS)
    for frame in frames:
        json.dumps(frame.model_dump(), allow_nan=False)
        last = frame.step == config.steps
        assert (frame.domain_accuracy is not None) is (frame.source_accuracy is not None) is last
        assert (frame.feature_map is not None) is (last and frame.replicate == 0)
    points = first[-1].feature_map
    assert points is not None and len(points.x) == len(points.y) == len(points.digit) == 2 * experiment.MAP_POINTS
    assert sum(points.is_target) == experiment.MAP_POINTS


def made_up(finals: dict[str, list[float]], steps: int = 20) -> list[lab.AdaptationFrame]:
    return [
        lab.AdaptationFrame(replicate=r, arm=arm, step=steps, steps=steps, accuracy=value)
        for arm, values in finals.items()
        for r, value in enumerate(values)
    ]


def test_the_gap_runs_from_source_only_to_the_oracle() -> None:
    config = lab.Config(replicates=2)
    finals = dict(zip(ARMS, ([60, 50], [60, 60], [70, 60], [80, 90], [100, 90]), strict=True))
    frames = made_up(finals)
    closed = lab.gap_closed(config, frames)
    assert closed[lab.SOURCE] == (0, 0) and np.mean(closed[lab.ORACLE]) == 100
    assert np.mean(closed[lab.ADABN]) == pytest.approx(12.5) and np.mean(closed[lab.DANN]) == pytest.approx(75)
    assert lab.verdict(config, frames).effect == pytest.approx(30)
    text = figure.alt_text(config, frames)
    assert "DANN 85.0 %" in text and "DANN 75 %" in text
    assert lab.gap_closed(config, made_up({key: [50.0, 50.0] for key in ARMS})) == {}
    assert lab.gap_closed(config, []) == {}


@pytest.mark.parametrize("count", [0, 1, 7, 110])
def test_pictures_stand_a_run_that_has_only_begun(
    short: tuple[lab.Config, list[lab.AdaptationFrame]], count: int
) -> None:
    config, frames = short
    for theme in (LIGHT, DARK):
        figure.figure(config, frames[:count], theme)
        assert len(figure.extras(config, frames[:count], theme)) == (count == 110)
    assert figure.alt_text(config, frames[:count]) and len(figure.table(config, frames[:count])) == 5


@pytest.mark.parametrize(
    "wrong",
    [{"target": "usps"}, {"label_shift": 1.1}, {"coral_weight": -1}, {"dann_strength": 11}, {"steps": 10}],
)
def test_dials_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        lab.Config.model_validate(wrong)


def test_too_strong_an_adversary_still_gives_finite_frames() -> None:
    config = lab.Config(seed=6, steps=20, dann_strength=10.0, coral_weight=3000.0, ramp=False, label_shift=1.0)
    for frame in experiment.run(config, 0):
        json.dumps(frame.model_dump(), allow_nan=False)
