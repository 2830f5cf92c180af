"""The small-data lab: nested draws, equal starts, which count is judged, where curves cross, and what is shown."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from pydantic import ValidationError
from torch import nn

from demos import imagenet, photographs, quadrants, training, transfer
from demos.small_data import crossing, experiment, figure, lab, tasks
from demos.style import DARK, LIGHT
from demos.verdict import paired_verdict

ARMS = [lab.PROBE, lab.FINE_TUNE, lab.SCRATCH]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few steps instead of 120: the same frames in a tenth of the time."""
    short = {key: dataclasses.replace(recipe, steps=4, probe_steps=4) for key, recipe in tasks.RECIPES.items()}
    monkeypatch.setattr(tasks, "RECIPES", short)


def run(config: lab.Config, replicates: int = 1) -> list[lab.CurveFrame]:
    return [frame for r in range(replicates) for frame in experiment.run(config, r)]


def made_up(config: lab.Config, leads: Sequence[dict[int, float]], similarity: float = 40.0) -> list[lab.CurveFrame]:
    """A finished run in which fine-tuning has 70 % everywhere and the probe leads by so many points."""
    accuracy = {lab.PROBE: lambda lead: 70.0 + lead, lab.FINE_TUNE: lambda _: 70.0, lab.SCRATCH: lambda _: 30.0}
    return [
        lab.CurveFrame(
            replicate=replicate, arm=arm, step=step, steps=len(curve), labels_per_class=count,
            accuracy=accuracy[arm](lead), fitted=100.0, similarity=similarity if arm == lab.PROBE else None,
        )
        for replicate, curve in enumerate(leads)
        for step, (count, lead) in enumerate(curve.items(), start=1)
        for arm in ARMS
    ]  # fmt: skip


# --- the draw ---------------------------------------------------------------------------------------------------------


def test_fewer_labels_are_a_subset_and_the_test_images_stay() -> None:
    few, many = (tasks.draw(lab.Config(seed=9, labels_per_class=n), 0) for n in (2, 100))
    classes = few.labelled.targets[few.rows(2)]
    assert classes.tolist() == [digit for digit in range(10) for _ in range(2)]
    for smaller, larger in itertools.pairwise((1, 2, 5, 20, 50)):
        assert set(few.rows(smaller).tolist()) < set(few.rows(larger).tolist())
        assert torch.equal(few.labelled.inputs[few.rows(smaller)], many.labelled.inputs[many.rows(smaller)])
    assert torch.equal(few.test.inputs, many.test.inputs)


def test_an_order_only_shows_the_images_that_count() -> None:
    task = tasks.draw(lab.Config(seed=9), 1)
    for labels in (1, 5, 50):
        order = task.order(labels, 30)
        assert order.shape == (30, min(32, 10 * labels))
        assert set(order.flatten().tolist()) <= set(task.rows(labels).tolist())
        assert torch.equal(order, task.order(labels, 30))


def test_no_digit_is_both_learned_from_and_tested_on() -> None:
    task = tasks.draw(lab.Config(seed=9, labels_per_class=400), 0)
    learned = {image.numpy().tobytes() for image in task.labelled.inputs}
    assert not learned & {image.numpy().tobytes() for image in task.test.inputs}


def test_texture_patches_come_from_different_halves_and_replicates_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    halves: list[tuple[int, str]] = []
    original = photographs.texture_patches

    def spy(per_class: int, generator: Any, *, half: str, size: int = 64) -> Any:
        halves.append((per_class, half))
        return original(per_class, generator, half=half, size=size)

    monkeypatch.setattr(photographs, "texture_patches", spy)
    config = lab.Config(transfer="textures", labels_per_class=5)
    one, other = (tasks.draw(config, r) for r in range(2))
    assert halves == [(20, "left"), (tasks.TEXTURE_TESTS_PER_CLASS, "right")] * 2
    assert not torch.equal(one.labelled.inputs, other.labelled.inputs)
    assert one.order_seed != other.order_seed


# --- the arms ---------------------------------------------------------------------------------------------------------


def test_the_probe_on_kept_features_is_the_frozen_network(quick: None) -> None:
    """Against the slow way: the whole network with every block but the head at rate 0."""
    task = tasks.draw(lab.Config(seed=4), 0)
    whole = task.network(True)
    head = copy.deepcopy(whole.get_submodule("head"))
    measured = experiment.train_probe(task, head, 5, pretrained=True)
    rates = {name: 0.0 for name, _ in whole.named_children()} | {"head": task.recipe.probe_rate}
    batches = training.Batches(task.labelled, task.order(5, task.recipe.probe_steps))
    tests = {"digits": task.test}
    slow = next(
        training.train(whole, rates, batches, tests=tests, points=[task.recipe.probe_steps], cache_prefix=False)
    )
    assert measured.test == slow.accuracy["digits"]
    for kept, trained in zip(head.parameters(), whole.get_submodule("head").parameters(), strict=True):
        torch.testing.assert_close(kept, trained, rtol=1e-3, atol=1e-5)


def test_all_arms_share_head_and_order_and_scratch_has_a_random_backbone(
    monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    seen: list[tuple[dict[str, torch.Tensor], training.Rates, torch.Tensor]] = []
    original = training.train

    def spy(model: nn.Sequential, rates: Any, batches: Any, *rest: Any, **options: Any) -> Any:
        seen.append(({name: t.clone() for name, t in model.state_dict().items()}, rates, batches.order))
        return original(model, rates, batches, *rest, **options)

    monkeypatch.setattr(training, "train", spy)
    list(itertools.islice(experiment.run(lab.Config(), 0), 3))
    probe, reference, tuned, scratch = (state for state, _, _ in seen)
    for other in (reference, tuned, scratch):
        assert torch.equal(probe["head.weight"], other["head.weight"])
    assert not torch.equal(tuned["stem.0.weight"], scratch["stem.0.weight"])
    assert list(seen[0][1]) == ["head"] and len(seen[2][1]) == 5 and len(set(seen[2][1].values())) == 1
    assert all(torch.equal(seen[0][2], order) for _, _, order in seen)


def test_fine_tuning_can_start_from_the_head_that_the_probe_has_learned(
    monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    starts: list[torch.Tensor] = []
    rates: list[float] = []
    original = experiment.train_whole

    def spy(task: Any, model: nn.Sequential, labels: int, rate: float, loss: Any) -> Any:
        starts.append(model.get_submodule("head").weight.detach().clone())
        rates.append(rate)
        return original(task, model, labels, rate, loss)

    monkeypatch.setattr(experiment, "train_whole", spy)
    probes: list[nn.Module] = []
    train_probe = experiment.train_probe

    def keep(task: Any, head: nn.Module, labels: int, *, pretrained: bool) -> Any:
        measured = train_probe(task, head, labels, pretrained=pretrained)
        probes.append(head)
        return measured

    monkeypatch.setattr(experiment, "train_probe", keep)
    list(itertools.islice(experiment.run(lab.Config(head_start="probe"), 0), 2))
    assert torch.equal(starts[0], probes[0].weight)
    assert rates == [tasks.RECIPES[lab.DIGITS].rate_from_probe]


def test_batchnorm_weights_learn_while_its_statistics_stay() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2)).train()
    before = copy.deepcopy(model[1].state_dict())
    tasks.frozen_statistics(
        model, torch.randn(5, 3, 3, 3, generator=torch.Generator().manual_seed(0)), torch.zeros(5).long()
    ).backward()
    assert model[1].weight.grad is not None and model[1].weight.grad.abs().sum() > 0
    assert all(torch.equal(before[name], tensor) for name, tensor in model[1].state_dict().items())


# --- the frames -------------------------------------------------------------------------------------------------------


def test_the_judged_count_comes_first_and_every_count_is_measured_once(quick: None) -> None:
    config = lab.Config(seed=5)
    frames = run(config)
    assert [(f.labels_per_class, f.arm) for f in frames[:3]] == [(2, arm) for arm in ARMS]
    for arm in (lab.PROBE, lab.FINE_TUNE):
        own = [f for f in frames if f.arm == arm]
        assert sorted(f.labels_per_class for f in own) == list(lab.counts(config)) == [1, 2, 5, 10, 20, 50]
        assert [f.step for f in own] == list(range(1, 7)) and own[-1].step == own[-1].steps
    scratch = [f for f in frames if f.arm == lab.SCRATCH]
    assert [f.labels_per_class for f in scratch] == list(lab.scratch_counts(config)) == [2, 50]
    assert scratch[-1].step == scratch[-1].steps == 2
    for frame in frames:
        json.dumps(frame.model_dump(), allow_nan=False)
        assert (frame.similarity is not None) is (frame.arm == lab.PROBE)


@pytest.mark.parametrize(
    ("dials", "judged", "counts"),
    [
        ({}, 2, (1, 2, 5, 10, 20, 50)),
        ({"labels_per_class": 400}, 400, (1, 2, 5, 10, 20, 50, 100, 200, 400)),
        ({"labels_per_class": 3}, 3, (1, 2, 3, 5, 10, 20, 50)),
        ({"transfer": "textures", "labels_per_class": 100}, 20, (1, 5, 20)),
        ({"transfer": "textures", "labels_per_class": 2}, 2, (1, 2, 5, 20)),
    ],
)
def test_which_count_is_judged_and_which_are_measured(
    dials: dict[str, Any], judged: int, counts: tuple[int, ...]
) -> None:
    config = lab.Config.model_validate(dials)
    assert lab.judged_at(config) == judged and lab.counts(config) == counts
    assert sorted(lab.order(config)) == list(counts) and lab.order(config)[0] == judged
    assert lab.scratch_counts(config) == lab.order(config)[:2]


def test_the_same_seed_gives_the_same_frames(quick: None) -> None:
    one, same, other = (list(itertools.islice(experiment.run(lab.Config(seed=s), 0), 3)) for s in (77, 77, 78))
    assert one == same != other


def test_textures_run_and_leave_the_imagenet_statistics_alone(
    quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("TLI_CACHE_DIR", str(tmp_path))
    monkeypatch.setitem(lab.COUNTS, lab.TEXTURES, (1,))
    monkeypatch.setattr(tasks, "TEXTURE_TESTS_PER_CLASS", 2)
    models: list[nn.Sequential] = []
    original = experiment.train_whole

    def keep(task: Any, model: nn.Sequential, *rest: Any) -> Any:
        models.append(model)
        return original(task, model, *rest)

    monkeypatch.setattr(experiment, "train_whole", keep)
    frames = run(lab.Config(transfer="textures"))
    assert [frame.arm for frame in frames] == ARMS and all(0 <= frame.accuracy <= 100 for frame in frames)
    fresh = imagenet.efficientnet_lite0(12).state_dict()
    tuned = models[0].state_dict()
    statistics = [name for name in fresh if "running_" in name]
    assert statistics and all(torch.equal(fresh[name], tuned[name]) for name in statistics)
    assert not torch.equal(fresh["stem.0.weight"], tuned["stem.0.weight"])


# --- dials and presets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"labels_per_class": 0}, {"labels_per_class": 401}, {"transfer": "letters"}, {"head_start": "old"}, {"steps": 5}],
)
def test_dials_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        lab.Config.model_validate(wrong)


def test_one_preset_is_the_counter_preset() -> None:
    assert [preset.key for preset in lab.PRESETS if preset.counter] == ["hundred"]
    for preset in lab.PRESETS:
        lab.Config.model_validate(dict(preset.values))
        assert preset.why


@pytest.mark.slow
def test_the_claim_over_fresh_seeds() -> None:
    def judged(config: lab.Config) -> lab.Verdict:
        """At the judged count alone; scratch, which the claim is not on, comes third and is not trained."""
        ends = [
            {f.arm: f.accuracy for f in itertools.islice(experiment.run(config, r), 2)}
            for r in range(config.replicates)
        ]
        better, worse = ([end[arm] for end in ends] for arm in (lab.CLAIM.better, lab.CLAIM.worse))
        return paired_verdict(lab.CLAIM, better, worse)

    for seed in (63_001, 63_002):
        assert judged(lab.Config(seed=seed)).outcome == "holds"
        assert judged(lab.Config(seed=seed, labels_per_class=100, replicates=10)).outcome == "does_not_hold"
    assert judged(lab.Config(seed=63_001, head_start="probe", replicates=4)).effect < 2


# --- the crossing -----------------------------------------------------------------------------------------------------

COUNTS = (1, 2, 5, 10, 20)


def test_the_crossing_is_where_the_straight_line_over_log_counts_meets_zero() -> None:
    leads = np.array([[9.0, 6, 3, -3, -4]] * 3)
    found = crossing.crossing(COUNTS, leads)
    assert found.at == pytest.approx(math.sqrt(5 * 10)) and found.low == found.high == found.at


def test_a_curve_that_falls_rises_and_falls_again_crosses_where_the_lead_is_gone_for_good() -> None:
    found = crossing.crossing(COUNTS, np.array([[1.0, -1, 2, 2, -2]] * 2))
    assert found.at == pytest.approx(math.sqrt(10 * 20))


def test_a_lead_that_never_ends_or_never_was_has_no_crossing() -> None:
    assert crossing.crossing(COUNTS, np.ones((2, 5))).at == math.inf
    assert crossing.crossing(COUNTS, -np.ones((2, 5))).at == 0.0
    assert "does not overtake the probe up to 20" in crossing.in_words(
        crossing.crossing(COUNTS, np.ones((2, 5))), COUNTS
    )
    assert "at every count" in crossing.in_words(crossing.crossing(COUNTS, -np.ones((2, 5))), COUNTS)


def naive_crossing(mean: np.ndarray) -> float:
    """From the right end to the left, one pair of counts after the other."""
    if mean[-1] > 0:
        return math.inf
    for i in reversed(range(len(COUNTS) - 1)):
        if mean[i] > 0:
            logs = np.log([COUNTS[i + 1], COUNTS[i]])
            return float(np.exp(np.interp(0, [mean[i + 1], mean[i]], logs)))
    return 0.0


def test_the_interval_is_that_of_a_naive_bootstrap_and_repeats() -> None:
    leads = np.random.default_rng(1).normal([8, 5, 2, -1, -3], 3, size=(6, 5))
    found = crossing.crossing(COUNTS, leads)
    assert found == crossing.crossing(COUNTS, leads)
    rows = np.random.default_rng(0).integers(6, size=(crossing.RESAMPLES, 6))
    naive = sorted(naive_crossing(leads[row].mean(axis=0)) for row in rows)
    assert found.at == pytest.approx(naive_crossing(leads.mean(axis=0)))
    assert (found.low, found.high) == (pytest.approx(naive[50]), pytest.approx(naive[-51]))


# --- results, point and pictures --------------------------------------------------------------------------------------


def test_results_are_those_of_the_judged_count_and_of_finished_replicates() -> None:
    config = lab.Config(replicates=3)
    frames = made_up(config, [{1: 20.0, 2: 6.0}, {1: 20.0, 2: 7.0}, {1: 20.0, 2: 8.0}])
    for order in (frames, frames[::-1]):
        values = {result.name: result.values for result in lab.results(config, order)}
        assert values[lab.PROBE] == (76.0, 77.0, 78.0) and values[lab.FINE_TUNE] == (70.0,) * 3
    assert lab.verdict(config, frames).effect == pytest.approx(7.0)
    cut = [f for f in frames if not (f.replicate == 1 and f.arm == lab.SCRATCH)]
    assert lab.results(config, cut)[0].values == (76.0, 78.0)


def test_the_point_of_a_run_on_the_map() -> None:
    config = lab.Config(replicates=3)
    frames = made_up(config, [{2: 6.0}, {2: 7.0}, {2: 8.0}], similarity=43.0)
    point = lab.quadrant_point(config, frames)
    assert point is not None and quadrants.point("small_data", config, frames) == point
    assert (point.lab, point.transfer, point.labels_per_class) == ("small_data", "letters to digits", 2)
    assert point.similarity == 43.0 and point.lead == pytest.approx(7.0)
    assert point.half_width == pytest.approx(4.303 / math.sqrt(3), rel=1e-3) and point.winner == "probe"
    assert lab.quadrant_point(config, frames[:3]) is None
    assert quadrants.point("strategies", config, frames) is None


def a_point(labels: int, similarity: float, lead: float, half_width: float | None = 1.0) -> quadrants.Point:
    return quadrants.Point(
        lab="x", transfer="a to b", labels_per_class=labels, similarity=similarity, lead=lead, half_width=half_width
    )


def test_a_winner_needs_an_interval_that_excludes_zero() -> None:
    winners = [a_point(1, 40, lead, width).winner for lead, width in ((3, 1), (-3, 1), (0.5, 1), (3, None))]
    assert winners == ["probe", "fine_tune", "open", "open"]


def test_the_map_stands_no_run_and_many_and_never_tells_winners_by_colour_alone() -> None:
    points = [a_point(2, 43, 9), a_point(100, 46, -3), a_point(5, -12, 0.2), a_point(400, 90, 1, None)]
    for theme in (LIGHT, DARK):
        for shown in ([], points[:1], points):
            drawn = quadrants.quadrant_map(shown, theme)
            assert isinstance(drawn, Figure) and drawn.get_facecolor()[3] == 1.0
            low, high = drawn.axes[0].get_ylim()
            assert all(low < point.similarity < high for point in shown)
    texts = [text.get_text() for text in drawn.axes[0].texts]
    assert set(quadrants.TEXTBOOK.values()) <= set(texts) and "9.0" in texts
    told = quadrants.quadrant_alt(points)
    assert "4 measured points" in told and "probe ahead (9.0 ± 1.0 points)" in told and "too close to call" in told
    assert "no run" in quadrants.quadrant_alt([])


@pytest.fixture(scope="module")
def finished() -> tuple[lab.Config, list[lab.CurveFrame]]:
    config = lab.Config(replicates=3)
    curve = {1: 11.0, 2: 9.0, 5: 3.0, 10: -1.0, 20: -2.0, 50: -3.0}
    return config, made_up(config, [{count: lead + shift for count, lead in curve.items()} for shift in (-1, 0, 1)])


def test_the_live_chart_has_fixed_scales_and_labels_on_a_logarithm(
    finished: tuple[lab.Config, list[lab.CurveFrame]],
) -> None:
    config, frames = finished
    spec = figure.live_spec(config, LIGHT)
    assert spec == figure.live_spec(config, LIGHT) and "data" not in spec
    x = spec["layer"][1]["encoding"]["x"]
    assert x["scale"]["type"] == "log" and x["scale"]["domain"][0] < 1 < 50 < x["scale"]["domain"][1]
    rows = figure.live_rows(config, frames)
    assert {tuple(row) for row in rows} == {figure.COLUMNS} and {row["step"] for row in rows} == {1, 2, 5, 10, 20, 50}


@pytest.mark.parametrize("count", [0, 1, 2, 17, 54])
def test_pictures_and_texts_stand_a_half_run(finished: tuple[lab.Config, list[lab.CurveFrame]], count: int) -> None:
    config, frames = finished
    for theme in (LIGHT, DARK):
        assert figure.figure(config, frames[:count], theme).get_facecolor()[3] == 1.0
    assert figure.alt_text(config, frames[:count])
    assert len(figure.table(config, frames[:count])) == 3
    assert all(isinstance(note, str) for note in figure.notes(config, frames[:count]))


def test_the_finding_in_words_has_the_crossing_the_similarity_and_the_verdict(
    finished: tuple[lab.Config, list[lab.CurveFrame]],
) -> None:
    text = figure.alt_text(*finished)
    assert "probe 79.0 %" in text and "Holds" in text and "overtakes the probe at about 8.4" in text
    crossing_note, similarity_note = figure.notes(*finished)
    assert "8.4" in crossing_note and "40 points" in similarity_note
    rows = {row["arm"]: row for row in figure.table(*finished)}
    assert rows["Probe"]["accuracy at 1 (%)"] == 81.0
    assert rows["Probe"]["similarity (points over random features)"] == 40.0
    assert rows["Fine-tuning"]["similarity (points over random features)"] is None


def test_digits_rates_are_those_of_the_sweep() -> None:
    from demos.strategies.lab import tuned_rate

    recipe = tasks.RECIPES[lab.DIGITS]
    assert recipe.batch == transfer.BATCH
    swept = [tuned_rate(arm, recipe.steps) for arm in ("probe", "fine_tune", "scratch")]
    assert swept == [recipe.probe_rate, recipe.fine_tune_rate, recipe.scratch_rate]
