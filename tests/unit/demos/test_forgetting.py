"""The forgetting lab: the cures against naive or autograd references, what arms share, and what is shown."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from pydantic import ValidationError
from torch import nn

from demos import data, models, pretrain, training, transfer
from demos.forgetting import experiment, figure, lab, methods
from demos.style import DARK, LIGHT
from demos.verdict import paired_verdict

ARMS = [arm.key for arm in lab.arms(lab.Config())]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def short() -> tuple[lab.Config, list[lab.ForgettingFrame]]:
    torch.set_num_threads(1)
    config = lab.Config(seed=51, replicates=2, steps=20)
    return config, [frame for r in range(2) for frame in experiment.run(config, r)]


@pytest.fixture
def start() -> models.SmallCNN:
    return transfer.network(transfer.draw(52, 0, 5))


@pytest.fixture
def letters_network() -> models.SmallCNN:
    model = models.small_cnn(len(data.LETTERS), 0)
    model.load_state_dict(pretrain.letters(0))
    return model


def some(count: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    return data.render_glyphs(count, torch.Generator().manual_seed(seed))


# --- anchors ----------------------------------------------------------------------------------------------------------


def test_the_fisher_is_the_mean_of_squared_single_gradients(letters_network: models.SmallCNN) -> None:
    images, _ = some(12)
    fisher = methods.fisher_diagonal(letters_network, images, torch.Generator().manual_seed(3))
    drawn = torch.multinomial(letters_network(images).softmax(1), 1, generator=torch.Generator().manual_seed(3))
    naive = {name: torch.zeros_like(p) for name, p in letters_network.named_parameters()}
    for image, label in zip(images, drawn.squeeze(1), strict=True):
        letters_network.zero_grad()
        (-letters_network(image[None]).log_softmax(1)[0, label]).backward()
        for name, parameter in letters_network.named_parameters():
            naive[name] += parameter.grad**2 / len(images)  # type: ignore[operator]
    assert set(fisher) == {name for name in naive if not name.startswith("head.")}
    for name, values in fisher.items():
        torch.testing.assert_close(values, naive[name], rtol=1e-4, atol=1e-9)
        assert (values >= 0).all()


def test_labels_for_the_fisher_come_from_the_model_not_the_data(letters_network: models.SmallCNN) -> None:
    """Where the model is sure of a wrong class, the empirical Fisher would be large, and the Fisher is small."""
    images, _ = some(8)
    with torch.no_grad():
        letters_network.head.bias[0] += 50.0
    fisher = methods.fisher_diagonal(letters_network, images, torch.Generator().manual_seed(3))
    assert max(float(values.max()) for values in fisher.values()) < 1e-6


def one_step(model: nn.Sequential, importance: methods.Importance, strength: float, rate: float) -> None:
    """A step on a loss whose gradient is 0: the pull alone."""
    optimiser = methods.anchored_sgd(importance, strength)(model, dict.fromkeys(lab.BLOCKS, rate))
    start = [p.detach().clone() for p in model.parameters()]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += torch.randn(parameter.shape, generator=torch.Generator().manual_seed(5))
    moved = [p.detach().clone() for p in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    for (name, parameter), before, away in zip(model.named_parameters(), start, moved, strict=True):
        if name not in importance:
            assert torch.equal(parameter, away), "the new head is free"
            continue
        # What the proximal operator is defined as: the minimum of its objective has gradient 0.
        at = parameter.detach().double().requires_grad_()
        weight = rate * strength / (1 - methods.MOMENTUM) * importance[name]
        objective = 0.5 * ((at - away) ** 2).sum() + 0.5 * (weight * (at - before) ** 2).sum()
        (gradient,) = torch.autograd.grad(objective, at)
        scale = float((1 + weight).max()) * float(away.abs().max())
        assert gradient.abs().max() < 1e-6 * scale


@pytest.mark.parametrize("strength", [0.1, 1e4])
def test_a_pull_is_the_proximal_operator_of_its_penalty(start: models.SmallCNN, strength: float) -> None:
    importance = {name: torch.rand(p.shape, generator=torch.Generator().manual_seed(1))
                  for name, p in start.named_parameters() if not name.startswith("head.")}  # fmt: skip
    one_step(start, importance, strength, rate=0.03)


def test_l2_sp_pulls_all_weights_back_by_the_same_share(start: models.SmallCNN) -> None:
    one_step(start, methods.equal_importance(start), 0.5, rate=0.02)


@pytest.mark.parametrize("momentum_steps", [2000])
def test_an_anchored_run_rests_where_the_penalised_loss_does(momentum_steps: int) -> None:
    """On L(w) = (w - 1)' diag(a) (w - 1) / 2 from w0 = 0 the penalised minimum is a / (a + strength * importance)."""
    curvature, importance, strength = torch.tensor([1.0, 2.0, 0.5]), torch.tensor([0.0, 1.0, 300.0]), 2.0
    weight = nn.Parameter(torch.zeros(3))
    optimiser = methods.AnchoredSGD([{"params": [weight], "lr": 0.05}], {weight: strength * importance})
    for _ in range(momentum_steps):
        weight.grad = curvature * (weight.detach() - 1)
        optimiser.step()
    expected = curvature / (curvature + strength * importance)
    torch.testing.assert_close(weight.detach(), expected, rtol=1e-4, atol=1e-6)


def test_the_pull_follows_a_schedule_and_survives_the_training_loop(start: models.SmallCNN) -> None:
    """With an unbounded strength nothing anchored moves, although every block is trained, by torch's schedule too."""
    drawn = transfer.draw(52, 0, 5)
    before = {name: p.detach().clone() for name, p in start.named_parameters()}
    huge = methods.anchored_sgd(methods.equal_importance(start), 1e12)
    schedule = experiment.cosine(10)
    run = training.train(
        start, dict.fromkeys(lab.BLOCKS, 0.03), transfer.batches(drawn, 10), tests={}, points=[10], optimise=huge,
        schedule=schedule,
    )  # fmt: skip
    list(run)
    for name, parameter in start.named_parameters():
        moved = float((parameter - before[name]).detach().abs().max())
        assert moved < 1e-6 if not name.startswith("head.") else moved > 1e-3


# --- distillation and replay ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("strength", "temperature"), [(1.0, 2.0), (0.3, 1.0)])
def test_distillation_is_its_formula(start: models.SmallCNN, strength: float, temperature: float) -> None:
    images, _ = some(6)
    labels, rows = torch.arange(6), torch.tensor([4, 0, 3])
    old_logits = torch.randn(6, 52, generator=torch.Generator().manual_seed(2))
    head = transfer.letter_head(0)
    loss = methods.distillation(labels, old_logits, head, strength, temperature)(start, images[rows], rows)
    seen = methods.features(start, images[rows])
    old = (old_logits[rows] / temperature).softmax(1)
    now = (head(seen) / temperature).softmax(1)
    kept = temperature**2 * (old * (old.log() - now.log())).sum(1).mean()
    expected = (F.cross_entropy(start(images[rows]), labels[rows]) + strength * kept) / (1 + strength)
    torch.testing.assert_close(loss, expected)


def test_distillation_starts_without_a_term_for_the_old_task(start: models.SmallCNN) -> None:
    drawn = transfer.draw(52, 0, 5)
    batches = transfer.batches(drawn, 3)
    outputs = training.through(transfer.source_network(start, drawn.start), batches.examples).inputs
    with_term = methods.distillation(batches.examples.targets, outputs, transfer.letter_head(drawn.start), 1.0)
    rows = batches.order[0]
    torch.testing.assert_close(
        with_term(start, batches.examples.inputs[rows], methods.numbered(batches).examples.targets[rows]) * 2,
        training.cross_entropy(start, batches.examples.inputs[rows], batches.examples.targets[rows]),
    )


def test_replay_is_the_weighted_loss_of_two_separate_passes(start: models.SmallCNN) -> None:
    images, classes = some(9)
    memory = training.Examples(images, classes)
    order = torch.tensor([[0, 5], [7, 2]])
    head = transfer.letter_head(1)
    loss = methods.replay(memory, order, head, 0.5)
    digits = torch.arange(4)
    for rows in order:
        old = F.cross_entropy(head(methods.features(start, images[rows])), classes[rows])
        new = F.cross_entropy(start(images[:4]), digits)
        torch.testing.assert_close(loss(start, images[:4], digits), (new + 0.5 * old) / 1.5)


# --- adapters and interpolation ---------------------------------------------------------------------------------------


def adapted(start: models.SmallCNN) -> models.SmallCNN:
    """With branches that are no longer 0."""
    model = models.small_cnn(transfer.CLASSES, 0)
    model.load_state_dict(start.state_dict())
    methods.add_adapters(model, rank=3, scale=0.5, seed=1)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, methods.LowRank):
                module.up.normal_(generator=torch.Generator().manual_seed(4))
    return model


def test_a_new_adapter_changes_nothing_and_a_removed_one_leaves_the_start(start: models.SmallCNN) -> None:
    images, _ = some(5)
    fresh = models.small_cnn(transfer.CLASSES, 0)
    fresh.load_state_dict(start.state_dict())
    methods.add_adapters(fresh, rank=3, scale=0.5, seed=1)
    torch.testing.assert_close(fresh(images), start(images))
    plain = methods.removed(adapted(start), start)
    assert {name: tensor.shape for name, tensor in plain.state_dict().items()} == {
        name: tensor.shape for name, tensor in start.state_dict().items()
    }
    assert all(torch.equal(tensor, start.state_dict()[name]) for name, tensor in plain.state_dict().items())


def test_a_merged_adapter_is_the_branch_beside_the_convolution(start: models.SmallCNN) -> None:
    images, _ = some(5)
    model = adapted(start)
    torch.testing.assert_close(methods.merged(model, start)(images), model(images))
    convolution, branch = start.stage1[0], model.stage1[0].parametrizations.weight[0]  # type: ignore[index,union-attr]
    x = torch.randn(2, 16, 14, 14, generator=torch.Generator().manual_seed(1))
    down = F.conv2d(x, branch.down.view(3, 16, 3, 3), stride=2, padding=1)
    beside = convolution(x) + branch.scale * F.conv2d(down, branch.up[:, :, None, None])  # type: ignore[operator]
    torch.testing.assert_close(model.stage1[0](x), beside, rtol=1e-4, atol=1e-4)  # type: ignore[index,operator]


def test_only_branches_and_head_learn(start: models.SmallCNN) -> None:
    drawn = transfer.draw(52, 0, 5)
    model = adapted(start)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    run = training.train(
        model, dict.fromkeys(lab.BLOCKS, 0.03), transfer.batches(drawn, 5), tests={}, points=[5],
        optimise=methods.adapter_sgd,
    )  # fmt: skip
    list(run)
    for name, tensor in model.state_dict().items():
        free = name.startswith("head.") or name.endswith((".up", ".down"))
        assert torch.equal(tensor, before[name]) is not free, name


def test_interpolation_ends_in_the_start_and_in_the_trained_network_bit_for_bit(start: models.SmallCNN) -> None:
    trained = models.small_cnn(transfer.CLASSES, 7)
    anchors = dict(start.named_parameters())
    for keep, expected in ((0.0, trained), (1.0, start)):
        mixed = dict(methods.interpolated(trained, anchors, keep).named_parameters())
        wanted = dict(expected.named_parameters())
        for name, parameter in mixed.items():
            own = dict(trained.named_parameters())[name] if name.startswith("head.") else wanted[name]
            assert torch.equal(parameter, own), f"{name} at {keep}"
    half = methods.interpolated(trained, anchors, 0.5).get_parameter("stage2.0.weight")
    average = (trained.get_parameter("stage2.0.weight") + start.get_parameter("stage2.0.weight")) / 2
    torch.testing.assert_close(half, average)


def test_a_refitted_head_does_not_mind_rotated_features() -> None:
    """The old head would: this is what sets stale readout from lost features."""
    rotation, _ = torch.linalg.qr(torch.randn(784, 784, generator=torch.Generator().manual_seed(1)))
    turn = nn.Linear(784, 784, bias=False)
    with torch.no_grad():
        turn.weight.copy_(rotation)
    train, test = (training.Examples(*some(count, seed)) for count, seed in ((300, 1), (100, 2)))
    refit = methods.Refit(train, test)
    plain = nn.Sequential(nn.Flatten(), nn.Linear(784, 52))
    turned = nn.Sequential(nn.Sequential(nn.Flatten(), turn), nn.Linear(784, 52))
    assert refit.accuracy(plain) == pytest.approx(refit.accuracy(turned), abs=2) and refit.accuracy(plain) > 10
    with torch.no_grad():
        turn.weight.fill_(math.nan)
    assert 0 <= refit.accuracy(turned) < 10


# --- the run ----------------------------------------------------------------------------------------------------------


def test_all_arms_start_alike_and_advance_in_turn(short: tuple[lab.Config, list[lab.ForgettingFrame]]) -> None:
    config, frames = short
    points = transfer.evaluation_points(config.steps, experiment.EVALUATIONS)
    assert [(f.replicate, f.step, f.arm) for f in frames] == [
        (r, point, arm) for r in range(2) for point in points for arm in ARMS
    ]
    for replicate in range(2):
        first = [f for f in frames if f.replicate == replicate and f.step == 0]
        assert len({(f.letters, f.digits) for f in first}) == 1
        assert all(value == 0.0 for f in first for value in f.drift.values())
    for frame in frames:
        assert lab.ForgettingFrame.model_validate_json(json.dumps(frame.model_dump(), allow_nan=False)) == frame
        assert (frame.refitted is not None) == (frame.step == config.steps)
        assert (frame.without_adapter is not None) == (frame.step == config.steps and frame.arm == lab.ADAPTERS)


def test_what_is_frozen_forgets_nothing(short: tuple[lab.Config, list[lab.ForgettingFrame]]) -> None:
    config, frames = short
    untouched = {f.replicate: f.letters for f in frames if f.step == 0}
    for frame in frames:
        if frame.arm == lab.FROZEN:
            assert frame.letters == untouched[frame.replicate]
            assert [frame.drift[block] for block in lab.BLOCKS[:-1]] == [0.0] * 4
        if frame.arm == lab.FREEZE:
            assert [frame.drift[block] for block in lab.BLOCKS[: config.frozen_blocks]] == [0.0] * config.frozen_blocks
        if frame.without_adapter is not None:
            assert frame.without_adapter == untouched[frame.replicate]


def test_every_arm_sees_the_same_digits_at_the_same_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[dict[str, float], training.Batches, torch.Tensor]] = []
    original = training.train

    def spy(model: Any, rates: Any, batches: Any, *arguments: Any, **options: Any) -> Any:
        assert options["tests"] == {}
        seen.append((rates, batches, model.head.weight.detach().clone()))
        return original(model, rates, batches, *arguments, **options)

    monkeypatch.setattr(training, "train", spy)
    config = lab.Config(steps=20, seed=53)
    next(experiment.run(config, 0))
    assert len(seen) == len(ARMS) - 1, "WiSE-FT is not trained"
    for rates, batches, head in seen:
        assert torch.equal(batches.order, seen[0][1].order) and torch.equal(head, seen[0][2])
        assert torch.equal(batches.examples.inputs, seen[0][1].examples.inputs)
        assert {rate for rate in rates.values() if rate} == {config.learning_rate}


def test_letters_that_cures_learn_from_are_not_tested_on() -> None:
    shared = experiment.setting(lab.Config(seed=54), 0)
    tested = {image.numpy().tobytes() for image in transfer.source_examples().inputs}
    for used in (shared.memory.inputs, experiment.refit().train.inputs):
        assert not tested & {image.numpy().tobytes() for image in used}
    again, other = (experiment.setting(lab.Config(seed=54), r) for r in (0, 1))
    assert torch.equal(shared.memory.inputs, again.memory.inputs)
    assert not torch.equal(shared.memory.inputs, other.memory.inputs)
    assert np.array_equal(shared.drawn.test, transfer.draw(54, 0, lab.Config().labels_per_class).test)


def test_a_run_that_diverges_reports_finite_numbers() -> None:
    config = lab.Config(learning_rate=0.1, strength=10.0, steps=20, labels_per_class=1, seed=55)
    for frame in experiment.run(config, 0):
        json.dumps(frame.model_dump(), allow_nan=False)
    model = transfer.network(transfer.draw(55, 0, 1))
    with torch.no_grad():
        model.stem[0].weight.fill_(math.nan)  # type: ignore[index,union-attr,operator]
    assert experiment.drift(model, transfer.network(transfer.draw(55, 0, 1)))["stem"] == experiment.DIVERGED


# --- dials, claim, pictures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": 0.2}, {"steps": 5}, {"frozen_blocks": 0}, {"strength": 0}, {"labels_per_class": 500}]
)
def test_dials_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        lab.Config.model_validate(wrong)


def test_strength_is_one_dial_for_all_cures() -> None:
    weak, usual, strong = (lab.Config(strength=s) for s in (0.1, 1.0, 10.0))
    for cure in lab.DEFAULT_STRENGTH:
        assert lab.strength(weak, cure) < lab.strength(usual, cure) < lab.strength(strong, cure)
    assert lab.rank(weak) > lab.rank(usual) == lab.ADAPTER_RANK > lab.rank(strong) == 1
    assert lab.kept_share(weak) < lab.kept_share(usual) == 0.5 < lab.kept_share(strong) < 1


def test_presets_are_settings_and_one_is_the_counter_preset() -> None:
    for preset in lab.PRESETS:
        lab.Config.model_validate(dict(preset.values))
    assert [preset.key for preset in lab.PRESETS if preset.counter] == ["gentle"]


def made_up(letters: dict[str, list[float]], steps: int = 40) -> list[lab.ForgettingFrame]:
    return [
        lab.ForgettingFrame(
            replicate=replicate, arm=arm, step=step, steps=steps, letters=value if step else 93.0, digits=95.0,
            refitted=80.0 if step else None, trainable_parameters=650, ms_per_step=None,
            drift=dict.fromkeys(lab.BLOCKS, 0.0),
        )
        for arm, values in letters.items()
        for replicate, value in enumerate(values)
        for step in (0, steps)
    ]  # fmt: skip


def test_the_verdict_is_on_letters_in_pairs_that_finished_all_arms() -> None:
    config = lab.Config(replicates=3, steps=40)
    frames = made_up(
        {**{arm: [80.0, 81, 82] for arm in ARMS}, lab.FROZEN: [93.0, 94, 93], lab.FINE_TUNE: [70.0, 71, 0]}
    )
    frames = [f for f in frames if not (f.arm == lab.EWC and f.replicate == 2 and f.step == 40)]
    verdict = lab.verdict(config, frames)
    assert verdict.replicates == 2 and verdict.effect == pytest.approx(23.0) and verdict.outcome == "holds"
    text = figure.alt_text(config, frames)
    assert "Frozen backbone 93.5 %" in text and "Fine-tuning 70.5 %" in text and "Holds" in text
    assert {row["arm"]: row for row in figure.table(config, frames)}["EWC"]["letters kept, mean (%)"] == 80.5


@pytest.mark.parametrize("count", [0, 1, 5, 100, 10_000])
def test_pictures_stand_a_run_that_has_only_begun(
    short: tuple[lab.Config, list[lab.ForgettingFrame]], count: int
) -> None:
    config, frames = short
    for theme in (LIGHT, DARK):
        assert isinstance(figure.figure(config, frames[:count], theme), Figure)
        figure.extras(config, frames[:count], theme)
    assert len(figure.table(config, frames[:count])) == len(ARMS)
    assert figure.alt_text(config, frames[:count]) and figure.notes(config, frames[:count])


def test_no_two_arms_look_alike(short: tuple[lab.Config, list[lab.ForgettingFrame]]) -> None:
    assert set(figure.LOOK) == set(figure.NEEDS) == set(ARMS)
    assert len({(look.dash, look.marker) for look in figure.LOOK.values()}) == len(ARMS)
    assert len({look.colour for look in figure.LOOK.values()}) == len(ARMS)
    config, frames = short
    curves, trade_off = figure.figure(config, frames, LIGHT).axes
    assert curves.get_ylim() == (0, 100) and "%" in curves.get_ylabel() and "steps" in curves.get_xlabel()
    assert "%" in trade_off.get_xlabel() and "%" in trade_off.get_ylabel()


def kept(config: lab.Config, replicate: int, arm: str) -> float:
    """What one arm keeps of the letters (%), trained without the other eight."""
    shared = experiment.setting(config, replicate)
    one = experiment.contender(shared, arm)
    assert one.progress is not None
    assert list(one.progress)[-1].step == config.steps
    return transfer.source_accuracy(experiment.shipped(shared, one), shared.drawn.start)


def test_an_arm_does_not_depend_on_the_others(short: tuple[lab.Config, list[lab.ForgettingFrame]]) -> None:
    config, frames = short
    for arm in (lab.CLAIM.better, lab.CLAIM.worse):
        last = next(f for f in frames if (f.replicate, f.arm, f.step) == (1, arm, config.steps))
        assert kept(config, 1, arm) == last.letters


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "outcome"), [("default", "holds"), ("gentle", "does_not_hold")])
def test_the_claim_over_fresh_seeds(preset: str, outcome: str) -> None:
    values = {one.key: one for one in lab.PRESETS}[preset].values
    config = lab.Config.model_validate({"seed": 62_001, **values})
    better, worse = (
        [kept(config, replicate, arm) for replicate in range(config.replicates)]
        for arm in (lab.CLAIM.better, lab.CLAIM.worse)
    )
    assert paired_verdict(lab.CLAIM, better, worse).outcome == outcome
