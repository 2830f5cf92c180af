"""The schedules lab: closed formulas equal torch's schedulers, arms share all but the rate, the tail is judged."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from demos import data, training, transfer
from demos.lr_decay import experiment, figure, lab, methods
from demos.style import DARK, LIGHT
from demos.validate import counter_preset

KEYS = [arm.key for arm in lab.ARMS]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"steps": 50, "drop_share": 0.05, "gamma": 0.9, "warmup_share": 0.05},
    {"steps": 600, "peak_rate": 0.3, "drop_share": 0.9, "warmup_share": 0.6},
    {"steps": 77, "peak_rate": 0.0001, "drop_share": 0.37, "gamma": 0.05, "warmup_share": 0.33},
    {"optimiser": "adamw", "steps": 40, "drop_share": 0.1, "gamma": 0.5, "warmup_share": 0.4},
]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def short() -> tuple[lab.Config, list[lab.DecayFrame]]:
    torch.set_num_threads(1)
    config = lab.Config(seed=2_000_500, replicates=2, steps=40)
    return config, [frame for r in range(2) for frame in experiment.run(config, r)]


def made_up(finals: dict[str, list[float]], wobble: float = 0.0) -> list[lab.DecayFrame]:
    """Finished replicates whose accuracies alternate around `finals` by `wobble`."""
    points = experiment.evaluation_points(40)
    return [
        lab.DecayFrame(
            replicate=r, arm=arm, step=step, steps=40, rate=0.01, training_loss=None if step == 0 else 0.5,
            accuracy=value + wobble * (-1) ** i,
        )
        for arm, values in finals.items()
        for r, value in enumerate(values)
        for i, step in enumerate(points)
    ]  # fmt: skip


# --- the schedules ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("arm", KEYS)
def test_the_closed_formula_is_what_torchs_scheduler_sets_at_every_step(arm: str, settings: dict[str, Any]) -> None:
    config = lab.Config(**settings)
    model = nn.Sequential(nn.Linear(2, 2))
    optimiser = experiment.OPTIMISE[config.optimiser](model, {"0": config.peak_rate})
    scheduler = methods.scheduler(config, arm, optimiser)
    for update in range(config.steps):
        (group,) = optimiser.param_groups
        expected = pytest.approx(lab.rate(config, arm, update), rel=1e-6, abs=1e-9 * config.peak_rate)
        assert group["lr"] == expected, f"update {update}"
        optimiser.step()
        scheduler.step()


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_the_optimiser_sees_these_rates_in_a_run_and_a_fixed_momentum(
    optimiser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = lab.Config(steps=40, optimiser=optimiser, batch=4)
    seen: dict[int, list[tuple[float, float]]] = {}
    original = experiment.OPTIMISE[optimiser]

    def spied(model: nn.Sequential, rates: training.Rates) -> torch.optim.Optimizer:
        made = original(model, rates)
        own = seen.setdefault(len(seen), [])

        def note(taken: torch.optim.Optimizer, *_: Any) -> None:
            group = taken.param_groups[0]
            own.append((group["lr"], group.get("momentum") or group["betas"][0]))

        made.register_step_pre_hook(note)
        return made

    monkeypatch.setitem(experiment.OPTIMISE, optimiser, spied)
    list(experiment.run(config, 0))
    for index, arm in enumerate(KEYS):
        expected = [lab.rate(config, arm, update) for update in range(config.steps)]
        assert [rate for rate, _ in seen[index]] == pytest.approx(expected, rel=1e-6, abs=1e-11)
        assert {momentum for _, momentum in seen[index]} == {0.9}


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_schedule_reaches_the_same_peak_and_never_exceeds_it(settings: dict[str, Any]) -> None:
    config = lab.Config(**settings)
    for arm in KEYS:
        rates = [lab.rate(config, arm, update) for update in range(config.steps)]
        assert max(rates) == pytest.approx(config.peak_rate) and min(rates) >= 0
    ends = {arm: lab.rate(config, arm, config.steps - 1) / config.peak_rate for arm in KEYS}
    assert ends[lab.CONSTANT] == 1 and max(ends[lab.COSINE], ends[lab.ONE_CYCLE]) < 0.01
    rising = [lab.rate(config, arm, 0) / config.peak_rate for arm in (lab.WARM_LINEAR, lab.ONE_CYCLE)]
    assert rising == pytest.approx([1 / 25, 1 / 25])


def test_exponential_meets_step_at_every_drop() -> None:
    config = lab.Config()
    for update in range(0, config.steps, lab.drop_every(config)):
        assert lab.rate(config, lab.STEP, update) == pytest.approx(lab.rate(config, lab.EXPONENTIAL, update))


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match="no schedule"):
        lab.rate(lab.Config(), "linear", 0)
    with pytest.raises(ValueError, match="no schedule"):
        methods.scheduler(lab.Config(), "linear", torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1))


def test_the_picture_before_the_run_shows_every_update() -> None:
    config = lab.Config(steps=40)
    rows = figure.preview_rows(config)
    assert all(tuple(row) == figure.PREVIEW_COLUMNS for row in rows) and len(rows) == 40 * len(KEYS)
    cosine = [row["rate"] for row in rows if row["arm"] == "Cosine"]
    assert cosine == [lab.rate(config, lab.COSINE, update) for update in range(40)]
    assert len(json.dumps(figure.preview_spec(config, DARK))) < 20_000


# --- a run ------------------------------------------------------------------------------------------------------------


def test_arms_share_start_batches_and_test_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    starts, orders, tests = [], [], []
    original = training.train

    def spy(model: Any, rates: Any, batches: Any, loss: Any, **options: Any) -> Any:
        starts.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
        orders.append(batches.order)
        tests.append(options["tests"]["digits"].inputs)
        return original(model, rates, batches, loss, **options)

    monkeypatch.setattr(training, "train", spy)
    config = lab.Config(steps=40, batch=16)
    list(experiment.run(config, 0))
    drawn = transfer.draw(config.seed, 0, lab.LABELS_PER_CLASS)
    rows = transfer.fewer_test_rows(drawn, experiment.TEST_PER_CLASS)
    assert set(rows) <= set(drawn.test) and np.bincount(data.mnist()[1][rows]).tolist() == [25] * 10
    assert torch.equal(tests[0], transfer.examples(rows).inputs)
    assert len(starts) == len(KEYS) and orders[0].shape == (40, 16)
    for shared in (starts, orders, tests):
        assert all(torch.equal(shared[0], other) for other in shared)


def test_arms_differ_once_their_rates_do_and_repeat_with_the_draw(
    short: tuple[lab.Config, list[lab.DecayFrame]],
) -> None:
    config, frames = short
    assert list(experiment.run(config, 1)) == [frame for frame in frames if frame.replicate == 1]
    before = {(f.replicate, f.accuracy) for f in frames if f.step == 0}
    assert len(before) == 2, "the six arms start as one network"
    ends = {f.arm: f.training_loss for f in frames if f.step == f.steps and f.replicate == 0}
    assert len(set(ends.values())) == len(KEYS)


def test_points_cover_the_run_and_the_tail_that_is_judged() -> None:
    for steps in (40, 77, 160, 600):
        points = experiment.evaluation_points(steps)
        assert points[0] == 0 and points == sorted(set(points)) and len(points) <= 15
        assert points[-8:] == list(range(steps - 14, steps + 1, 2))


def test_frames_survive_json_and_a_diverged_run_stays_finite() -> None:
    config = lab.Config(steps=40, peak_rate=0.3, batch=4)
    frames = list(experiment.run(config, 0))
    for frame in frames:
        assert lab.DecayFrame.model_validate_json(json.dumps(frame.model_dump(), allow_nan=False)) == frame
        assert (frame.training_loss is None) or math.isfinite(frame.training_loss)
    assert all(frame.training_loss is None for frame in frames if frame.step == 0)


def test_the_loss_is_the_mean_of_the_batches_since_the_last_frame() -> None:
    watch, network = experiment.Watch(), nn.Linear(3, 2)
    inputs, targets = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 1, 0])
    assert watch.mean() is None
    losses = [watch(network, inputs * scale, targets).item() for scale in (1.0, 2.0)]
    assert watch.mean() == pytest.approx(np.mean(losses)) and watch.mean() is None
    watch(network, inputs * math.nan, targets)
    assert watch.mean() is None


# --- what is judged, and what is shown --------------------------------------------------------------------------------


def test_the_verdict_is_on_the_tail_and_the_jitter_is_its_spread() -> None:
    config = lab.Config(replicates=3, steps=40)
    finals = {key: [90.0, 90.0, 91.0] for key in KEYS} | {lab.COSINE: [94.0, 95.0, 95.5]}
    frames = made_up(finals, wobble=2.0)
    assert lab.tail(frames, lab.COSINE, 0) and len(lab.tail(frames, lab.COSINE, 0)) == lab.TAIL_EVALUATIONS
    assert lab.jitter(frames, lab.CONSTANT, 1) == pytest.approx(2.0)
    verdict = lab.verdict(config, frames)
    assert verdict.outcome == "holds" and verdict.effect == pytest.approx(4.5)
    rows = {row["schedule"]: row for row in figure.table(config, frames)}
    assert rows["Cosine"]["jitter (points)"] == 2.0 and rows["Constant"]["last rate"] == config.peak_rate
    assert "cosine 94.8 %" in figure.alt_text(config, frames) and "Holds" in figure.alt_text(config, frames)


def test_a_replicate_counts_when_all_six_arms_have_finished(short: tuple[lab.Config, list[lab.DecayFrame]]) -> None:
    config, frames = short
    assert {len(result.values) for result in lab.results(config, frames)} == {2}
    assert {len(result.values) for result in lab.results(config, frames[:-1])} == {1}
    assert {len(result.values) for result in lab.results(config, frames[:5])} == {0}


def test_counter_preset_decays_before_there_is_anything_to_calm() -> None:
    config = lab.Config.model_validate(dict(counter_preset(lab.LAB).values))
    assert config.start == "scratch" and config.optimiser == "adamw"
    drawn = transfer.draw(1, 0, lab.LABELS_PER_CLASS)
    assert len(drawn.labelled) == 10 * lab.LABELS_PER_CLASS and not set(drawn.labelled) & set(drawn.test)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_pictures_stand_a_half_run(short: tuple[lab.Config, list[lab.DecayFrame]], share: float) -> None:
    config, frames = short
    some = frames[: int(share * len(frames))]
    for theme in (LIGHT, DARK):
        assert isinstance(figure.figure(config, some, theme), Figure)
    assert figure.alt_text(config, some) and len(figure.table(config, some)) == len(KEYS)
