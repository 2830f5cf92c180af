"""The freezing lab: what torchvision's models do when their first children are frozen, and that the lab sees it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
import torch
import torchvision
from matplotlib.figure import Figure
from torch import nn

from demos.freezing import experiment, figure, lab, methods
from demos.freezing.listing import code
from demos.style import DARK, LIGHT
from demos.validate import counter_preset

PRESETS = {preset.key: preset for preset in lab.PRESETS}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def config_of(key: str, **values: Any) -> lab.Config:
    return lab.Config.model_validate({**PRESETS[key].values, **values})


@cache
def run(config: lab.Config) -> tuple[lab.FreezeFrame, ...]:
    return tuple(experiment.run(config, 0))


def last(config: lab.Config) -> lab.FreezeFrame:
    return next(frame for frame in run(config) if frame.tree)


def nodes(config: lab.Config) -> dict[str, lab.Node]:
    return {node.name: node for node in last(config).tree}


# --- what torchvision's models are ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("architecture", "children"),
    [("resnet18", 10), ("vgg16", 3), ("mobilenet_v3_small", 3), ("efficientnet_b0", 3), ("convnext_tiny", 3),
     ("vit_b_16", 3), ("densenet121", 2)],
)  # fmt: skip
def test_children_are_the_top_level_only(architecture: str, children: int) -> None:
    with torch.device("meta"):
        model = torchvision.models.get_model(architecture)
    assert len(list(model.children())) == children
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    assert lab.HEADS[architecture] == linear[-1]
    direct = [name for name, _ in model.named_parameters(recurse=False)]
    assert direct == ([methods.CLASS_TOKEN] if architecture == "vit_b_16" else [])


@pytest.mark.parametrize("architecture", ["vgg16", "mobilenet_v3_small", "efficientnet_b0", "vit_b_16"])
def test_the_first_six_children_are_everything_but_a_class_token(architecture: str) -> None:
    with torch.device("meta"):
        model = torchvision.models.get_model(architecture)
    methods.freeze(lab.Config(architecture=architecture), model)  # type: ignore[arg-type]
    left = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert left == ({"class_token"} if architecture == "vit_b_16" else set())


def test_on_resnet18_most_parameters_stay_trainable() -> None:
    with torch.device("meta"):
        model = torchvision.models.resnet18()
    methods.freeze(lab.Config(), model)
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert round(100 * trainable / sum(p.numel() for p in model.parameters()), 1) == 94.2
    assert sum(p.numel() for child in list(model.children())[2:4] for p in child.parameters()) == 0


# --- what the lab sees ------------------------------------------------------------------------------------------------


def test_done_right_nothing_goes_astray() -> None:
    config = config_of("default")
    assert last(config).as_thought == last(config).checks == 98 and lab.verdict(config, run(config)).outcome == "holds"
    assert all(not figure.astray(node) for node in last(config).tree)


@pytest.mark.parametrize("key", ["train_mode", "eval_once"])
def test_in_train_mode_frozen_buffers_move_and_frozen_weights_do_not(key: str) -> None:
    config = config_of(key)
    frozen = [node for node in last(config).tree if node.part == "frozen"]
    assert sum(node.buffers_moved for node in frozen) == sum(node.buffers for node in frozen) == 30
    assert sum(node.weights_moved for node in frozen) == 0
    assert lab.verdict(config, run(config)).outcome == "does_not_hold"


def test_the_whole_model_in_eval_mode_keeps_all_buffers_and_still_learns() -> None:
    tree = last(lab.Config(mode="eval", frozen_eval="never")).tree
    assert sum(node.buffers_moved for node in tree) == 0
    assert all(node.weights_moved == node.weights for node in tree if node.part == "learns")


def test_zeroed_gradients_let_momentum_move_frozen_weights_and_dropped_ones_do_not() -> None:
    for optimiser in ("sgd", "adamw"):
        config = config_of("momentum", optimiser=optimiser, steps=1)
        assert last(config).moved[lab.FROZEN_WEIGHTS] == 100
        assert last(config_of("momentum", optimiser=optimiser, steps=1, zero_grad="none")).moved["frozen_weights"] == 0


def test_an_optimiser_that_never_saw_the_new_head_does_not_train_it() -> None:
    config = config_of("head_forgotten")
    assert nodes(config)["fc"].weights_moved == 0 and nodes(config)["fc"].trainable == 5130
    assert figure.surprises(config, run(config)) == ["the new head: 2 of 2 weight tensors never learned."]


def test_a_head_frozen_with_the_rest_leaves_nothing_to_train() -> None:
    config = config_of("head_frozen")
    assert "empty parameter list" in last(config).refused and last(config).step == config.steps
    late = config_of("head_frozen", optimiser_built="before")
    assert "does not require grad" in last(late).refused
    assert all(node.trainable == 0 for node in last(late).tree)


def test_of_a_vit_only_the_class_token_moves() -> None:
    config = config_of("vit", steps=1)
    moved = {node.name for node in last(config).tree if node.part == "frozen" and node.weights_moved}
    assert moved == {"class_token"} and last(config).missing == 4
    with torch.device("meta"):
        model = torchvision.models.vit_b_16()
    assert "class_token" not in methods.before_the_cut(lab.Config(architecture="vit_b_16", children=1), model)


def test_of_vgg16_everything_is_frozen_but_the_new_head() -> None:
    tree = nodes(config_of("vgg16", steps=1))
    assert [name for name, node in tree.items() if node.trainable] == ["classifier.6"] == [
        name for name, node in tree.items() if node.weights_moved
    ]  # fmt: skip


@pytest.mark.parametrize("architecture", ["mobilenet_v3_small", "efficientnet_b0", "densenet121", "convnext_tiny"])
def test_freezing_the_first_child_holds_elsewhere_too(architecture: str) -> None:
    config = lab.Config.model_validate({"architecture": architecture, "children": 1, "steps": 1})
    assert lab.verdict(config, run(config)).outcome == "holds", figure.surprises(config, run(config))


# --- the code beside it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["default", "train_mode", "eval_once", "momentum", "head_forgotten"])
def test_the_code_on_the_page_moves_what_the_lab_says(key: str) -> None:
    config = config_of(key)
    given = {"torch": torch, "torchvision": torchvision, "nn": nn, "earlier": [methods.batch(5, 1)]}
    text = code(config).removesuffix("train(batches)\n")
    with methods.seeded(3):
        exec(text, given)
        before = methods.hashes(given["model"])
        exec("train([batch, batch])", given | {"batch": methods.batch(5, 2)})
    moved = methods.changed(before, given["model"])
    for node in last(config).tree:
        inside = {name for name in moved if name.startswith(f"{node.name}.")}
        assert len(inside) == node.weights_moved + node.buffers_moved, node.name


def test_the_code_that_leaves_nothing_to_train_is_refused() -> None:
    given = {"torch": torch, "torchvision": torchvision, "nn": nn}
    with methods.seeded(3), pytest.raises(ValueError, match="empty parameter list"):
        exec(code(config_of("head_frozen")), given)


def test_every_setting_has_code_that_compiles() -> None:
    for name, field in lab.Config.model_json_schema()["properties"].items():
        for choice in field.get("enum", ()):
            compile(code(lab.Config.model_validate({name: choice})), name, "exec")


# --- frames and pictures ----------------------------------------------------------------------------------------------


def test_hashes_see_one_changed_bit_and_every_buffer() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    before = methods.hashes(model)
    assert set(before) == set(model.state_dict()) and not methods.changed(before, model)
    with torch.no_grad():
        model[0].weight.view(torch.int32)[0, 0] ^= 1
        model[1].num_batches_tracked += 1
    assert methods.changed(before, model) == {"0.weight", "1.num_batches_tracked"}


def test_frames_survive_json_and_the_draw_decides_nothing() -> None:
    frames = run(config_of("train_mode"))
    assert [frame.step for frame in frames] == [0, 0, 1, 1, 2, 2, 3, 3]
    for frame in frames:
        assert lab.FreezeFrame.model_validate_json(json.dumps(frame.model_dump(mode="json"), allow_nan=False)) == frame
    assert run(config_of("train_mode", seed=7)) == frames


def test_default_holds_and_counter_does_not() -> None:
    counter = lab.Config.model_validate(dict(counter_preset(lab.LAB).values))
    outcomes = [lab.verdict(config, run(config)).outcome for config in (lab.Config(), counter)]
    assert outcomes == ["holds", "does_not_hold"]


@pytest.mark.parametrize("key", ["default", "train_mode", "head_frozen"])
def test_pictures_say_what_happened(key: str) -> None:
    config = config_of(key)
    for theme in (LIGHT, DARK):
        drawn = figure.figure(config, run(config), theme)
        assert isinstance(drawn, Figure)
        texts = " ".join(text.get_text() for text in drawn.axes[0].texts)
        assert all(node.name in texts for node in last(config).tree) and ("✗" in texts) == (key != "default")
    assert len(figure.table(config, run(config))) == len(last(config).tree)
    assert ("Holds" in figure.alt_text(config, run(config))) == (key == "default")
    shown, effect = figure.notes(config, run(config))
    assert code(config) in shown and effect
    assert [row["mean"] for row in figure.live_rows(config, run(config)) if row["step"] == 0] == [0.0] * 3
