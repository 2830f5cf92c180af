"""What every lab promises, whatever it is about. A new lab gets these tests by being there."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from content.loader import deck_roots, read_decks
from demos import catalogue, plots
from demos.base import Lab, LabConfig
from demos.export import frames_csv
from demos.style import DARK, LIGHT
from demos.validate import counter_preset

ISSUE = {
    "strategies": 1, "learning_rate": 2, "lr_decay": 2, "small_data": 3, "distant_domain": 4, "forgetting": 5,
    "adaptation": 6, "resolution": 7, "discriminative": 8, "pretraining_data": 9, "freezing": 10,
}  # fmt: skip
"""The labs that part 2 names, and the question that each belongs to."""
NAMES = sorted(catalogue.labs())
every_lab = pytest.mark.parametrize("lab", catalogue.labs().values(), ids=lambda lab: lab.name)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def first_frames(lab: Lab, config: LabConfig) -> Iterator[Any]:
    return importlib.import_module(f"demos.{lab.name}.experiment").run(config, 0)


def test_the_labs_are_those_of_the_issue_and_each_is_tied_to_its_question() -> None:
    labs = catalogue.labs()
    assert set(ISSUE) <= set(labs)
    assert all(number in labs[name].questions for name, number in ISSUE.items())
    decks, problems = read_decks(*deck_roots())
    assert not problems
    for question in decks[0].questions:
        assert question.meta.labs, f"question {question.meta.number} has no experiment"
        for name in question.meta.labs:
            assert question.meta.number in labs[name].questions, f"{name} does not name question {question.meta.number}"
    shown = {name for question in decks[0].questions for name in question.meta.labs}
    assert shown == set(labs)


@every_lab
def test_a_lab_says_what_it_must(lab: Lab) -> None:
    assert lab.claim.margin >= 0 and lab.claim.unit and lab.claim.metric
    assert re.search(r"arXiv \d{4}\.\d{4,5}", lab.paper_says) or "torchvision" in lab.paper_says
    assert len(lab.does_not_show) >= 2
    assert set(lab.prediction.options) <= {"holds", "does_not_hold", "cannot_tell"}
    assert {"holds", "does_not_hold"} <= set(lab.prediction.options)
    assert lab.presets[0].key == "default" and not lab.presets[0].values
    assert counter_preset(lab).why
    keys = [preset.key for preset in lab.presets]
    assert len(set(keys)) == len(keys)
    for preset in lab.presets:
        config = lab.config.model_validate(dict(preset.values))
        arms = {arm.key: arm for arm in lab.arms(config)}
        assert {lab.claim.better, lab.claim.worse} <= set(arms), f"preset {preset.key}"
        assert len({arm.label for arm in arms.values()}) == len(arms)


@every_lab
def test_every_dial_says_what_it_is(lab: Lab) -> None:
    for name, schema in lab.config.model_json_schema()["properties"].items():
        assert schema.get("title") and schema.get("description"), f"{name} needs a title and a description"
        if schema.get("type") in ("integer", "number"):
            assert {"minimum", "maximum"} <= set(schema), f"{name} needs a range"
        for option in schema.get("options", ()):
            lab.config.model_validate({name: option})


@every_lab
def test_two_arms_never_look_alike(lab: Lab) -> None:
    spec = catalogue.figure_module(lab.name).live_spec(lab.config(), LIGHT)
    assert spec == catalogue.figure_module(lab.name).live_spec(lab.config(), LIGHT)
    assert "data" not in spec, "rows are sent beside the spec"
    assert len(json.dumps(spec)) < 20_000
    assert plots.laid_over(spec)


@every_lab
def test_pictures_stand_a_run_that_has_only_begun(lab: Lab) -> None:
    figures, config = catalogue.figure_module(lab.name), lab.config()
    frames = []
    stream = first_frames(lab, config)
    for count in (0, 1, 6):
        while len(frames) < count:
            frames.append(next(stream))
        rows = figures.live_rows(config, frames)
        assert all(tuple(row) == tuple(figures.COLUMNS) for row in rows)
        for theme in (LIGHT, DARK):
            drawn = figures.figure(config, frames, theme)
            assert isinstance(drawn, Figure) and drawn.get_facecolor()[3] == 1.0
            if hasattr(figures, "extras"):
                assert all(extra.title and extra.alt for extra in figures.extras(config, frames, theme))
        assert figures.alt_text(config, frames)
        figures.table(config, frames)
        if hasattr(figures, "notes"):
            assert all(isinstance(note, str) for note in figures.notes(config, frames))
    if hasattr(figures, "preview_spec"):
        assert figures.preview_rows(config) and figures.PREVIEW_ALT
        assert "data" not in figures.preview_spec(config, LIGHT)
    assert frames_csv(frames).startswith("replicate,arm,step,steps")


@every_lab
def test_the_global_generators_are_left_alone_and_a_draw_repeats(lab: Lab) -> None:
    config = lab.config(seed=3)
    np.random.seed(1)
    torch.manual_seed(1)
    before, legacy = torch.get_rng_state(), np.random.get_state()[1].tolist()  # type: ignore[index]
    first = [_unmeasured(frame) for _, frame in zip(range(6), first_frames(lab, config), strict=False)]
    assert torch.equal(before, torch.get_rng_state()), "torch's global generator was used"
    assert np.random.get_state()[1].tolist() == legacy  # type: ignore[index]
    torch.manual_seed(2)
    again = [_unmeasured(frame) for _, frame in zip(range(6), first_frames(lab, config), strict=False)]
    assert first == again


def _unmeasured(frame: Any) -> dict[str, Any]:
    """The frame without times and memory, which differ from run to run."""
    data = frame.model_dump(mode="json")
    json.dumps(data, allow_nan=False)
    return {name: value for name, value in data.items() if not re.search(r"(^|_)(ms|seconds|megabytes)(_|$)", name)}
