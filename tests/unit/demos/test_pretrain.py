"""The shipped starts are what the manifest says, and can be rebuilt."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from demos import data, pretrain

MANIFEST = json.loads((pretrain.WEIGHTS / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_the_manifest_lists_the_shipped_seeds() -> None:
    assert [entry["seed"] for entry in MANIFEST["files"]] == list(pretrain.SEEDS)
    assert sum((pretrain.WEIGHTS / entry["file"]).stat().st_size for entry in MANIFEST["files"]) < 1_000_000
    assert {"torch", "numpy", "matplotlib", "python"} <= set(MANIFEST["versions"])


@pytest.mark.parametrize("entry", MANIFEST["files"], ids=lambda entry: entry["file"])
def test_a_shipped_start_is_as_accurate_on_fresh_renders_as_it_claims(entry: dict[str, Any]) -> None:
    content = (pretrain.WEIGHTS / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert (entry["images"], entry["steps"]) == (pretrain.IMAGES, pretrain.STEPS)
    weights = pretrain.letters(entry["seed"])
    assert all(tensor.dtype == torch.float32 for tensor in weights.values())
    for fonts, key in ((data.TRAIN_FONTS, "accuracy_fresh_renders"), (data.HELD_OUT_FONTS, "accuracy_unseen_fonts")):
        accuracy = pretrain.accuracy_on_fresh_renders(weights, fonts, seed=271_828, count=2000)
        assert accuracy >= entry[key] - 2, f"{accuracy:.1f} % on fresh renders, the manifest says {entry[key]} %"
        assert entry[key] > 90
    assert abs(entry["accuracy_fresh_renders"] - entry["accuracy_fresh_renders_float32"]) < 0.2, (
        "float16 costs accuracy"
    )


def test_the_starts_differ() -> None:
    one, other = (pretrain.letters(seed)["stem.0.weight"] for seed in pretrain.SEEDS[:2])
    assert not torch.equal(one, other)


def test_a_small_rebuild_is_deterministic_and_learns(tmp_path: Path) -> None:
    made = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        assert pretrain.main(["--seeds", "7", "--images", "1000", "--steps", "250", "--out", str(folder)]) == 0
        made.append((folder / "letters-7.safetensors").read_bytes())
    assert made[0] == made[1]
    (entry,) = json.loads((tmp_path / "a" / "manifest.json").read_text())["files"]
    assert entry["sha256"] == hashlib.sha256(made[0]).hexdigest()
    assert entry["accuracy_fresh_renders"] > 15, "52 classes: chance is 2 %"


@pytest.mark.parametrize("arguments", [["--steps", "1"], ["--images", "0"], ["--seeds", "-1"]])
def test_settings_that_make_no_sense_are_refused(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as exit_:
        pretrain.main([*arguments, "--out", str(tmp_path)])
    assert exit_.value.code == 2
    assert list(tmp_path.iterdir()) == []
