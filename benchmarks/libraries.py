"""The fine-tuning workload of `strategies` in several hands: plain loops, skorch, fastai and ours; same epochs.

`python -m benchmarks.libraries [--epochs 4] [--rounds 9]` prints JSON. All fine-tune the same small network on the same
992 digits in batches of 32 (31 whole batches an epoch), AdamW, one thread, no validation. The contenders take turns
within each round; the medians of the rounds' ratios are reported. The share of the GEMM limit sets the arithmetic of a
step against what the same core does in a large matrix product in the same run.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.training import ratio
from demos import models, training, transfer
from demos.strategies import lab

RATE, IMAGES = 1e-3, 992
SLOWEST_RATIO = 1.05
"""Ours is the fastest of the four, or within 5 % of it."""

Contender = Callable[[training.Examples, int], float]
"""Fine-tunes a fresh network for this many epochs; seconds."""


def textbook(examples: training.Examples, epochs: int) -> float:
    """A plain PyTorch loop over a DataLoader, as a tutorial writes it."""
    model = _model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    loader = _loader(examples)
    model.train()
    started = time.perf_counter()
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
    return time.perf_counter() - started


def plain(examples: training.Examples, epochs: int) -> float:
    """The same without a DataLoader: rows are taken by index. The fastest loop that is still plain."""
    model = _model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    model.train()
    started = time.perf_counter()
    for _ in range(epochs):
        for rows in torch.randperm(len(examples.targets)).split(transfer.BATCH):
            optimizer.zero_grad()
            F.cross_entropy(model(examples.inputs[rows]), examples.targets[rows]).backward()
            optimizer.step()
    return time.perf_counter() - started


def ours(examples: training.Examples, epochs: int) -> float:
    """`demos.training.train` with the same rate in every block."""
    model = _model()
    steps = epochs * len(examples.targets) // transfer.BATCH
    order = training.shuffled_order(len(examples.targets), steps, transfer.BATCH, torch.Generator().manual_seed(0))
    rates = dict.fromkeys(lab.BLOCKS, RATE)
    started = time.perf_counter()
    list(training.train(model, rates, training.Batches(examples, order), tests={}, points=[steps]))
    return time.perf_counter() - started


def skorch(examples: training.Examples, epochs: int) -> float:
    """skorch's NeuralNetClassifier, without validation and printing."""
    from skorch import NeuralNetClassifier

    net = NeuralNetClassifier(
        _model(), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.AdamW, lr=RATE, max_epochs=epochs,
        batch_size=transfer.BATCH, train_split=None, verbose=0, iterator_train__shuffle=True,
    )  # fmt: skip
    net.initialize()
    started = time.perf_counter()
    net.partial_fit(examples.inputs, examples.targets)
    return time.perf_counter() - started


def fastai(examples: training.Examples, epochs: int) -> float:
    """fastai's Learner at a constant rate, without validation, progress bar and log."""
    from fastai.callback.core import Callback, CancelValidException
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import OptimWrapper

    class NoValidation(Callback):
        def before_validate(self) -> None:
            raise CancelValidException

    loader = _loader(examples)
    learner = Learner(
        DataLoaders(loader, loader), _model(), loss_func=nn.CrossEntropyLoss(),
        opt_func=partial(OptimWrapper, opt=torch.optim.AdamW), cbs=[NoValidation()],
    )  # fmt: skip
    learner.logger = lambda *_: None
    started = time.perf_counter()
    learner.fit(epochs, RATE)
    return time.perf_counter() - started


def _model() -> nn.Sequential:
    return models.small_cnn(transfer.CLASSES, 0)


def _loader(examples: training.Examples) -> Any:
    return DataLoader(TensorDataset(examples.inputs, examples.targets), transfer.BATCH, shuffle=True)


def gflop_per_step() -> float:
    """Multiplications and additions of one forward and backward pass at the lab's batch, in 1e9."""
    counter = FlopCounterMode(display=False)
    with counter:
        F.cross_entropy(
            _model()(torch.zeros(transfer.BATCH, 1, 28, 28)), torch.zeros(transfer.BATCH, dtype=torch.long)
        ).backward()
    return float(counter.get_total_flops()) / 1e9


def gemm_gflops(size: int = 1024, repeats: int = 8) -> float:
    """What this core does in a large float32 matrix product, in 1e9 operations a second."""
    a, b = torch.ones(size, size), torch.ones(size, size)
    torch.mm(a, b)
    best = min(_seconds(lambda: torch.mm(a, b)) for _ in range(repeats))
    return 2 * size**3 / best / 1e9


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def figures(epochs: int = 4, rounds: int = 9) -> dict[str, Any]:
    """Seconds of each, the ratios of ours to them, and the share of the GEMM limit."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    drawn = transfer.draw(0, 0, 100)
    whole = transfer.examples(drawn.labelled)
    examples = training.Examples(whole.inputs[:IMAGES].contiguous(), whole.targets[:IMAGES].contiguous())
    contenders: dict[str, Contender] = {f.__name__: f for f in (textbook, plain, skorch, fastai, ours)}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    gemm = []
    for turn in range(-1, rounds):
        for name in list(contenders)[:: 1 if turn % 2 else -1]:
            gc.collect()
            spent = contenders[name](examples, epochs)
            if turn >= 0:  # the first round only warms up
                times[name].append(spent)
        gemm.append(gemm_gflops())
    steps = epochs * IMAGES / transfer.BATCH
    limit = statistics.median(gemm)
    reached = gflop_per_step() * steps / statistics.median(times["ours"])
    ratios = {f"ours_vs_{name}": round(ratio(times["ours"], times[name]), 3) for name in contenders if name != "ours"}
    return {
        "epochs": epochs,
        "rounds": rounds,
        "seconds": {name: round(statistics.median(values), 3) for name, values in times.items()},
        "ratios": ratios,
        "gemm_limit_gflops": round(limit, 1),
        "share_of_gemm_limit": round(reached / limit, 3),
        "met": max(ratios.values()) <= SLOWEST_RATIO,
    }


def main(argv: Sequence[str]) -> int:
    """Measure and print; exit 1 if ours is more than 5 % slower than the fastest."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.libraries", description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(argv)
    result = figures(options.epochs, options.rounds)
    print(json.dumps(result, indent=2))
    return 0 if result["met"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
