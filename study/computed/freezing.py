"""Layer freezing: what still trains, what has a gradient, what changes in a step. Real modules, real steps."""

from __future__ import annotations

import random
from itertools import pairwise

import torch
from torch import Tensor, nn

from study.computed.building import code, count, filled, on_meta, show, total, uniform
from study.computed.registry import Draft, generator
from study.drawn import count_answer, names_answer


def _small_cnn(first: int, second: int, classes: int, bias: bool) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, first, 3, bias=bias), nn.BatchNorm2d(first), nn.ReLU(),
        nn.Conv2d(first, second, 3, bias=bias), nn.BatchNorm2d(second), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(second, classes),
    )  # fmt: skip


@generator
def trainable_after_freezing(rng: random.Random) -> Draft:
    first, second, classes = rng.choice([8, 16, 24, 32]), rng.choice([32, 48, 64]), rng.randint(2, 20)
    bias, frozen = rng.choice([True, False]), rng.choice([1, 2, 3, 4, 5])
    model = on_meta(lambda: _small_cnn(first, second, classes, bias))
    sizes = [count(child) for child in model.children()]
    for child in list(model.children())[:frozen]:
        child.requires_grad_(False)
    trainable, everything = count(model, trainable_only=True), count(model)
    left = [size for size in sizes[frozen:] if size]
    slips = {
        "That is what is frozen.": everything - trainable,
        "That is the whole model.": everything,
        "That is the last layer alone; other children train as well.": sizes[-1],
        "That counts BatchNorm's running statistics, which are buffers.": trainable
        + (2 * first if frozen < 2 else 0)
        + (2 * second if frozen < 5 else 0),
        "That leaves BatchNorm out; its scale and shift are parameters.": trainable
        - (2 * first if frozen < 2 else 0)
        - (2 * second if frozen < 5 else 0),
        "That freezes one child too many.": sum(sizes[frozen + 1 :]),
        "That freezes one child too few.": sum(sizes[frozen - 1 :]),
    }
    freeze = f"for child in list(model.children())[:{frozen}]:\n    child.requires_grad_(False)"
    return Draft(
        f"`print(model)` shows:\n\n{code(model)}\n\nThen these lines run:\n\n{code(freeze)}\n\nHow many trainable "
        "parameters are left?",
        count_answer(trainable, "parameters", slips),
        [
            f"Children 0 to {frozen - 1} are frozen; children {frozen} to {len(sizes) - 1} train.",
            "A convolution has in × out × 3 × 3 weights"
            + (" and a bias per output channel;" if bias else " and no bias;")
            + " BatchNorm a scale and a shift per channel; the linear layer in × out weights and out biases.",
            f"{total(left)}{show(trainable)} parameters",
        ],
        {"first": first, "second": second, "classes": classes, "bias": bias, "frozen": frozen},
    )


@generator
def gradual_unfreezing(rng: random.Random) -> Draft:
    widths = [rng.choice([16, 32, 64, 96, 128, 200]) for _ in range(rng.choice([5, 6]))] + [rng.randint(2, 20)]
    every, last = rng.choice([1, 2, 3]), len(widths) - 1
    epoch = every * rng.randint(1, last - 2) + rng.randrange(every)
    blocks = on_meta(lambda: nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise(widths)))).requires_grad_(False)
    sizes = [count(block) for block in blocks.children()]
    for now in range(epoch + 1):
        for block in list(blocks.children())[::-1][: 1 + now // every]:
            block.requires_grad_(True)
    trainable, opened = count(blocks, trainable_only=True), 1 + epoch // every
    slips = {
        "That has one block too few: the head is open in epoch 0 already.": sum(sizes[-(opened - 1) :]),
        "That has one block too many.": sum(sizes[-(opened + 1) :]),
        "That unfreezes from the input; gradual unfreezing starts at the head.": sum(sizes[:opened]),
        "That is the newly opened block alone; the others stay open.": sizes[-opened],
    }
    rows = "\n".join(
        f"| {'head' if n == last - 1 else f'block {n + 1}'} | {show(size)} |" for n, size in enumerate(sizes)
    )
    return Draft(
        f"A network, from the input to the output:\n\n| part | parameters |\n|---|---|\n{rows}\n\nGradual unfreezing: "
        f"in epoch 0 only the head trains. At the start of epochs {every}, {2 * every}, {3 * every} and so on, the "
        f"next part below is unfrozen as well, and stays so.\n\nHow many parameters train in epoch {epoch}?",
        count_answer(trainable, "parameters", slips),
        [
            f"By epoch {epoch}, {epoch} // {every} = {epoch // every} parts were opened below the head.",
            f"So the last {opened} parts train.",
            f"{total(sizes[-opened:])}{show(trainable)} parameters",
        ],
        {"sizes": sizes, "every": every, "epoch": epoch},
    )


def _partly_frozen(blocks: int, bias: bool, frozen: list[int], cut: int | None) -> str:
    loop = f"""
blocks = nn.ModuleList(nn.Linear(4, 4, bias={bias}) for _ in range({blocks}))
head, aux = nn.Linear(4, 3), nn.Linear(4, 3)
for index in {frozen}:
    blocks[index].requires_grad_(False)
for index, block in enumerate(blocks):
    features = block(features)
"""
    if cut is not None:
        loop += f"    if index == {cut}:\n        features = features.detach()\n"
    return loop + "head(features).sum().backward()\n"


@generator
def gradients_none(rng: random.Random) -> Draft:
    blocks, bias = rng.choice([4, 5, 6, 7]), rng.choice([True, False])
    frozen = sorted(rng.sample(range(blocks), rng.choice([1, 2, 3])))
    cut = rng.choice([None, *range(blocks - 2)])
    model = filled(lambda: nn.ModuleList(nn.Linear(4, 4, bias=bias) for _ in range(blocks)), rng)
    head, unused = (filled(lambda: nn.Linear(4, 3), rng) for _ in range(2))
    for index in frozen:
        model[index].requires_grad_(False)  # type: ignore[index]  # a ModuleList
    features: Tensor = uniform(rng, 2, 4)
    for index, block in enumerate(model.children()):
        features = block(features)
        if index == cut:
            features = features.detach()
    head(features).sum().backward()
    each, everything = 1 + bias, [p for part in (model, head, unused) for p in part.parameters()]
    none = sum(p.grad is None for p in everything)
    below = 0 if cut is None else cut + 1
    above = sum(index >= below for index in frozen)
    slips = {
        "That forgets `aux`, which takes no part in the loss.": none - 2,
        "That is the frozen blocks alone.": each * len(frozen),
        "A frozen block passes gradients on to the blocks below it.": each * (max(max(frozen) + 1, below)) + 2,
        "That counts layers; a layer with a bias has two parameter tensors.": below + above + 1,
        "`detach()` ends the backward pass: nothing below it gets a gradient.": each * len(frozen) + 2,
        "That is how many do get one.": len(everything) - none,
    }
    return Draft(
        "`features` is a batch of inputs that needs no "
        f"gradient.\n\n{code(_partly_frozen(blocks, bias, frozen, cut))}\n\nFor how many parameter tensors of "
        "`blocks`, `head` and `aux` together is `.grad` still `None`? (The weight and the bias of a layer are two "
        "tensors.)",
        count_answer(none, "tensors", slips),
        [
            f"Blocks cut off by `detach()`: {below}.",
            f"Frozen blocks {'' if cut is None else 'above that '}have no gradient of their own, though they pass it "
            f"on: {above}.",
            f"Tensors in these blocks: ({below} + {above}) × {each} = {(below + above) * each}.",
            f"`aux` is not used: 2 more. Together: {show(none)} tensors",
        ],
        {"blocks": blocks, "bias": bias, "frozen": frozen, "cut": cut},
    )


class _Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block1, self.block2, self.block3 = (
            nn.Sequential(nn.Linear(4, 4, bias=False), nn.BatchNorm1d(4)) for _ in range(3)
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.block3(self.block2(self.block1(images)).tanh()).square()


@generator
def buffers_that_change(rng: random.Random) -> Draft:
    while True:
        states = [(rng.choice([True, False]), rng.choice([True, False])) for _ in range(3)]
        if any(trains for trains, _ in states):  # or there is no backward pass
            break
    model = filled(_Net, rng).train()
    for block, (trains, mode) in zip(model.children(), states, strict=True):
        block.requires_grad_(trains).train(mode)
    entries = {
        f"block{n}.bn.{what}": getattr(block[1], what)  # type: ignore[index]  # a Sequential
        for n, block in enumerate(model.children(), start=1)
        for what in ("weight", "running_mean", "num_batches_tracked")
    }
    before = {name: entry.detach().clone() for name, entry in entries.items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(uniform(rng, 8, 4) + 0.5).sum().backward()
    optimizer.step()
    changed = [name for name, entry in entries.items() if not torch.equal(entry, before[name])]
    rows = "\n".join(
        f"| block{n} | {trains} | `{'train' if mode else 'eval'}()` |"
        for n, (trains, mode) in enumerate(states, start=1)
    )
    return Draft(
        "Each of three blocks has a linear layer and a `BatchNorm1d` called `bn`. `requires_grad` and the mode are "
        f"set per block:\n\n| block | `requires_grad` | mode |\n|---|---|---|\n{rows}\n\nThen one step is taken: "
        "forward pass on a batch of 8, `loss.backward()`, and `optimizer.step()` with `SGD(model.parameters(), "
        "lr=0.1)`.\n\nWhich of these entries of `model.state_dict()` have changed?",
        names_answer(changed, list(entries)),
        [
            "`weight` changes where `requires_grad` is True, in either mode: eval mode does not stop gradients.",
            "`running_mean` and `num_batches_tracked` are buffers. The forward pass updates them in train mode, "
            "whatever `requires_grad` says.",
            f"Changed: {', '.join(changed)}",
        ],
        {"states": [list(state) for state in states]},
    )
