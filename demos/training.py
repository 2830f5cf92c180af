"""One training loop for every strategy: a row of learning rates, one per block of the network.

A block whose rate is 0 is really frozen: no gradients, eval mode, not in the optimiser. Blocks frozen at the front of
the network (a *prefix*) give the same output for the same image throughout, so they run once per image and their output
is kept; that is what makes probes fast. A frozen block behind a trained one stays in the graph: gradients pass through.
"""

from __future__ import annotations

import statistics
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

Rates = Mapping[str, float]
"""Block name to learning rate, for every block of the network; 0 freezes."""

Loss = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]
"""(network, inputs, targets) to a scalar. It gets the network, not the logits, so that a penalty on weights or a second
stream of data can be added by a lab without a change here."""

Optimise = Callable[[nn.Sequential, Rates], torch.optim.Optimizer]
"""Makes the optimiser of the blocks that move."""

Schedule = Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler]
"""Makes one of torch's schedulers; it is stepped after every optimiser step."""

EVALUATION_BATCH = 100
"""Images per forward pass without gradients: activations of 100 small images fit the cache, those of 1,000 do not."""

GATHERED_STEPS = 16
"""Batches copied out of the data at once; few enough to stay in the cache."""

WEIGHT_DECAY = 0.01


@dataclass(frozen=True)
class Examples:
    """Inputs (N, ...) float32 and targets (N,) int64."""

    inputs: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True)
class Batches:
    """Training data and the order in which it is seen: `order` (steps, batch) int64 holds rows of `examples`."""

    examples: Examples
    order: torch.Tensor

    def through(self, trunk: nn.Sequential) -> Batches:
        """The same batches as the frozen trunk would show them. Only rows that are used are computed, each once."""
        rows, order = torch.unique(self.order, return_inverse=True)
        used = Examples(self.examples.inputs[rows], self.examples.targets[rows])
        return replace(self, examples=through(trunk, used), order=order)


@dataclass(frozen=True)
class Progress:
    """Where a run stands after `step` optimiser steps.

    `accuracy` is in per cent, per test set. `ms_per_step` is the median over the stretches between evaluations so far
    (optimiser steps alone; None before the first). `cache_ms` is what running the frozen prefix over the training and
    test images took, once; 0.0 when there is no prefix.
    """

    step: int
    accuracy: dict[str, float]
    ms_per_step: float | None
    cache_ms: float


def cross_entropy(network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The plain classification loss."""
    return F.cross_entropy(network(inputs), targets)


def train(
    model: nn.Sequential,
    rates: Rates,
    batches: Batches,
    loss: Loss = cross_entropy,
    *,
    tests: Mapping[str, Examples],
    points: Sequence[int],
    at_start: Mapping[str, float] | None = None,
    cache_prefix: bool = True,
    optimise: Optimise | None = None,
    schedule: Schedule | None = None,
    clip_norm: float | None = None,
) -> Iterator[Progress]:
    """Train `model` in place and report at every step in `points` (ascending; 0 is before training).

    `at_start` is the accuracy before training, per test set, where it is known: networks that start alike need not be
    tested one by one. `optimise` makes the optimiser (`make_optimiser`, AdamW, if None; `make_sgd`), `schedule` moves
    its rates from step to step, `clip_norm` bounds the norm of all gradients together (Pascanu et al. 2013, arXiv
    1211.5063).

    AdamW's decay is decoupled but scaled by the learning rate (Loshchilov & Hutter 2019, arXiv 1711.05101): a block at
    a tenth of the rate also decays a tenth as fast, and a frozen one not at all. `cache_prefix=False` computes frozen
    blocks anew at each step; tests and the benchmark compare the two.

    Raises:
        ValueError: if `rates` does not name exactly the model's blocks, a rate is negative, or every rate is 0.
    """
    apply_rates(model, rates)
    optimiser = (optimise or make_optimiser)(model, rates)
    scheduler = None if schedule is None else schedule(optimiser)
    network, cache_ms = model, 0.0
    trunk, rest = split(model, rates)
    if cache_prefix and len(trunk):
        started = time.perf_counter()
        network, batches = rest, batches.through(trunk)
        tests = {name: through(trunk, examples) for name, examples in tests.items()}
        cache_ms = (time.perf_counter() - started) * 1e3
    step, timings = 0, []
    for point in points:
        if point > step:
            timings.append(_advance(network, optimiser, batches, loss, range(step, point), scheduler, clip_norm))
            step = point
        known = at_start if step == 0 else None
        accuracy = dict(known or accuracies(network, tests))
        yield Progress(step, accuracy, statistics.median(timings) if timings else None, cache_ms)


def _advance(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    batches: Batches,
    loss: Loss,
    steps: range,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None,
    clip_norm: float | None,
) -> float:
    """Take the given steps; milliseconds per step. Nothing is read back from the tensors in here: it would wait."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    update = _bare_step(optimiser)
    started = time.perf_counter()
    for rows in batches.order[steps.start : steps.stop].split(GATHERED_STEPS):
        # One gather for several steps, and no `zero_grad`: such calls are a fifth of a probe's short step.
        inputs, targets = batches.examples.inputs[rows].unbind(), batches.examples.targets[rows].unbind()
        for x, y in zip(inputs, targets, strict=True):
            for parameter in parameters:
                parameter.grad = None
            loss(network, x, y).backward()
            if clip_norm is not None:
                nn.utils.clip_grad_norm_(parameters, clip_norm)
            update()
            if scheduler is not None:
                scheduler.step()
    return (time.perf_counter() - started) / len(steps) * 1e3


def _bare_step(optimiser: torch.optim.Optimizer) -> Callable[[], object]:
    """`optimiser.step` without torch's profiler range and step hooks, which we do not use: a sixth of a probe's step.

    An optimiser whose own `step` was replaced, as torch's schedulers do to count steps, keeps that one.
    """
    bare = getattr(type(optimiser).step, "__wrapped__", None)
    return optimiser.step if bare is None or "step" in vars(optimiser) else partial(bare, optimiser)


def apply_rates(model: nn.Sequential, rates: Rates) -> None:
    """Freeze the blocks at rate 0 (no gradients, eval mode), set the others to training."""
    names = [name for name, _ in model.named_children()]
    if list(rates) != names:
        raise ValueError(f"rates must name the blocks in order: {names}, not {list(rates)}")
    if min(rates.values()) < 0 or max(rates.values()) == 0:
        raise ValueError(f"rates must not be negative, and one must be above 0: {dict(rates)}")
    for name, block in model.named_children():
        moves = rates[name] > 0
        block.requires_grad_(moves)
        block.train(moves)


def make_optimiser(model: nn.Sequential, rates: Rates) -> torch.optim.Optimizer:
    """AdamW over the blocks that move. Blocks with the same rate share a parameter group: fewer, larger updates."""
    return torch.optim.AdamW(_groups(model, rates), weight_decay=WEIGHT_DECAY, fused=True)


def make_sgd(model: nn.Sequential, rates: Rates, momentum: float = 0.9) -> torch.optim.Optimizer:
    """SGD with momentum over the blocks that move, without weight decay."""
    return torch.optim.SGD(_groups(model, rates), momentum=momentum, fused=True)


def _groups(model: nn.Sequential, rates: Rates) -> list[dict[str, object]]:
    groups: dict[float, list[nn.Parameter]] = {}
    for name, block in model.named_children():
        if rates[name] > 0:
            groups.setdefault(rates[name], []).extend(block.parameters())
    return [{"params": parameters, "lr": rate} for rate, parameters in groups.items()]


def split(model: nn.Sequential, rates: Rates) -> tuple[nn.Sequential, nn.Sequential]:
    """The frozen prefix (may be empty) and the rest; both share the model's blocks."""
    blocks = list(model.named_children())
    frozen = next(i for i, (name, _) in enumerate(blocks) if rates[name] > 0)
    return nn.Sequential(OrderedDict(blocks[:frozen])), nn.Sequential(OrderedDict(blocks[frozen:]))


def through(trunk: nn.Module, examples: Examples) -> Examples:
    """The examples as the trunk shows them, computed in batches that fit the cache."""
    # no_grad rather than inference_mode: the result goes into a graph later, which inference tensors must not.
    with torch.no_grad():
        inputs = torch.cat([trunk(part) for part in examples.inputs.split(EVALUATION_BATCH)])
    return Examples(inputs, examples.targets)


def evaluate(network: nn.Module, examples: Examples) -> float:
    """Accuracy in per cent, in eval mode; every module is left in the mode it was in."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    with torch.inference_mode():
        parts = zip(examples.inputs.split(EVALUATION_BATCH), examples.targets.split(EVALUATION_BATCH), strict=True)
        right = torch.stack([(network(inputs).argmax(1) == targets).sum() for inputs, targets in parts]).sum()
    for module, mode in modes:
        module.training = mode
    return 100.0 * right.item() / len(examples.targets)


def accuracies(network: nn.Module, tests: Mapping[str, Examples]) -> dict[str, float]:
    """`evaluate` on each test set, by name."""
    return {name: evaluate(network, examples) for name, examples in tests.items()}


def memory_per_step(model: nn.Sequential, rates: Rates, batches: Batches, loss: Loss = cross_entropy) -> int:
    """Bytes that a training step needs on top of the weights, counted on the first batch; the model is left as it was.

    The activations that autograd keeps for the backward pass (each storage once, weights apart), the gradients, and
    AdamW's two averages. A frozen prefix keeps nothing: no graph is built through it.
    """
    apply_rates(model, rates)
    trunk, rest = split(model, rates)
    rows = batches.order[0]
    inputs, targets = batches.examples.inputs[rows], batches.examples.targets[rows]
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # the tensor itself would hold the graph that holds it: a cycle that is never freed

    with torch.no_grad():
        inputs = trunk(inputs)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        value = loss(rest, inputs, targets)  # held, so that no storage is freed and its address used again
    activations = sum(kept.values())
    del value
    moving = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    return activations + 3 * moving


def trainable_parameters(model: nn.Module) -> int:
    """How many numbers the optimiser moves."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def snapshot(model: nn.Sequential) -> dict[str, torch.Tensor]:
    """A copy of each block's parameters as one vector: what `relative_change` measures from."""
    return {name: _vector(block) for name, block in model.named_children()}


def relative_change(model: nn.Sequential, start: Mapping[str, torch.Tensor]) -> dict[str, float]:
    """How far each block has moved: ||w - w0|| / ||w0|| over its parameters; exactly 0.0 where nothing moved."""
    return {
        name: float(torch.dist(_vector(block), start[name]) / torch.linalg.vector_norm(start[name]))
        for name, block in model.named_children()
    }


def _vector(block: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in block.parameters()])


def shuffled_order(rows: int, steps: int, batch: int, generator: torch.Generator) -> torch.Tensor:
    """Rows in the order of training, (steps, batch): one shuffled pass over the data after the other.

    A data set smaller than `batch` is seen whole at every step.
    """
    batch = min(batch, rows)
    passes = -(-steps * batch // rows)
    order = torch.cat([torch.randperm(rows, generator=generator) for _ in range(passes)])
    return order[: steps * batch].view(steps, batch)
