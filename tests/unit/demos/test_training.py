"""The training loop against plain torch, and what frozen means."""

from __future__ import annotations

import copy
import gc

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from demos import models, training

BLOCKS = ["stem", "stage1", "stage2", "stage3", "head"]
RATE = 3e-3


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def rates(frozen: int, rate: float = RATE) -> dict[str, float]:
    return {block: 0.0 if i < frozen else rate for i, block in enumerate(BLOCKS)}


def examples(count: int = 90, seed: int = 0) -> training.Examples:
    g = torch.Generator().manual_seed(seed)
    return training.Examples(torch.rand(count, 1, 28, 28, generator=g), torch.randint(10, (count,), generator=g))


def batches(steps: int = 12, batch: int = 16) -> training.Batches:
    data = examples()
    order = training.shuffled_order(len(data.targets), steps, batch, torch.Generator().manual_seed(1))
    return training.Batches(data, order)


def finish(model: nn.Sequential, row: dict[str, float], steps: int = 12, **options: bool) -> training.Progress:
    test = {"test": examples(200, seed=2)}
    return list(training.train(model, row, batches(steps), tests=test, points=[0, 5, steps], **options))[-1]


def textbook(model: nn.Module, parameters: list[nn.Parameter], data: training.Batches) -> None:
    optimizer = torch.optim.AdamW(parameters, lr=RATE)
    for rows in data.order:
        optimizer.zero_grad()
        F.cross_entropy(model(data.examples.inputs[rows]), data.examples.targets[rows]).backward()
        optimizer.step()


def assert_same_weights(one: nn.Module, other: nn.Module, tolerance: float) -> None:
    for (name, a), b in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance, msg=lambda m, name=name: f"{name}: {m}")


def test_a_known_accuracy_stands_for_the_test_before_training_only() -> None:
    test = {"test": examples(200, seed=2)}
    plain, told = (
        list(training.train(models.small_cnn(10, 0), rates(0), batches(), tests=test, points=[0, 12], at_start=known))
        for known in (None, {"test": 12.5})
    )
    assert plain[0].accuracy == {"test": training.evaluate(models.small_cnn(10, 0), test["test"])}
    assert told[0].accuracy == {"test": 12.5} and told[1].accuracy == plain[1].accuracy


def test_full_fine_tuning_equals_the_textbook_loop() -> None:
    ours, plain = models.small_cnn(10, 0), models.small_cnn(10, 0)
    finish(ours, rates(0))
    textbook(plain, list(plain.parameters()), batches())
    assert_same_weights(ours, plain, 1e-6)
    assert not torch.equal(ours.head.weight, models.small_cnn(10, 0).head.weight)


@pytest.mark.parametrize("frozen", [1, 2, 3, 4])
def test_a_rate_of_zero_equals_requires_grad_false_and_eval(frozen: int) -> None:
    ours, plain = models.small_cnn(10, 0), models.small_cnn(10, 0)
    finish(ours, rates(frozen), cache_prefix=False)
    for name in BLOCKS[:frozen]:
        plain.get_submodule(name).requires_grad_(False).eval()
    textbook(plain, [p for p in plain.parameters() if p.requires_grad], batches())
    assert_same_weights(ours, plain, 1e-6)
    for name, block in ours.named_children():
        assert block.training is (name not in BLOCKS[:frozen])


@pytest.mark.parametrize("frozen", [1, 2, 3, 4])
def test_frozen_tensors_are_bit_identical_and_their_drift_is_exactly_zero(frozen: int) -> None:
    model = models.small_cnn(10, 0)
    before, start = copy.deepcopy(model.state_dict()), training.snapshot(model)
    finish(model, rates(frozen))
    drift = training.relative_change(model, start)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]) is (name.split(".")[0] in BLOCKS[:frozen]), name
    assert [drift[b] == 0.0 for b in BLOCKS] == [i < frozen for i in range(len(BLOCKS))]


@pytest.mark.parametrize("frozen", [1, 2, 3, 4])
def test_the_cached_prefix_changes_nothing(frozen: int) -> None:
    cached, anew = models.small_cnn(10, 0), models.small_cnn(10, 0)
    one = finish(cached, rates(frozen))
    other = finish(anew, rates(frozen), cache_prefix=False)
    assert one.cache_ms > 0.0 == other.cache_ms
    assert_same_weights(cached, anew, 2e-5)
    x = examples(50, seed=3).inputs
    with torch.no_grad():
        torch.testing.assert_close(cached(x), anew(x), rtol=1e-4, atol=1e-4)
    assert one.accuracy == pytest.approx(other.accuracy, abs=0.51)  # one of 200 images may sit on the fence


def test_batch_norm_in_a_frozen_block_keeps_its_statistics() -> None:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
    model = nn.Sequential()
    model.add_module("body", body)
    model.add_module("head", nn.Linear(4 * 26 * 26, 10))
    before = copy.deepcopy(body.state_dict())
    for cache_prefix in (True, False):
        finish(model, {"body": 0.0, "head": RATE}, cache_prefix=cache_prefix)
        assert all(torch.equal(value, before[name]) for name, value in body.state_dict().items())
    finish(model, {"body": RATE, "head": RATE})
    assert not torch.equal(body[1].running_mean, before["1.running_mean"])


def test_a_frozen_block_behind_a_trained_one_passes_gradients_on() -> None:
    model = models.small_cnn(10, 0)
    start = training.snapshot(model)
    progress = finish(model, {**rates(0), "stage3": 0.0, "head": 0.0})
    drift = training.relative_change(model, start)
    assert drift["stage3"] == drift["head"] == 0.0
    assert min(drift["stem"], drift["stage1"], drift["stage2"]) > 0
    assert progress.cache_ms == 0.0


def test_each_block_moves_at_its_own_rate() -> None:
    ours, plain = models.small_cnn(10, 0), models.small_cnn(10, 0)
    row = dict(zip(BLOCKS, [1e-4, 3e-4, 1e-3, 3e-3, 1e-2], strict=True))
    finish(ours, row)
    optimizer = torch.optim.AdamW([{"params": plain.get_submodule(b).parameters(), "lr": row[b]} for b in BLOCKS])
    data = batches()
    for rows in data.order:
        optimizer.zero_grad()
        F.cross_entropy(plain(data.examples.inputs[rows]), data.examples.targets[rows]).backward()
        optimizer.step()
    assert_same_weights(ours, plain, 1e-6)


def test_only_the_rows_that_are_used_are_cached() -> None:
    data = training.Batches(examples(), torch.tensor([[3, 70], [70, 5]]))
    features = data.through(nn.Sequential(nn.Flatten()))
    assert features.examples.inputs.shape == (3, 784)
    for old, new in zip(data.order, features.order, strict=True):
        assert torch.equal(features.examples.inputs[new], data.examples.inputs[old].flatten(1))
        assert torch.equal(features.examples.targets[new], data.examples.targets[old])


def test_evaluation_counts_in_per_cent_and_leaves_modes_alone() -> None:
    data = examples(250)
    exact = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10)).train()
    exact[0].eval()
    assert training.evaluate(exact, data) == training.evaluate(exact, data), "dropout was on"
    assert [m.training for m in exact] == [False, True, True]
    with torch.no_grad():
        exact[2].weight.zero_()
        exact[2].bias.copy_(F.one_hot(torch.tensor(7), 10).float())
    assert training.evaluate(exact, data) == pytest.approx(100 * (data.targets == 7).float().mean().item())


def test_parameters_are_counted_as_documented() -> None:
    model = models.small_cnn(10, 0)
    counts = {name: sum(p.numel() for p in block.parameters()) for name, block in model.named_children()}
    assert counts == {"stem": 432, "stage1": 4672, "stage2": 18560, "stage3": 36992, "head": 650}
    x = torch.zeros(2, 1, 28, 28)
    shapes = []
    for block in model:
        x = block(x)
        shapes.append(tuple(x.shape))
    assert shapes == [(2, 16, 14, 14), (2, 32, 7, 7), (2, 64, 7, 7), (2, 64), (2, 10)]
    training.apply_rates(model, rates(4))
    assert training.trainable_parameters(model) == 650


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"stem": 1.0}, "must name the blocks"),
        (dict(reversed(rates(0).items())), "in order"),
        (dict.fromkeys(BLOCKS, 0.0), "above 0"),
        ({**rates(0), "stem": -1.0}, "negative"),
    ],
)
def test_rates_that_make_no_sense_are_refused(row: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        training.apply_rates(models.small_cnn(10, 0), row)


def test_the_order_is_one_shuffled_pass_after_the_other() -> None:
    order = training.shuffled_order(10, 7, 4, torch.Generator().manual_seed(0))
    assert order.shape == (7, 4)
    assert sorted(order.flatten()[:10].tolist()) == sorted(order.flatten()[10:20].tolist()) == list(range(10))
    assert training.shuffled_order(3, 5, 32, torch.Generator()).shape == (5, 3)


def test_a_network_depends_on_its_seed_alone() -> None:
    torch.manual_seed(4)
    state = torch.get_rng_state()
    one, other = models.small_cnn(10, 1), models.small_cnn(10, 2)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one.stem[0].weight, models.small_cnn(52, 1).stem[0].weight)
    assert not torch.equal(one.stem[0].weight, other.stem[0].weight)


def _kept_by_hand(batch: int) -> int:
    """What a linear head with cross-entropy keeps: its input, the log-probabilities, and per image the class (int64),
    plus one number that the mean divides by; then weight and bias, three times each (gradient, two averages)."""
    return batch * (64 * 4 + 10 * 4 + 8) + 4 + 3 * 4 * (64 * 10 + 10)


@pytest.mark.parametrize("batch", [8, 32])
def test_the_memory_of_a_probes_step_is_what_can_be_counted_by_hand(batch: int) -> None:
    model = models.small_cnn(10, 0)
    images, labels = torch.rand(batch, 1, 28, 28), torch.arange(batch) % 10
    batches = training.Batches(training.Examples(images, labels), torch.arange(batch)[None])
    probe = dict.fromkeys(["stem", "stage1", "stage2", "stage3"], 0.0) | {"head": 0.1}
    assert training.memory_per_step(model, probe, batches) == _kept_by_hand(batch)


def test_the_memory_of_a_step_grows_with_what_is_trained_and_leaves_no_trace() -> None:
    model = models.small_cnn(10, 0)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    batches = training.Batches(
        training.Examples(torch.rand(32, 1, 28, 28), torch.arange(32) % 10), torch.arange(32)[None]
    )
    names = [name for name, _ in model.named_children()]
    sizes = [
        training.memory_per_step(model, {n: 0.0 if i < frozen else 0.1 for i, n in enumerate(names)}, batches)
        for frozen in (4, 3, 2, 1, 0)
    ]
    assert sizes == sorted(set(sizes)), "each block more that trains needs more"
    assert sizes[-1] > 100 * sizes[0]
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_measuring_the_memory_of_a_step_keeps_none() -> None:
    """A hook that returns the tensor it was given makes a cycle through autograd that the garbage collector misses."""
    model = models.small_cnn(10, 0)
    batches = training.Batches(training.Examples(torch.rand(8, 1, 28, 28), torch.arange(8) % 10), torch.arange(8)[None])
    rates = {name: 0.1 for name, _ in model.named_children()}

    def alive() -> int:
        gc.collect()
        return sum(isinstance(one, torch.Tensor) for one in gc.get_objects())

    training.memory_per_step(model, rates, batches)
    before = alive()
    for _ in range(3):
        training.memory_per_step(model, rates, batches)
    assert alive() == before
