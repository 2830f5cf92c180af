"""The distant-domain lab: what is drawn and shared, what is frozen, what is measured of a run, and what is shown."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from demos import data, imagenet, photographs, quadrants, training
from demos.distant_domain import experiment, figure, lab, measures, methods, sweep
from demos.style import DARK, LIGHT
from demos.tune import FIRST_SEED

ARMS = [lab.FINE_TUNE, lab.SCRATCH, lab.PROBE, lab.RANDOM_PROBE]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def run(config: lab.Config, replicates: int | None = None) -> list[lab.DistantFrame]:
    count = config.replicates if replicates is None else replicates
    return [frame for r in range(count) for frame in experiment.run(config, r)]


@pytest.fixture(scope="module")
def short() -> tuple[lab.Config, list[lab.DistantFrame]]:
    torch.set_num_threads(1)
    config = lab.Config(seed=41, replicates=2, steps=20, labels_per_class=10)
    return config, run(config)


# --- the draw ---------------------------------------------------------------------------------------------------------


def test_textures_learn_from_one_half_and_are_tested_on_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    halves: list[str] = []
    original = photographs.texture_patches

    def spy(*args: Any, half: str, **options: Any) -> Any:
        halves.append(half)
        return original(*args, half=half, **options)

    monkeypatch.setattr(photographs, "texture_patches", spy)
    drawn = experiment.draw(lab.Config(labels_per_class=5), 0)
    methods.draw(lab.LETTERS_TEXTURES, 0, 0, 5, 20, swapped=True)
    assert halves == ["left", "right", "right", "left"], "train, test; then swapped for tuning"
    assert drawn.train.inputs.shape == (60, 1, 28, 28) and drawn.test.inputs.shape == (600, 1, 28, 28)
    assert torch.bincount(drawn.test.targets).tolist() == [methods.TEST_PATCHES] * 12


def test_patches_have_equal_brightness_and_contrast() -> None:
    x = methods.textures(10, np.random.default_rng(3), "left").inputs
    assert x.min() >= 0 and x.max() <= 1
    # Cutting at 0 and 1 moves a few; nothing like the photographs' own means, which span half the range.
    assert (x.mean((1, 2, 3)) - 0.5).abs().max() < 0.1
    assert (x.std((1, 2, 3)) - 0.25).abs().median() < 0.03


def test_digits_learn_from_rows_that_no_score_is_taken_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    original = methods.digits
    monkeypatch.setattr(methods, "digits", lambda rows: seen.append(rows) or original(rows))
    for swapped in (False, True):
        methods.draw(lab.IMAGENET_DIGITS, FIRST_SEED, 0, 20, 20, swapped=swapped)
    train, test, same, validation = (set(rows.tolist()) for rows in seen)
    assert train == same and len(test) == len(validation) == 10 * methods.TEST_DIGITS
    assert not train & test and not train & validation and not test & validation


def test_digits_reach_the_large_network_unscaled_inside_a_black_border() -> None:
    images, labels = data.mnist()
    found = methods.digits(np.array([7, 4321]))
    inner = found.inputs[:, :, 2:-2, 2:-2]
    assert found.inputs.shape == (2, 3, 32, 32) and found.targets.tolist() == labels[[7, 4321]].tolist()
    expected = (torch.from_numpy(images[[7, 4321]]) * 255 - 127) / 128
    assert torch.allclose(inner, expected.expand(-1, 3, -1, -1), atol=1e-6)
    assert (found.inputs[:, :, :2] == -127 / 128).all() and (found.inputs[:, :, :, -2:] == -127 / 128).all()


@pytest.mark.parametrize("kind", lab.DEPTHS)
def test_both_networks_share_the_head_and_differ_before_it(kind: str) -> None:
    drawn = methods.draw(kind, 5, 0, 5, 20)
    one, other = drawn.network(True).state_dict(), drawn.network(False).state_dict()
    assert torch.equal(one["head.weight"], other["head.weight"])
    assert not torch.equal(one["stem.0.weight"], other["stem.0.weight"])


def test_the_same_seed_repeats_and_replicates_differ() -> None:
    config = lab.Config(seed=77, steps=20, labels_per_class=5)
    one, same, other = ([f.model_dump(exclude={"ms_per_step"}) for f in experiment.run(config, r)] for r in (1, 1, 2))
    assert one == same
    assert [f["accuracy"] for f in one] != [f["accuracy"] for f in other]


# --- features and probes ----------------------------------------------------------------------------------------------


def test_features_of_the_large_network_are_those_of_the_shared_module(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TLI_CACHE_DIR", str(tmp_path))
    drawn = methods.draw(lab.IMAGENET_DIGITS, 5, 0, 5, 20)
    found = methods.after_blocks(drawn.network(True).eval(), drawn.train.inputs[:9])
    pixels = (drawn.train.inputs[:9] * 128 + 127).permute(0, 2, 3, 1).round().numpy().astype(np.uint8)
    expected = imagenet.depth_features(pixels, lab.DEPTHS[lab.IMAGENET_DIGITS])
    assert list(found) == list(lab.DEPTHS[lab.IMAGENET_DIGITS])
    for block, value in expected.items():
        np.testing.assert_allclose(found[block].numpy(), value, rtol=1e-3, atol=1e-4)


def test_features_are_scaled_by_the_training_images_alone() -> None:
    drawn = methods.draw(lab.LETTERS_TEXTURES, 5, 0, 20, 20)
    raw = methods.after_blocks(drawn.network(True), drawn.train.inputs)["stage3"]
    scaled = methods.features(drawn, lab.LETTERS_TEXTURES, pretrained=True)["stage3"]
    spread = raw.std(0).clamp_min(methods.FLOOR * raw.std(0).max())
    torch.testing.assert_close(scaled.train.inputs, (raw - raw.mean(0)) / spread)
    assert scaled.train.inputs.mean(0).abs().max() < 1e-4
    assert scaled.test.inputs.mean(0).abs().max() > 0.05, "test images must not set their own scale"


def test_a_constant_feature_stays_finite() -> None:
    drawn = methods.draw(lab.LETTERS_TEXTURES, 5, 0, 5, 20)
    train, test = torch.ones(60, 3), torch.full((600, 3), 2.0)
    found = methods._scaled(drawn, train, test)
    assert torch.isfinite(found.train.inputs).all() and torch.isfinite(found.test.inputs).all()


def test_the_probe_arm_is_the_networks_own_head_on_frozen_blocks() -> None:
    """Oracle: the whole network with every rate but the head's at 0, behind the same standardisation."""
    config = lab.Config(seed=8, steps=20, labels_per_class=5, learning_rate=0.01)
    drawn = experiment.draw(config, 0)
    found = methods.features(drawn, config.transfer, pretrained=True)["stage3"]
    arm = next(experiment.train_probe(config, drawn, found, "stage3", [20])).accuracy["test"]
    head = methods.probe(found, drawn.base.network_seed)
    optimiser = torch.optim.AdamW(head.parameters(), 0.01, weight_decay=training.WEIGHT_DECAY)
    for rows in drawn.order:
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(head(found.train.inputs[rows]), found.train.targets[rows]).backward()
        optimiser.step()
    assert arm == pytest.approx(training.evaluate(head, found.test), abs=0.4)


def test_the_arms_probe_is_one_of_the_depths(short: tuple[lab.Config, list[lab.DistantFrame]]) -> None:
    config, frames = short
    for frame in frames:
        json.dumps(frame.model_dump(), allow_nan=False)
        last_probe = frame.step == frame.steps and frame.arm in (lab.PROBE, lab.RANDOM_PROBE)
        assert bool(frame.depths) is last_probe
        if last_probe:
            assert frame.depths[lab.probe_block(config)] == frame.accuracy
            assert (lab.PIXELS in frame.depths) is (frame.arm == lab.PROBE)
            assert set(frame.depths) - {lab.PIXELS} == set(lab.DEPTHS[config.transfer])


def test_arms_advance_in_turn(short: tuple[lab.Config, list[lab.DistantFrame]]) -> None:
    config, frames = short
    assert [f.arm for f in frames if f.replicate == 0] == ARMS * (lab.evaluations(config) + 1)


@pytest.mark.slow
def test_the_large_network_runs_to_a_finite_end() -> None:
    config = lab.Config(seed=3, transfer="imagenet_digits", labels_per_class=5, steps=20, probe_depth="middle")
    frames = run(config, 1)
    assert len(frames) == 4 * 11
    assert all(math.isfinite(frame.accuracy) for frame in frames)
    assert set(measures.depth_means(frames, lab.PROBE)) == {lab.PIXELS, *lab.DEPTHS[lab.IMAGENET_DIGITS]}


# --- rates and dials --------------------------------------------------------------------------------------------------


def test_tuned_rates_are_the_best_of_their_table() -> None:
    tuned = json.loads((Path(lab.__file__).parent / "tuned.json").read_text(encoding="utf-8"))
    assert min(tuned["seeds"]) >= FIRST_SEED
    swept = sweep.sweep()
    assert set(tuned["rates"]) == set(swept.groups)
    for group, cases in tuned["table"].items():
        assert set(cases) == set(swept.groups[group])
        for name, row in cases.items():
            best = max(row, key=lambda rate: row[rate]["mean"])
            assert row[f"{tuned['rates'][group][name]:g}"]["mean"] == row[best]["mean"]
        for arm in (lab.FINE_TUNE, lab.SCRATCH):
            assert f"{group}/{arm}" not in tuned["at_the_edge_of_the_grid"]
    assert lab.tuned_rate(lab.LETTERS_TEXTURES, lab.SCRATCH, 1600) == tuned["rates"]["letters_textures/300"]["scratch"]


def test_one_rate_for_all_overrides_the_tuned_ones() -> None:
    config = lab.Config(learning_rate=0.003)
    assert {lab.rate(config, case) for case in (lab.FINE_TUNE, lab.SCRATCH, "stage3", lab.PIXELS)} == {0.003}


@pytest.mark.parametrize(
    "wrong",
    [{"labels_per_class": 4}, {"labels_per_class": 401}, {"steps": 19}, {"learning_rate": 1e-5}, {"transfer": "x"},
     {"probe_depth": "stem"}],
)  # fmt: skip
def test_dials_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        lab.Config.model_validate(wrong)


# --- what is measured of a run, on made-up frames ---------------------------------------------------------------------


def made_up(curves: dict[str, Sequence[Sequence[float]]], steps: int = 40) -> list[lab.DistantFrame]:
    """`curves`: per arm, per replicate, the accuracies at evenly spaced steps."""
    depths = {lab.PROBE: {lab.PIXELS: 5.0, "stem": 30.0, "stage1": 40.0, "stage2": 35.0, "stage3": 20.0},
              lab.RANDOM_PROBE: {"stem": 33.0, "stage1": 30.0, "stage2": 20.0, "stage3": 12.0}}  # fmt: skip
    return [
        lab.DistantFrame(
            replicate=replicate, arm=arm, step=round(i * steps / (len(curve) - 1)), steps=steps, accuracy=value,
            ms_per_step=1.0 if i else None, depths=depths.get(arm, {}) if i == len(curve) - 1 else {},
        )
        for arm, replicates in curves.items()
        for replicate, curve in enumerate(replicates)
        for i, value in enumerate(curve)
    ]  # fmt: skip


WHOLE = {
    lab.FINE_TUNE: [[10, 40, 50], [10, 45, 50]],
    lab.SCRATCH: [[10, 20, 50], [10, 10, 30]],
    lab.PROBE: [[10, 18, 20], [10, 19, 21]],
    lab.RANDOM_PROBE: [[10, 11, 12], [10, 11, 12]],
}


def test_steps_to_the_level_are_read_off_the_straight_line_between_points() -> None:
    frames = made_up(WHOLE)
    goal = measures.level(frames)
    assert goal == pytest.approx(45.0)
    assert measures.steps_to_level(frames, lab.FINE_TUNE, 45.0) == [pytest.approx(30.0), pytest.approx(20.0)]
    assert measures.steps_to_level(frames, lab.SCRATCH, 45.0) == [pytest.approx(20 + 20 * 25 / 30), None]
    assert measures.steps_to_level(frames, lab.PROBE, 9.0) == [0.0, 0.0]
    assert measures.steps_to_level(frames[:2], lab.FINE_TUNE, 45.0) == [], "a run that is not over may still get there"
    assert measures.level([]) is None


def test_the_typical_number_of_steps_counts_those_that_never_arrive_as_late() -> None:
    assert measures.typical_steps([10.0, 20.0, None]) == 20.0
    assert measures.typical_steps([10.0, None]) is None
    assert measures.typical_steps([]) is None


def test_verdict_similarity_and_the_point_on_the_map() -> None:
    config, frames = lab.Config(replicates=2, steps=40), made_up(WHOLE)
    judged = lab.verdict(config, frames)
    assert judged.effect == pytest.approx(29.5)
    assert measures.similarity(config, frames) == pytest.approx(8.0)
    point = figure.quadrant_point(config, frames)
    assert point is not None and point.lead == pytest.approx(-29.5) and point.similarity == pytest.approx(8.0)
    assert judged.interval is not None
    assert point.half_width == pytest.approx((judged.interval[1] - judged.interval[0]) / 2)
    assert figure.quadrant_point(config, frames[:5]) is None


def test_similarity_and_lead_of_a_point_on_the_map_are_of_one_probe() -> None:
    """With the probe after the first block, the similarity is that block's: -3 points, not the last one's 8."""
    config, frames = lab.Config(replicates=2, steps=40, probe_depth="first"), made_up(WHOLE)
    point = figure.quadrant_point(config, frames)
    assert point is not None and point.similarity == pytest.approx(30.0 - 33.0)
    assert point.transfer == "letters to textures, probe after stem"
    last = figure.quadrant_point(config.model_copy(update={"probe_depth": "last"}), frames)
    assert last is not None and last.transfer == "letters to textures"


def test_the_map_says_that_two_labs_are_not_on_one_scale() -> None:
    point = figure.quadrant_point(lab.Config(replicates=2, steps=40), made_up(WHOLE))
    assert point is not None
    assert quadrants.caption([]) == quadrants.caption([point, point]) == ""
    assert "not on one scale" in quadrants.caption([point, replace(point, lab="small_data")])


def test_arms_that_are_not_tuned_to_the_end_are_named() -> None:
    text = " ".join(lab.DOES_NOT_SHOW)
    tuned = json.loads((Path(lab.__file__).parent / "tuned.json").read_text(encoding="utf-8"))
    for case in tuned["at_the_edge_of_the_grid"]:
        assert case.split("/")[-1] in text, case
    assert not any(lab.RANDOM_PROBE in cases for cases in tuned["rates"].values())
    described = lab.Config.model_fields["learning_rate"].description
    assert "never swept" in text and described is not None and "random network's probe" in described


# --- what is seen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 5, 60, 83, 100])
def test_every_picture_and_text_stands_a_run_that_has_only_begun(
    short: tuple[lab.Config, list[lab.DistantFrame]], count: int
) -> None:
    config, frames = short
    for theme in (LIGHT, DARK):
        figure.figure(config, frames[:count], theme)
        for extra in figure.extras(config, frames[:count], theme):
            assert extra.title and extra.alt
    assert figure.alt_text(config, frames[:count])
    assert all(figure.notes(config, frames[:count]))
    assert len(figure.table(config, frames[:count])) == 4


def test_words_and_table_have_the_numbers_of_the_frames() -> None:
    config, frames = lab.Config(replicates=2, steps=40), made_up(WHOLE)
    text = figure.alt_text(config, frames)
    for part in ("fine-tuning 50.0 %", "Holds", "29.5", "45.0 %", "fine-tuning 25 steps", "first in 2 of 2",
                 "best after stage1 (40.0 %", "worth 8.0 points", "After stem the random network"):  # fmt: skip
        assert part in text, part
    rows = {row["arm"]: row for row in figure.table(config, frames)}
    assert rows["Fine-tuning"]["median steps to the level"] == 25
    assert rows["From scratch"]["median steps to the level"] is None
    assert rows["From scratch"]["replicates that reached it"] == 1
