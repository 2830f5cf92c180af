"""The pretraining-data lab: what was shipped, what the arms share, what the probe is, and what is shown of it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from demos import data, imagenet, models, photographs, pretrain, starts, training, transfer
from demos.pretraining_data import experiment, figure, lab, methods, pretrained
from demos.style import DARK, LIGHT

CLASSES_AXIS = lab.Config(seed=41, replicates=2, steps=20)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def short() -> list[lab.PretrainingFrame]:
    torch.set_num_threads(1)
    return [frame for r in range(2) for frame in experiment.run(CLASSES_AXIS, r)]


# --- what is shipped --------------------------------------------------------------------------------------------------


def test_every_backbone_of_both_axes_is_shipped_as_the_manifest_says() -> None:
    folder = starts.WEIGHTS / methods.FAMILY
    entries = {entry["file"]: entry for entry in starts.manifest(methods.FAMILY)["files"]}
    assert sorted(entries) == sorted(f"{name}.safetensors" for name in pretrained.family().members)
    assert len(entries) == 27
    for name, entry in entries.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert sum(path.stat().st_size for path in Path(folder).iterdir()) < 3_600_000
    for axis in ("classes", "images"):
        for cell in lab.cells(lab.Config(axis=axis))[1:]:
            for seed in pretrained.SEEDS:
                assert f"{methods.member(cell.classes, cell.images, seed)}.safetensors" in entries


def test_a_backbone_has_all_weights_but_the_heads() -> None:
    backbone = {name for name in models.small_cnn(10, 0).state_dict() if not name.startswith("head.")}
    for name in pretrained.family().members:
        assert set(starts.weights(methods.FAMILY, name)) == backbone


def test_fewer_classes_are_a_subset_of_more_and_no_character_comes_twice() -> None:
    for seed in pretrained.SEEDS:
        sets = [set(pretrained.characters(count, seed)) for count in lab.CLASSES]
        assert [len(characters) for characters in sets] == list(lab.CLASSES)
        assert all(few < more for few, more in itertools.pairwise(sets))
    assert len({pretrained.characters(2, seed) for seed in pretrained.SEEDS}) == 3


def test_no_two_of_the_added_characters_look_the_same() -> None:
    pictures = data.glyph_bases(pretrained.characters(140, 0), ("DejaVuSans",))[0].float().flatten(1)
    similarity = F.normalize(pictures) @ F.normalize(pictures).T
    added = torch.arange(len(pictures)) >= len(data.LETTERS)
    similarity.fill_diagonal_(0)
    assert pictures.sum(1).min() > 0
    assert similarity[added].max() < 0.94


def test_members_differ_in_their_data_only() -> None:
    assert pretrained.parse(methods.member(52, 30_000, 2)) == (52, 30_000, 2)
    assert pretrained.fonts_of(52) == pretrained.fonts_of(2) == data.TRAIN_FONTS
    assert set(pretrained.fonts_of(140)) < set(data.TRAIN_FONTS)


def test_building_is_pretraining_without_the_head_and_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "STEPS", 2)
    pretrained.trained.cache_clear()
    name = methods.member(5, 200, 0)
    built = dict(pretrained.build(name))
    whole = pretrain.pretrain(0, 200, 2, characters=pretrained.characters(5, 0))
    assert set(whole.state_dict()) - set(built) == {"head.weight", "head.bias"}
    assert all(torch.equal(built[key], whole.state_dict()[key]) for key in built)
    measured: list[dict[str, torch.Tensor]] = []
    monkeypatch.setattr(
        pretrain, "accuracy_on_fresh_renders", lambda weights, fonts, *, characters: measured.append(weights) or 12.0
    )
    assert pretrained.measure(name, built) == {"accuracy_fresh_renders": 12.0}
    assert all(torch.equal(measured[0][key], value) for key, value in whole.state_dict().items())
    pretrained.trained.cache_clear()


# --- the probe --------------------------------------------------------------------------------------------------------


def test_the_probe_finds_what_full_batch_logistic_regression_finds() -> None:
    """The oracle: L-BFGS to the end on the same standardised features."""
    drawn = transfer.draw(41, 0, 20)
    trunk = methods.backbone(lab.Cell(52, 8_000), drawn)
    labelled, test = (training.through(trunk, transfer.examples(rows)) for rows in (drawn.labelled, drawn.test))
    (*_, last) = methods.probe(labelled, test, 300, drawn.order_seed, [300])
    first, second = methods.standardised(labelled, test)
    weight = torch.zeros(10, 65, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight], max_iter=50)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = (
            F.cross_entropy(first.inputs @ weight[:, :64].T + weight[:, 64], first.targets)
            + 1e-3 * weight.square().sum()
        )
        loss.backward()
        return loss

    optimiser.step(closure)  # type: ignore[arg-type]
    with torch.no_grad():
        guesses = (second.inputs @ weight[:, :64].T + weight[:, 64]).argmax(1)
    oracle = 100 * (guesses == second.targets).float().mean().item()
    assert abs(last.accuracy["test"] - oracle) < 5


def test_features_are_standardised_by_the_labelled_examples_alone() -> None:
    inputs = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    first, second = methods.standardised(
        training.Examples(inputs, torch.tensor([0, 1])),
        training.Examples(torch.tensor([[5.0, 9.0]]), torch.tensor([0])),
    )
    assert first.inputs.tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert second.inputs.tolist() == [[3.0, 0.0]], "a feature that never varies says nothing"


def test_the_first_frame_is_what_a_head_of_zeros_scores() -> None:
    drawn = transfer.draw(0, 0, 1)
    test = transfer.examples(drawn.test)
    head = torch.nn.Linear(64, 10)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    trunk = methods.backbone(lab.RANDOM, drawn)
    assert training.evaluate(head, training.through(trunk, test)) == 10.0
    assert next(experiment.run(lab.Config(), 0)).accuracy == 10.0


def test_backbones_are_those_of_the_draw_and_do_not_move() -> None:
    drawn = transfer.draw(41, 0, 1)
    stored = starts.weights(methods.FAMILY, methods.member(2, 8_000, drawn.start))
    trunk = methods.backbone(lab.Cell(2, 8_000), drawn)
    assert torch.equal(trunk.state_dict()["stem.0.weight"], stored["stem.0.weight"])
    assert not any(parameter.requires_grad for parameter in trunk.parameters())
    random = methods.backbone(lab.RANDOM, drawn).state_dict()["stem.0.weight"]
    assert torch.equal(random, models.small_cnn(10, drawn.network_seed).state_dict()["stem.0.weight"])


def test_texture_halves_never_meet_and_both_networks_see_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[bool, list[np.ndarray]] = {True: [], False: []}

    def features(pixels: np.ndarray, *, pretrained: bool, seed: int) -> np.ndarray:
        seen[pretrained].append(pixels)
        return np.zeros((len(pixels), 4), np.float32)

    monkeypatch.setattr(imagenet, "features", features)
    for known in (True, False):
        labelled, test = methods.texture_features([3, 1], 2, pretrained=known, seed=0)
        assert len(labelled.targets) == 24 and len(test.targets) == 12 * methods.TEXTURE_TESTS
    assert all(np.array_equal(a, b) for a, b in zip(seen[True], seen[False], strict=True))


def test_imagenet_weights_recognise_everyday_things() -> None:
    top5 = methods.top5()
    assert tuple(top5) == methods.SHOWN and set(methods.SHOWN) <= set(photographs.NAMES)
    assert "espresso" in top5["coffee"] and "daisy" in top5["flower"] and "tripod" in top5["camera"]
    for guesses in top5.values():
        assert len(guesses) == 5 and list(guesses.values()) == sorted(guesses.values(), reverse=True)


# --- frames, results, pictures ----------------------------------------------------------------------------------------


def test_every_arm_finishes_in_turn_and_survives_json(short: list[lab.PretrainingFrame]) -> None:
    keys = [arm.key for arm in lab.arms(CLASSES_AXIS)]
    assert [frame.arm for frame in short[:6]] == keys
    assert all(lab.PretrainingFrame.model_validate_json(frame.model_dump_json()) == frame for frame in short)
    for frame in short:
        json.dumps(frame.model_dump(), allow_nan=False)
        shown = frame.replicate == 0 and frame.step == frame.steps and frame.arm in ("level0", lab.POOR, lab.RICH)
        assert (frame.filters is not None) == shown
        assert (frame.source_accuracy is not None) == (frame.step == frame.steps and frame.classes > 0)


@pytest.mark.parametrize("axis", ["classes", "images", "imagenet"])
@pytest.mark.parametrize("compared", list(lab.COMPARED))
def test_the_claim_compares_less_data_with_more_on_every_axis(axis: str, compared: str) -> None:
    config = lab.Config.model_validate({"axis": axis, "compared": compared})
    cells = dict(zip([arm.key for arm in lab.arms(config)], lab.cells(config), strict=True))
    poor, rich = cells[lab.POOR], cells[lab.RICH]
    assert (poor.classes, poor.images) < (rich.classes, rich.images)
    assert set(figure.looks(config)) == set(cells)


def test_a_level_looks_the_same_whatever_is_compared() -> None:
    seen = []
    for compared in lab.COMPARED:
        config = lab.Config.model_validate({"compared": compared})
        seen.append([figure.looks(config)[arm.key] for arm in lab.arms(config)])
    assert all(row == seen[0] for row in seen) and len(set(seen[0])) == 6


def made_up(finals: Sequence[float]) -> list[lab.PretrainingFrame]:
    config = lab.Config(replicates=2)
    return [
        lab.PretrainingFrame(
            replicate=r, arm=arm.key, step=300, steps=300, accuracy=final + r, classes=1, images=1,
            source_accuracy=90.0 if level else None,
        )
        for r in range(2)
        for level, (arm, final) in enumerate(zip(lab.arms(config), finals, strict=True))
    ]  # fmt: skip


def test_results_words_and_table_are_the_numbers_of_the_frames() -> None:
    config, frames = lab.Config(replicates=2), made_up([50, 55, 60, 70, 80, 81])
    assert {r.name: r.values for r in lab.results(config, frames)}[lab.RICH] == (80.0, 81.0)
    assert lab.verdict(config, frames).effect == 20.0
    assert all(len(r.values) == 1 for r in lab.results(config, frames[:-1])), "an unfinished replicate is left out"
    text = figure.alt_text(config, frames)
    assert "5 classes 60.5 %" in text and "52 classes 80.5 %" in text and "20.0" in text
    rows = figure.table(config, frames)
    assert (
        rows[4]["probe accuracy mean (%)"] == 80.5 and rows[0]["accuracy on its own classes, fresh images (%)"] is None
    )


@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_pictures_stand_a_half_run(short: list[lab.PretrainingFrame], count: int) -> None:
    for theme in (LIGHT, DARK):
        figure.figure(CLASSES_AXIS, short[:count], theme)
        assert len(figure.extras(CLASSES_AXIS, short[:count], theme)) == (1 if count > 200 else 0)
    assert {tuple(row) for row in figure.live_rows(CLASSES_AXIS, short[:count])} <= {figure.COLUMNS}
    assert figure.alt_text(CLASSES_AXIS, short[:count]) and len(figure.table(CLASSES_AXIS, short[:count])) == 6


def test_the_imagenet_axis_shows_photographs_beside_its_guesses() -> None:
    config = lab.Config(axis="imagenet", replicates=2)
    frame = lab.PretrainingFrame(
        replicate=0, arm=lab.RICH, step=300, steps=300, accuracy=90, classes=1000, images=1_281_167,
        top5={name: {"a": 0.5, "b": 0.2, "c": 0.1, "d": 0.1, "e": 0.05} for name in methods.SHOWN},
    )  # fmt: skip
    (extra,) = figure.extras(config, [frame], LIGHT)
    assert "coffee: a 50 %" in extra.alt and len(extra.figure.axes) == 12
    figure.figure(config, [frame], LIGHT)
