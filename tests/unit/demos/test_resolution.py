"""The resolution lab: positions against torchvision, what is tested on, what is claimed, and what is shown of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from pydantic import ValidationError

from demos import data, imagenet, photographs, starts, training, transfer
from demos.resolution import architectures, experiment, figure, lab, methods, pretrained
from demos.style import DARK, LIGHT

ARMS = [lab.BICUBIC, lab.BILINEAR, lab.NEAREST, lab.NONE, lab.CNN]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs measure the training size and the dial's, nothing else."""
    monkeypatch.setattr(lab, "SIZES", (lab.TRAINED_AT,))


@pytest.fixture(scope="module")
def finished() -> tuple[lab.Config, list[lab.SizeFrame]]:
    torch.set_num_threads(1)
    config = lab.Config(seed=2_100_000, replicates=2, new_size=36, tuning_steps=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab, "SIZES", (20, lab.TRAINED_AT))
        return config, run(config)


def run(config: lab.Config) -> list[lab.SizeFrame]:
    return [frame for r in range(config.replicates) for frame in experiment.run(config, r)]


def some_positions(side: int = 7, width: int = 12) -> torch.Tensor:
    return torch.randn(1, 1 + side * side, width, generator=torch.Generator().manual_seed(5))


# --- positions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [3, 5, 8, 12, 14])
def test_bicubic_positions_are_those_of_torchvision(grid: int) -> None:
    from torchvision.models.vision_transformer import interpolate_embeddings

    old = some_positions()
    state = {"encoder.pos_embedding": old.clone()}
    theirs = interpolate_embeddings(grid * 4, 4, state)["encoder.pos_embedding"]
    ours = methods.positions_for(old, grid, lab.BICUBIC)
    assert (ours - theirs).abs().max() < 1e-6
    assert torch.equal(ours[:, 0], old[:, 0])


@pytest.mark.parametrize("how", lab.VIT_ARMS)
@pytest.mark.parametrize("grid", [5, 7, 8, 9, 14])
def test_the_class_token_is_untouched_and_the_shape_is_right(how: str, grid: int) -> None:
    old = some_positions()
    new = methods.positions_for(old, grid, how)
    assert new.shape == (1, 1 + grid * grid, 12)
    assert torch.equal(new[:, 0], old[:, 0])
    if grid == 7:
        assert torch.equal(new, old)


def test_aligned_corners_keep_their_embeddings() -> None:
    old = some_positions()
    for how in (lab.BICUBIC, lab.BILINEAR):
        new = methods.positions_for(old, 12, how)
        assert torch.allclose(new[:, [1, 12, -1]], old[:, [1, 7, -1]], atol=1e-5)


def test_nearest_takes_every_position_from_the_old_ones() -> None:
    old = some_positions()
    new = methods.positions_for(old, 14, lab.NEAREST)[0, 1:].unflatten(0, (14, 14))
    table = old[0, 1:].unflatten(0, (7, 7))
    for row, column in itertools.product(range(14), repeat=2):
        assert torch.equal(new[row, column], table[row // 2, column // 2])


@pytest.mark.parametrize("grid", [5, 8, 9, 12])
@pytest.mark.parametrize("placement", ["centre", "corner"])
def test_placed_positions_are_the_old_ones_or_zero(grid: int, placement: str) -> None:
    old = some_positions()
    new = methods.placed(old[:, 1:], grid, placement)[0].unflatten(0, (grid, grid))
    table = old[0, 1:].unflatten(0, (7, 7))
    before = 0 if placement == "corner" else int((grid - 7) / 2)
    for row, column in itertools.product(range(grid), repeat=2):
        r, c = row - before, column - before
        expected = table[r, c] if 0 <= r < 7 and 0 <= c < 7 else torch.zeros(12)
        assert torch.equal(new[row, column], expected)


def test_in_order_is_the_table_by_patch_number() -> None:
    old = some_positions()[:, 1:]
    assert torch.equal(methods.placed(old, 5, "order"), old[:, :25])
    longer = methods.placed(old, 8, "order")
    assert torch.equal(longer[:, :49], old) and longer[:, 49:].abs().max() == 0


def test_similarity_is_one_with_itself_and_zero_where_there_is_no_embedding() -> None:
    positions = methods.positions_for(some_positions(), 11, lab.NONE, "corner")
    rows = methods.position_similarity(positions)
    third = round(10 / 3)
    assert len(rows) == len(rows[0]) == 11
    assert rows[third][third] == 1.0 and rows[10] == [0.0] * 11


# --- the network ------------------------------------------------------------------------------------------------------


def test_only_the_positions_depend_on_the_size() -> None:
    small, large = methods.tiny_vit(28).state_dict(), methods.tiny_vit(56).state_dict()
    assert [name for name in small if small[name].shape != large[name].shape] == [methods.POSITIONS]
    assert sum(p.numel() for p in methods.tiny_vit().parameters()) == 116_938
    with pytest.raises(RuntimeError):
        methods.tiny_vit(28)(torch.zeros(1, 1, 32, 32))


def test_attention_is_that_of_a_naive_loop() -> None:
    block = methods.tiny_vit().get_submodule("encoder.0")
    assert isinstance(block, methods.Block)
    tokens = torch.randn(2, 5, methods.WIDTH, generator=torch.Generator().manual_seed(1))
    query, key, value = block.project_in(tokens).split(methods.WIDTH, dim=2)
    per_head = methods.WIDTH // methods.HEADS
    heads = []
    for head in range(methods.HEADS):
        cut = slice(head * per_head, (head + 1) * per_head)
        scores = query[..., cut] @ key[..., cut].transpose(1, 2) / per_head**0.5
        heads.append(scores.softmax(-1) @ value[..., cut])
    assert torch.allclose(block.attention(tokens), torch.cat(heads, dim=2), atol=1e-5)


def test_at_another_size_all_else_is_as_trained() -> None:
    stored = starts.weights("resolution", "vit-1")
    model = methods.vit_at(1, 40, lab.BICUBIC, "centre")
    for name, tensor in model.state_dict().items():
        assert name == methods.POSITIONS or torch.equal(tensor, stored[name])
    with torch.no_grad():
        model.get_parameter(methods.POSITIONS).zero_()
    assert starts.weights("resolution", "vit-1")[methods.POSITIONS].abs().max() > 0, "shared weights were changed"


# --- pictures and draws -----------------------------------------------------------------------------------------------


def test_a_wider_view_keeps_the_digit_and_an_enlarged_one_grows_it() -> None:
    digits = transfer.examples(methods.held_out_rows()[:3]).inputs
    wider = methods.shown_at(digits, 36, "wider")
    assert torch.equal(wider[..., 4:-4, 4:-4], digits) and wider.sum() == pytest.approx(float(digits.sum()))
    assert torch.equal(methods.shown_at(digits, 20, "wider"), digits[..., 4:-4, 4:-4])
    enlarged = methods.shown_at(digits, 56, "enlarged")
    assert enlarged.shape[-1] == 56
    assert torch.allclose(F.avg_pool2d(enlarged, 2).mean(), digits.mean(), rtol=0.02)
    assert methods.shown_at(digits, 28, "wider") is digits


def test_what_is_tested_or_tuned_on_was_never_trained_on() -> None:
    _, labels = data.mnist()
    seen = set(methods.pretraining_rows().tolist())
    assert len(seen) == 3_500 and len(set(methods.held_out_rows().tolist()) | seen) == 5_000
    for replicate in range(5):
        drawn = experiment.draw(lab.Config(seed=9), replicate)
        test, labelled = set(drawn.test.tolist()), set(drawn.labelled.tolist())
        assert not test & labelled and not (test | labelled) & seen
        assert np.bincount(labels[drawn.test]).tolist() == [10] * 10
        assert np.bincount(labels[drawn.labelled]).tolist() == [20] * 10


def test_replicates_draw_anew_and_dials_leave_the_draw_alone() -> None:
    def drawn(config: lab.Config, replicate: int) -> tuple[Any, ...]:
        d = experiment.draw(config, replicate)
        return tuple(d.test), tuple(d.labelled), d.order_seed

    one, other = drawn(lab.Config(seed=4), 0), drawn(lab.Config(seed=4), 1)
    assert all(a != b for a, b in zip(one, other, strict=True))
    assert one == drawn(lab.Config(seed=4, new_size=20, view="wider", tuning_steps=30, placement="order"), 0)
    assert {experiment.draw(lab.Config(seed=1), r).start for r in range(30)} == set(range(methods.STARTS))


# --- what ships -------------------------------------------------------------------------------------------------------


def test_the_starts_are_as_good_as_the_manifest_says_and_small() -> None:
    manifest = starts.manifest("resolution")
    files = [starts.WEIGHTS / "resolution" / entry["file"] for entry in manifest["files"]]
    assert sum(path.stat().st_size for path in files) < 1_500_000
    assert [path.stem for path in files] == list(pretrained.family().members)
    for entry, path in zip(manifest["files"], files, strict=True):
        measured = pretrained.measure(path.stem, starts.weights("resolution", path.stem))
        assert measured["accuracy_held_out"] == pytest.approx(entry["accuracy_held_out"], abs=0.5)
        assert entry["accuracy_held_out"] > 94


def test_augmentation_turns_and_shifts_but_does_not_scale() -> None:
    disc = torch.zeros(64, 1, 28, 28)
    disc[..., 8:20, 8:20] = 1.0
    warped = pretrained.augmented(disc, torch.Generator().manual_seed(2))
    assert not torch.equal(warped[0], warped[1])
    assert torch.allclose(warped.sum((1, 2, 3)), disc.sum((1, 2, 3)), rtol=0.03)


def test_a_start_is_rebuilt_from_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "STEPS", {"vit": 3, "cnn": 3})
    one, same, other = (pretrained.build(f"vit-{number}") for number in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one[methods.POSITIONS], other[methods.POSITIONS])


# --- shapes, and a real network ---------------------------------------------------------------------------------------


def test_shapes_costs_and_the_refusal_at_512() -> None:
    found = {shapes.network: shapes for shapes in architectures.shapes()}
    resnet, vgg, vit = (found[name] for name in ("resnet18", "vgg16", "vit_b_16"))
    assert resnet.refuses == vgg.refuses == "" and vit.refuses.startswith("AssertionError: Wrong image height!")
    assert (resnet.at_224[5], resnet.at_512[5]) == ("512 x 7 x 7", "512 x 16 x 16")
    assert vgg.at_224[5] == vgg.at_512[5] == "512 x 7 x 7"
    assert (vit.at_224[1], vit.at_512[1]) == ("197 x 768", "1025 x 768")
    assert (resnet.parameters, vgg.parameters, vit.parameters) == (11_689_512, 138_357_544, 86_567_656)
    # Per image: 12 blocks of 12 n d^2 + 2 n^2 d multiplications, the patches and the head; two operations each.
    n, d = 197, 768
    expected = 2 * (12 * (12 * n * d**2 + 2 * n**2 * d) + 196 * d * d + d * 1000) / 1e9
    assert vit.gflops_224 == pytest.approx(expected, abs=0.01)
    assert vit.gflops_512 / vit.gflops_224 == pytest.approx(6.1, abs=0.05)
    assert resnet.gflops_512 / resnet.gflops_224 == pytest.approx((512 / 224) ** 2, abs=0.02)


@pytest.mark.parametrize(("name", "answer"), [("coffee", "espresso"), ("camera", "tripod"), ("flower", "daisy")])
def test_the_real_network_names_the_photographs(name: str, answer: str) -> None:
    pixels = Image.fromarray(photographs.photograph(name))
    scale = 256 / min(pixels.size)
    resized = pixels.resize((round(pixels.width * scale), round(pixels.height * scale)), Image.Resampling.BICUBIC)
    left, top = (resized.width - 224) // 2, (resized.height - 224) // 2
    crop = np.asarray(resized.crop((left, top, left + 224, top + 224)))
    said = architectures.guess(imagenet.efficientnet_lite0(), imagenet.to_input(crop[None]))
    assert said.name == answer and said.size == 224


# --- the frames -------------------------------------------------------------------------------------------------------


def test_frames_come_by_size_then_by_fine_tuning(finished: tuple[lab.Config, list[lab.SizeFrame]]) -> None:
    _, frames = finished
    first = [frame for frame in frames if frame.replicate == 0]
    assert [frame.arm for frame in first] == ARMS * 6
    assert [frame.size for frame in first[::5]] == [20, 28, 36, 36, 36, 36]
    assert [frame.tuned_steps for frame in first[::5]] == [0, 0, 0, 1, 3, 4]
    assert [frame.step for frame in first[::5]] == list(range(6)) and {frame.steps for frame in first} == {5}
    for frame in frames:
        json.dumps(frame.model_dump(), allow_nan=False)
        assert (frame.accuracy_new_size is None) == (frame.step < frame.steps)
    carriers = [(f.arm, f.replicate) for f in frames if f.similarity or f.shapes]
    assert carriers == [(arm, 0) for arm in ARMS]
    assert [g.size for g in first[-1].guesses or []] == list(architectures.PHOTOGRAPH_SIZES)


def test_at_the_training_size_all_four_are_the_same_network(quick: None) -> None:
    config = lab.Config(seed=2_100_001, new_size=28, replicates=2)
    frames = run(config)
    for replicate in range(2):
        assert len({f.accuracy for f in frames if f.replicate == replicate and f.arm != lab.CNN}) == 1
    verdict = lab.verdict(config, frames)
    assert verdict.outcome == "does_not_hold" and verdict.effect == 0


def test_fine_tuning_starts_from_what_was_measured_and_all_arms_see_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "SIZES", (lab.TRAINED_AT,))
    orders, models = [], []
    original = training.train

    def spy(model: Any, rates: Any, batches: Any, **options: Any) -> Any:
        orders.append(batches.order)
        models.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        assert set(rates.values()) == {experiment.TUNING_RATE}
        return original(model, rates, batches, **options)

    monkeypatch.setattr(training, "train", spy)
    config = lab.Config(seed=5, new_size=32, tuning_steps=3)
    list(experiment.run(config, 1))
    assert len(orders) == 5 and all(torch.equal(orders[0], order) for order in orders)
    start = experiment.draw(config, 1).start
    for arm, weights in zip(ARMS, models, strict=True):
        expected = experiment.network(config, start, arm, 32).state_dict()
        assert all(torch.equal(weights[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    "wrong", [{"new_size": 30}, {"new_size": 60}, {"tuning_steps": -1}, {"view": "zoomed"}, {"photograph": "dog"}]
)
def test_dials_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        lab.Config.model_validate(wrong)


# --- the claim --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2_100_002, 2_100_003])
def test_the_claim_over_fresh_seeds(seed: int, quick: None) -> None:
    default = lab.Config(seed=seed)
    assert lab.verdict(default, run(default)).outcome == "holds"
    counter = next(preset for preset in lab.PRESETS if preset.counter)
    wider = lab.Config(seed=seed, **counter.values)
    verdict = lab.verdict(wider, run(wider))
    assert verdict.outcome == "does_not_hold" and verdict.effect < 0


def made_up(finals: Mapping[str, Sequence[float]]) -> list[lab.SizeFrame]:
    return [
        lab.SizeFrame(
            replicate=replicate, arm=arm, step=1, steps=1, size=56, accuracy=1.0, tokens=197, ms_per_image=1.0,
            accuracy_new_size=value,
        )
        for arm, values in finals.items()
        for replicate, value in enumerate(values)
    ]  # fmt: skip


def test_results_are_accuracies_at_the_new_size_of_complete_replicates() -> None:
    config = lab.Config(replicates=3)
    finals = {arm: [50.0 + place, 60.0, 70.0] for place, arm in enumerate(ARMS)}
    frames = made_up(finals)
    assert {result.name: list(result.values) for result in lab.results(config, frames)} == finals
    partly = [f for f in frames if not (f.arm == lab.CNN and f.replicate == 1)]
    assert all(len(result.values) == 2 for result in lab.results(config, partly))


# --- what is seen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 7, 20, 100])
def test_every_picture_and_text_stands_a_run_that_has_only_begun(
    finished: tuple[lab.Config, list[lab.SizeFrame]], count: int
) -> None:
    config, frames = finished
    for theme in (LIGHT, DARK):
        figure.figure(config, frames[:count], theme)
        assert all(extra.alt for extra in figure.extras(config, frames[:count], theme))
    rows = figure.live_rows(config, frames[:count])
    assert {tuple(row) for row in rows} <= {figure.COLUMNS}
    assert figure.alt_text(config, frames[:count]) and len(figure.table(config, frames[:count])) == 5


def test_live_marks_of_fine_tuning_stand_at_the_new_size(finished: tuple[lab.Config, list[lab.SizeFrame]]) -> None:
    config, frames = finished
    tuned = [row for row in figure.live_rows(config, frames) if row["stage"] == "tuned"]
    assert len(tuned) == 5 and {row["step"] for row in tuned} == {36.0}
    with_tuning, without = (figure.live_spec(c, LIGHT) for c in (config, lab.Config()))
    assert len(with_tuning["layer"]) == len(without["layer"]) + 1
    assert without["layer"][1]["encoding"]["x"]["scale"]["domain"] == [19, 57]


def test_notes_and_extras_tell_of_shapes_positions_and_the_photograph(
    finished: tuple[lab.Config, list[lab.SizeFrame]],
) -> None:
    config, frames = finished
    layers, costs = figure.notes(config, frames)
    assert "1025 x 768" in layers and "AssertionError" in layers and "27 times" in costs
    titles = [extra.title for extra in figure.extras(config, frames, LIGHT)]
    assert len(titles) == 3 and "fine-tune" in titles[0] and "similarity" in titles[1] and "coffee" in titles[2]
    assert "espresso" in figure.extras(config, frames, DARK)[2].alt
    assert "At 28 px" in figure.alt_text(config, frames)
