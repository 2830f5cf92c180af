"""The strategies lab: what is drawn, what is shared, what is claimed, and what is shown of it."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from pydantic import ValidationError

from demos import data, pretrain, training, transfer
from demos.strategies import experiment, figure, lab, sweep
from demos.style import DARK, LIGHT, SERIES
from demos.tune import FIRST_SEED

MEASURED = {"ms_per_step", "cache_ms"}
ARMS = [lab.PROBE, lab.FREEZE, lab.FINE_TUNE, lab.SCRATCH]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def run(config: lab.Config, replicates: int | None = None) -> list[lab.StrategyFrame]:
    count = config.replicates if replicates is None else replicates
    return [frame for r in range(count) for frame in experiment.run(config, r)]


@pytest.fixture(scope="module")
def short() -> tuple[lab.Config, list[lab.StrategyFrame]]:
    torch.set_num_threads(1)
    config = lab.Config(seed=41, replicates=2, steps=30)
    return config, run(config)


@pytest.fixture
def only_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate before and after training only: the same training, a third of the time."""
    monkeypatch.setattr(transfer, "EVALUATIONS", 1)


# --- the draw ---------------------------------------------------------------------------------------------------------


def test_what_is_learned_from_is_never_tested_on() -> None:
    _, labels = data.mnist()
    for labels_per_class in (1, 100, 400):
        for replicate in range(5):
            drawn = experiment.draw(lab.Config(labels_per_class=labels_per_class, seed=9), replicate)
            parts = [set(rows.tolist()) for rows in (drawn.labelled, drawn.test, drawn.unused)]
            assert all(not a & b for a, b in itertools.combinations(parts, 2))
            assert sum(map(len, parts)) == 5000
            assert np.bincount(labels[drawn.labelled]).tolist() == [labels_per_class] * 10
            assert np.bincount(labels[drawn.test]).tolist() == [transfer.TEST_PER_CLASS] * 10


def test_replicates_and_seeds_draw_anew_and_the_same_seed_draws_the_same() -> None:
    def drawn(seed: int, replicate: int) -> tuple[Any, ...]:
        d = experiment.draw(lab.Config(seed=seed), replicate)
        return tuple(d.labelled), tuple(d.test), d.network_seed, d.order_seed

    cells = list(itertools.product(range(3), range(4)))
    for choice in zip(*(drawn(*cell) for cell in cells), strict=True):
        assert len(set(choice)) == len(cells)
    assert drawn(2, 3) == drawn(2, 3)
    assert {experiment.draw(lab.Config(seed=1), r).start for r in range(30)} == set(range(len(pretrain.SEEDS)))


def test_turning_a_dial_leaves_the_rest_of_the_draw_alone() -> None:
    few, many = (experiment.draw(lab.Config(labels_per_class=n, steps=s), 0) for n, s in ((5, 50), (20, 500)))
    assert (few.start, few.network_seed, few.order_seed) == (many.start, many.network_seed, many.order_seed)
    assert np.array_equal(few.test, many.test)
    assert set(few.labelled) < set(many.labelled)


def test_all_arms_share_head_backbone_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, torch.Tensor]] = []
    orders: list[torch.Tensor] = []
    tests: list[torch.Tensor] = []
    original = training.train

    def spy(model: Any, rates: Any, batches: Any, **options: Any) -> Any:
        seen.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        orders.append(batches.order)
        tests.append(options["tests"]["curve"].inputs)
        return original(model, rates, batches, **options)

    monkeypatch.setattr(training, "train", spy)
    list(experiment.run(lab.Config(steps=20), 0))
    probe, freeze, fine_tune, scratch = seen
    assert all(torch.equal(probe["head.weight"], other["head.weight"]) for other in seen)
    for name in probe:
        assert torch.equal(probe[name], freeze[name]) and torch.equal(probe[name], fine_tune[name])
    assert not torch.equal(probe["stem.0.weight"], scratch["stem.0.weight"])
    assert all(torch.equal(orders[0], order) for order in orders)
    assert all(torch.equal(tests[0], images) for images in tests)


def test_the_same_seed_gives_the_same_frames_but_for_measured_times() -> None:
    config = lab.Config(seed=77, steps=20)
    one, same, other = (
        [frame.model_dump(exclude=MEASURED) for frame in run(c, 1)]
        for c in (config, config, lab.Config(seed=78, steps=20))
    )
    assert one == same
    assert one != other


# --- the frames -------------------------------------------------------------------------------------------------------


def test_arms_advance_in_turn_over_about_twenty_points(short: tuple[lab.Config, list[lab.StrategyFrame]]) -> None:
    config, frames = short
    first = [frame for frame in frames if frame.replicate == 0]
    assert [frame.arm for frame in first] == ARMS * 21
    assert [frame.step for frame in first[::4]] == transfer.evaluation_points(config.steps)
    for steps in (20, 60, 120, 1500):
        points = transfer.evaluation_points(steps)
        assert points[0] == 0 and points[-1] == steps and len(points) == 21
    for frame in frames:
        json.dumps(frame.model_dump(), allow_nan=False)
        assert 0 <= frame.curve_accuracy <= 100
        assert (frame.accuracy is None) is (frame.step < config.steps)
        assert (frame.ms_per_step is None) is (frame.step == 0)


def test_the_verdict_is_on_a_thousand_balanced_digits_that_no_dial_changes() -> None:
    for labels_per_class in (1, 100, 400):
        drawn = experiment.draw(lab.Config(labels_per_class=labels_per_class, seed=9), 2)
        rows = experiment.test_rows(drawn)
        assert np.bincount(data.mnist()[1][rows]).tolist() == [lab.TEST_DIGITS // 10] * 10
        assert len(set(rows)) == lab.TEST_DIGITS and not set(rows) & set(drawn.labelled)
        assert np.array_equal(rows, experiment.test_rows(experiment.draw(lab.Config(seed=9), 2)))
    swept = experiment.draw(lab.Config(labels_per_class=sweep.LABELS_PER_CLASS, seed=9), 2)
    assert not set(transfer.validation_rows(swept)) & set(experiment.test_rows(swept)), "what rates are chosen on"


def test_the_curve_is_of_some_test_digits_and_the_verdict_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    config = lab.Config(seed=42, steps=20)
    drawn = experiment.draw(config, 0)
    some = experiment.curve_rows(drawn)
    assert set(some) < set(drawn.test) < set(experiment.test_rows(drawn))
    assert np.bincount(data.mnist()[1][some]).tolist() == [lab.CURVE_DIGITS // 10] * 10
    models: list[Any] = []
    original = training.train

    def spy(model: Any, *arguments: Any, **options: Any) -> Any:
        models.append(model)
        return original(model, *arguments, **options)

    monkeypatch.setattr(training, "train", spy)
    *before, probe, freeze, fine_tune, scratch = experiment.run(config, 0)
    assert [frame.accuracy for frame in before] == [None] * 80
    for frame, model in zip((probe, freeze, fine_tune, scratch), models, strict=True):
        assert frame.accuracy == training.evaluate(model, transfer.examples(experiment.test_rows(drawn)))
        assert frame.curve_accuracy == training.evaluate(model, transfer.examples(some))


def test_what_a_step_needs_is_counted_as_on_the_real_batch() -> None:
    drawn = experiment.draw(lab.Config(labels_per_class=2), 0)
    batches = transfer.batches(drawn, 20)
    for arm in ARMS:
        row = lab.rates(lab.Config(), arm)
        counted = training.memory_per_step(transfer.network(drawn), row, batches)
        assert experiment.bytes_per_step(tuple(row.items()), 20) == counted


def test_before_training_every_block_is_where_it_started(short: tuple[lab.Config, list[lab.StrategyFrame]]) -> None:
    at_start = [frame for frame in short[1] if frame.step == 0]
    assert at_start and all(set(frame.drift.values()) == {0.0} for frame in at_start)
    # The probe, the partly frozen and the fine-tuned network are the same one until they learn.
    for replicate in range(2):
        same = {f.curve_accuracy for f in at_start if f.replicate == replicate and f.arm != lab.SCRATCH}
        assert len(same) == 1


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_frozen_blocks_drift_by_exactly_zero_and_the_others_do_not(k: int) -> None:
    frames = run(lab.Config(seed=5, steps=20, frozen_blocks=k), 1)[-4:]
    frozen = {lab.PROBE: 4, lab.FREEZE: k, lab.FINE_TUNE: 0, lab.SCRATCH: 0}
    for frame in frames:
        assert list(frame.drift) == list(lab.BLOCKS)
        assert [change == 0.0 for change in frame.drift.values()] == [i < frozen[frame.arm] for i in range(5)]
    counts = {frame.arm: frame.trainable_parameters for frame in frames}
    assert counts[lab.PROBE] == 650 and counts[lab.FINE_TUNE] == counts[lab.SCRATCH] == 61_306
    assert counts[lab.FREEZE] == 61_306 - sum([432, 4672, 18560, 36992][:k])


def test_freezing_all_but_the_head_is_the_probe() -> None:
    frames = run(lab.Config(seed=5, steps=20, frozen_blocks=4), 1)
    probe, freeze = (
        [f.model_dump(exclude={"arm", *MEASURED}) for f in frames if f.arm == arm] for arm in (lab.PROBE, lab.FREEZE)
    )
    assert probe == freeze


# --- the rates --------------------------------------------------------------------------------------------------------


def test_a_strategy_is_a_row_of_rates() -> None:
    config = lab.Config(learning_rate=0.01, frozen_blocks=2)
    assert list(lab.rates(config, lab.PROBE).values()) == [0, 0, 0, 0, 0.01]
    assert list(lab.rates(config, lab.FREEZE).values()) == [0, 0, 0.01, 0.01, 0.01]
    assert list(lab.rates(config, lab.FINE_TUNE).values()) == [0.01] * 5
    assert list(lab.rates(config, lab.SCRATCH).values()) == [0.01] * 5


def test_a_gentle_backbone_slows_pretrained_blocks_only() -> None:
    config = lab.Config(backbone_factor=0.1, frozen_blocks=1)
    head = lab.tuned_rate(lab.PROBE, config.steps)
    assert list(lab.rates(config, lab.FINE_TUNE).values()) == [*[pytest.approx(head * 0.1)] * 4, head]
    assert list(lab.rates(config, lab.FREEZE).values()) == [0, *[pytest.approx(head * 0.1)] * 3, head]
    for arm in (lab.PROBE, lab.SCRATCH):
        assert lab.rates(config, arm) == lab.rates(lab.Config(), arm)


def test_tuned_rates_are_the_best_of_their_table_and_inside_the_grid() -> None:
    tuned = json.loads((Path(lab.__file__).parent / "tuned.json").read_text(encoding="utf-8"))
    assert set(tuned["rates"]) == {"60", "120", "1200"} and str(lab.Config().steps) in tuned["rates"]
    assert min(tuned["seeds"]) >= FIRST_SEED
    assert tuned["settings"]["labels_per_class"] == 100
    for length, cases in tuned["table"].items():
        assert set(cases) == set(sweep.CASES)
        for name, row in cases.items():
            best = max(row, key=lambda rate: row[rate]["mean"])
            assert row[f"{tuned['rates'][length][name]:g}"]["mean"] == row[best]["mean"]
            assert float(best) not in (min(map(float, row)), max(map(float, row))), f"{name} at {length}: widen"
    assert lab.tuned_rate(lab.SCRATCH, 1500) == tuned["rates"]["1200"][lab.SCRATCH]
    assert lab.tuned_rate(lab.SCRATCH, 20) == tuned["rates"]["60"][lab.SCRATCH]


def test_validation_digits_are_neither_learned_from_nor_tested_on() -> None:
    drawn = experiment.draw(lab.Config(labels_per_class=100, seed=FIRST_SEED), 0)
    rows = set(transfer.validation_rows(drawn).tolist())
    assert len(rows) == 500 and not rows & (set(drawn.labelled) | set(drawn.test))
    assert 5 < sweep.score("120", "probe", 1e-2, FIRST_SEED) <= 100


# --- the dials --------------------------------------------------------------------------------------------------------


def test_every_dial_says_what_it_is() -> None:
    for name, schema in lab.Config.model_json_schema()["properties"].items():
        assert schema["title"] and schema["description"], name
        if name not in ("replicates", "seed"):
            assert schema["unit"] and schema["options"] == sorted(schema["options"])
            assert schema["default"] in schema["options"]
            for option in schema["options"]:
                lab.Config.model_validate({name: option})


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels_per_class": 0}, {"labels_per_class": 401}, {"frozen_blocks": 5}, {"frozen_blocks": 0}, {"steps": 19},
        {"learning_rate": 1e-5}, {"learning_rate": 0.2}, {"learning_rate": math.nan}, {"learning_rate": -0.1},
        {"backbone_factor": 0}, {"backbone_factor": 2}, {"momentum": 0.9},
    ],
)  # fmt: skip
def test_dials_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        lab.Config.model_validate(wrong)


def test_presets_are_settings_and_one_is_the_counter_preset() -> None:
    for preset in lab.PRESETS:
        lab.Config.model_validate(preset.values)
        assert preset.why
    assert [preset.key for preset in lab.PRESETS if preset.counter] == ["hundred"]


@pytest.mark.parametrize(
    "dials",
    [
        {"labels_per_class": 400, "frozen_blocks": 1},
        {"labels_per_class": 1, "frozen_blocks": 4, "learning_rate": 1e-4},
        {"labels_per_class": 3, "learning_rate": 0.1, "backbone_factor": 0.001},
    ],
)
def test_the_ends_of_the_dials_run_to_a_finite_end(dials: dict[str, Any]) -> None:
    frames = run(lab.Config(seed=6, steps=20, **dials), 1)
    assert len(frames) == 84
    for frame in frames:
        json.dumps(frame.model_dump(), allow_nan=False)


def test_too_high_a_rate_shows_as_low_accuracy(only_the_end: None) -> None:
    config = lab.Config(seed=6, labels_per_class=20, learning_rate=0.1, steps=120, replicates=2)
    values = {result.name: np.mean(result.values) for result in lab.results(config, run(config))}
    assert values[lab.FINE_TUNE] < values[lab.PROBE] - 20


# --- the claim --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_claim_over_fresh_seeds(only_the_end: None) -> None:
    for seed in (61_001, 61_002):
        few, many = lab.Config(seed=seed), lab.Config(seed=seed, labels_per_class=100)
        frames = run(few)
        assert lab.verdict(few, frames).outcome == "holds"
        assert lab.verdict(many, run(many)).outcome == "does_not_hold"
        means = {result.name: np.mean(result.values) for result in lab.results(few, frames)}
        assert min(means[lab.PROBE], means[lab.FINE_TUNE]) > means[lab.SCRATCH] + 5


@pytest.mark.slow
def test_at_five_labels_both_beat_scratch(only_the_end: None) -> None:
    config = lab.Config(seed=61_003, labels_per_class=5, replicates=4)
    means = {result.name: np.mean(result.values) for result in lab.results(config, run(config))}
    assert min(means[lab.PROBE], means[lab.FINE_TUNE]) > means[lab.SCRATCH] + 5


@pytest.mark.slow
def test_a_gentle_backbone_takes_most_of_the_lead(only_the_end: None) -> None:
    plain = lab.Config(seed=61_004, replicates=6)
    gentle = lab.Config(seed=61_004, replicates=6, backbone_factor=0.01)
    assert abs(lab.verdict(gentle, run(gentle)).effect) < 0.5 * lab.verdict(plain, run(plain)).effect


# --- results and verdict on made-up frames ----------------------------------------------------------------------------


def made_up(finals: dict[str, Sequence[float]], steps: int = 40) -> list[lab.StrategyFrame]:
    return [
        lab.StrategyFrame(
            replicate=replicate, arm=arm, step=step, steps=steps,
            curve_accuracy=value if step else 10.0, accuracy=value if step else None,
            trainable_parameters=650, ms_per_step=1.0 if step else None, cache_ms=0.0,
            kilobytes_per_step=1.0,
            drift=dict.fromkeys(lab.BLOCKS, 0.0),
        )
        for arm, values in finals.items()
        for replicate, value in enumerate(values)
        for step in (0, steps)
    ]  # fmt: skip


def test_results_are_final_accuracies_in_the_order_of_the_replicates() -> None:
    config = lab.Config(replicates=3, steps=40)
    finals = {
        lab.PROBE: [70.0, 71, 72],
        lab.FINE_TUNE: [60.0, 60, 60],
        lab.FREEZE: [1.0, 2, 3],
        lab.SCRATCH: [4.0, 5, 6],
    }
    frames = made_up(finals)
    for order in (frames, frames[::-1]):
        results = {result.name: list(result.values) for result in lab.results(config, order)}
        assert results == finals
    verdict = lab.verdict(config, frames)
    assert verdict.outcome == "holds" and verdict.effect == pytest.approx(11.0)


def test_replicates_that_did_not_finish_all_arms_are_left_out() -> None:
    config = lab.Config(replicates=3, steps=40)
    frames = made_up({arm: [50.0, 60.0, 70.0] for arm in ARMS})
    frames = [f for f in frames if not (f.arm == lab.SCRATCH and f.replicate == 1 and f.step == 40)]
    assert all(result.values == (50.0, 70.0) for result in lab.results(config, frames))


# --- what is seen -----------------------------------------------------------------------------------------------------


def test_the_live_chart_is_small_fixed_in_scale_and_never_by_colour_alone(
    short: tuple[lab.Config, list[lab.StrategyFrame]],
) -> None:
    config, frames = short
    spec = figure.live_spec(config, LIGHT)
    assert spec == figure.live_spec(config, LIGHT) and "data" not in spec, "it must not change while a run goes on"
    rows = figure.live_rows(config, frames)
    assert {tuple(row) for row in rows} == {figure.COLUMNS}
    assert len(json.dumps(spec)) + len(json.dumps(rows)) < 20_000
    band, line, points = spec["layer"]
    assert line["encoding"]["y"]["scale"]["domain"] == [0, 100]
    assert line["encoding"]["x"]["scale"]["domain"] == [0, config.steps]
    labels = [arm.label for arm in lab.arms(config)]
    assert line["encoding"]["color"]["scale"]["domain"] == labels
    dashes = [tuple(dash) for dash in line["encoding"]["strokeDash"]["scale"]["range"]]
    assert len(set(dashes)) == len(set(points["encoding"]["shape"]["scale"]["range"])) == 4
    assert "%" in line["encoding"]["y"]["title"] and line["encoding"]["x"]["title"]
    assert band["mark"]["type"] == "area"


@pytest.mark.parametrize("count", [0, 1, 5, 100])
def test_every_picture_and_text_stands_a_run_that_has_only_begun(
    short: tuple[lab.Config, list[lab.StrategyFrame]], count: int
) -> None:
    config, frames = short
    for theme in (LIGHT, DARK):
        figure.live_spec(config, theme)
        figure.live_rows(config, frames[:count])
        figure.figure(config, frames[:count], theme)
    assert figure.alt_text(config, frames[:count])
    assert len(figure.table(config, frames[:count])) == 4


def test_the_figure_is_opaque_has_units_and_shows_exact_zeros(
    short: tuple[lab.Config, list[lab.StrategyFrame]],
) -> None:
    drawn = figure.figure(*short, DARK)
    assert isinstance(drawn, Figure) and drawn.get_facecolor()[3] == 1.0
    curves, final, drift = drawn.axes
    assert "%" in curves.get_ylabel() and "steps" in curves.get_xlabel() and "%" in final.get_xlabel()
    assert curves.get_ylim() == (0, 100)
    texts = [text.get_text() for text in drift.texts]
    assert texts.count("0") == 4 + short[0].frozen_blocks and len(texts) == 20


def test_the_numbers_in_words_are_the_numbers_of_the_frames() -> None:
    config = lab.Config(replicates=3, steps=40)
    frames = made_up(
        {lab.PROBE: [70, 71, 72], lab.FINE_TUNE: [60, 60, 60], lab.FREEZE: [1, 2, 3], lab.SCRATCH: [4, 5, 6]}
    )
    text = figure.alt_text(config, frames)
    assert "feature extraction 71.0 %" in text and "from scratch 5.0 %" in text and "Holds" in text and "11.0" in text
    rows = {row["arm"]: row for row in figure.table(config, frames)}
    assert rows["Feature extraction"]["accuracy mean (%)"] == 71.0
    assert rows["Feature extraction"]["accuracy sd (points)"] == 1.0
    assert rows["Fine-tuning"]["accuracy sd (points)"] == 0.0


def test_series_can_be_told_apart_on_both_backgrounds() -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    for theme in (LIGHT, DARK):
        ground = luminance(theme.background)
        for series in SERIES:
            light, dark = sorted((luminance(series.colour), ground), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3, f"{series.colour} on {theme.name}"
    assert len({(s.dash, s.marker) for s in SERIES}) == len(SERIES)
