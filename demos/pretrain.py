"""Pretrain the starts that the labs transfer from: SmallCNN on letters rendered in matplotlib's fonts.

`python -m demos pretrain` rebuilds `demos/weights/`. Everything is drawn from the seed. The same seed, versions, thread
count (one) and kind of processor give the same file, bit for bit; elsewhere the weights differ in the last digits at
first and may drift apart, while the accuracies stay within about a point.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from safetensors.torch import load_file, save

from demos import data, models, starts, training

WEIGHTS = Path(__file__).parent / "weights"
SEEDS = (0, 1, 2)
IMAGES, STEPS, BATCH, PEAK_RATE = 20_000, 1_500, 64, 5e-3
FRESH = 4_000
"""Images of each held-out set: renders that training has not seen, in its fonts and in fonts it has not seen."""


@cache
def letters(index: int) -> Mapping[str, torch.Tensor]:
    """The shipped start number `index` as float32 tensors, by parameter name. Shared: load, do not change in place."""
    stored = load_file(WEIGHTS / f"letters-{index}.safetensors")
    return {name: tensor.float() for name, tensor in stored.items()}


def pretrain(
    seed: int,
    images: int = IMAGES,
    steps: int = STEPS,
    *,
    characters: str = data.LETTERS,
    fonts: tuple[str, ...] = data.TRAIN_FONTS,
    peak_rate: float = PEAK_RATE,
) -> models.SmallCNN:
    """Train a SmallCNN to name 52 letters (or other `characters`); `seed` sets initialisation, images and their order.

    AdamW with a one-cycle-like rate: warm-up over a tenth of the run, then a cosine to 0 (Loshchilov & Hutter 2017,
    arXiv 1608.03983). About 12 s on one core of 2024.
    """
    start, source, order = _generators(seed)
    model = models.small_cnn(len(characters), int(start.integers(2**31)))
    drawn = torch.Generator().manual_seed(int(source.integers(2**31)))
    x, y = data.render_glyphs(images, drawn, characters=characters, fonts=fonts)
    shuffle = torch.Generator().manual_seed(int(order.integers(2**31)))
    optimiser = torch.optim.AdamW(model.parameters(), peak_rate, weight_decay=training.WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _warm_up_then_cosine(steps))
    model.train()
    for rows in training.shuffled_order(images, steps, BATCH, shuffle):
        optimiser.zero_grad(set_to_none=True)
        training.cross_entropy(model, x[rows], y[rows]).backward()
        optimiser.step()
        schedule.step()
    return model


def _generators(seed: int) -> list[np.random.Generator]:
    """For the initialisation, the images and their order."""
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)]


def _warm_up_then_cosine(steps: int) -> Callable[[int], float]:
    warm = max(1, steps // 10)
    return lambda step: min(
        (step + 1) / warm, 0.5 * (1 + np.cos(np.pi * min(1.0, max(0, step - warm) / (steps - warm))))
    )


def accuracy_on_fresh_renders(
    weights: Mapping[str, torch.Tensor],
    fonts: tuple[str, ...],
    seed: int = 990_000,
    count: int = FRESH,
    *,
    characters: str = data.LETTERS,
) -> float:
    """Accuracy in per cent on letters rendered from a seed that no pretraining uses."""
    model = models.small_cnn(len(characters), 0)
    model.load_state_dict(weights)
    drawn = torch.Generator().manual_seed(seed)
    images, classes = data.render_glyphs(count, drawn, characters=characters, fonts=fonts)
    return training.evaluate(model, training.Examples(images, classes))


def write(seed: int, folder: Path, images: int, steps: int) -> dict[str, Any]:
    """Pretrain, save in half precision, and measure what was saved; the entry for the manifest."""
    started = time.perf_counter()
    model = pretrain(seed, images, steps)
    seconds = time.perf_counter() - started
    full = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    stored = {name: tensor.half().contiguous() for name, tensor in full.items()}
    content = save(stored)
    path = folder / f"letters-{seed}.safetensors"
    path.write_bytes(content)
    weights = {name: tensor.float() for name, tensor in stored.items()}
    return {
        "file": path.name,
        "seed": seed,
        "images": images,
        "steps": steps,
        "sha256": hashlib.sha256(content).hexdigest(),
        "accuracy_fresh_renders": accuracy_on_fresh_renders(weights, data.TRAIN_FONTS),
        "accuracy_fresh_renders_float32": accuracy_on_fresh_renders(full, data.TRAIN_FONTS),
        "accuracy_unseen_fonts": accuracy_on_fresh_renders(weights, data.HELD_OUT_FONTS),
        "seconds": round(seconds, 1),
    }


def manifest(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the files are, how they were made, and how good they are (accuracies in per cent)."""
    return {
        "what": "SmallCNN trained on 52 rendered letters (A-Z, a-z); float16; read by demos.pretrain.letters",
        "command": "python -m demos pretrain",
        "fonts": list(data.TRAIN_FONTS),
        "unseen_fonts": list(data.HELD_OUT_FONTS),
        "batch": BATCH,
        "peak_learning_rate": PEAK_RATE,
        "held_out_images": FRESH,
        "threads": 1,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "matplotlib": matplotlib.__version__,
        },
        "machine": f"{platform.system()} {platform.machine()}, {torch.backends.cpu.get_cpu_capability()}",
        "files": list(entries),
    }


def main(argv: Sequence[str]) -> int:
    """Rebuild the letters, or the starts of a lab that ships its own; prints one line for each."""
    parser = argparse.ArgumentParser(prog="python -m demos pretrain", description=__doc__)
    parser.add_argument(
        "families", nargs="*", metavar="NAME",
        help=f"what to rebuild: letters, {', '.join(starts.families()) or 'nothing else yet'} (default: everything)",
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="one start per seed")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder to write to")
    parser.add_argument("--images", type=int, default=IMAGES, help="rendered letters to train on")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"optimiser steps, {BATCH} images each")
    options = parser.parse_args(argv)
    if options.images < 1 or options.steps < 2 or min(options.seeds) < 0:
        parser.error("--images must be at least 1, --steps at least 2, and seeds must not be negative")
    known = ["letters", *starts.families()]
    unknown = sorted(set(options.families) - set(known))
    if unknown:
        parser.error(f"nothing is called {', '.join(unknown)}; choose from {', '.join(known)}")
    torch.set_num_threads(1)
    # The options below are those of the letters: naming one of them means the letters.
    only_letters = any(argument.startswith("--") and argument != "--out" for argument in argv)
    wanted = options.families or (["letters"] if only_letters else known)
    for name in wanted:
        if name != "letters":
            starts.rebuild(starts.find(name), options.out / name)
    if "letters" in wanted:
        _rebuild_letters(options)
    return 0


def _rebuild_letters(options: argparse.Namespace) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    entries = []
    for seed in options.seeds:
        entry = write(seed, options.out, options.images, options.steps)
        entries.append(entry)
        print(
            f"{entry['file']}: {entry['accuracy_fresh_renders']:.1f} % on fresh renders, "
            f"{entry['accuracy_unseen_fonts']:.1f} % in unseen fonts, {entry['seconds']} s",
            file=sys.stderr,
        )
    text = json.dumps(manifest(entries), indent=2) + "\n"
    (options.out / "manifest.json").write_text(text, encoding="utf-8")
