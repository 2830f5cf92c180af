"""Bytes: real optimisers take a step, autograd says what it keeps, tensors say their size."""

from __future__ import annotations

import random
from itertools import pairwise

import torch
from torch import Tensor, nn

from study.computed.building import ONE_PERCENT, code, count, filled, on_meta, show, total, uniform
from study.computed.registry import Draft, generator
from study.drawn import count_answer, number_answer

BACKBONES = [("ResNet-18", 512, 11_176_512), ("ResNet-50", 2048, 23_508_032), ("ViT-B/16", 768, 85_798_656)]
"""Name, features, and parameters without the 1000-class head; torchvision."""


def state_bytes(optimizer: torch.optim.Optimizer) -> int:
    """Of all buffers that the optimiser keeps, without its step counters (0-dimensional)."""
    tensors = (value for state in optimizer.state.values() for value in state.values() if isinstance(value, Tensor))
    return sum(tensor.nbytes for tensor in tensors if tensor.dim() > 0)


@generator
def head_optimizer_bytes(rng: random.Random) -> Draft:
    name, width, backbone = rng.choice(BACKBONES)
    classes, kind, copies = rng.randint(2, 60), *rng.choice([("AdamW", 2), ("SGD", 1)])
    body = nn.Parameter(torch.empty(backbone, device="meta"), requires_grad=False)
    head = filled(lambda: nn.Linear(width, classes), rng)
    everything = [body, *head.parameters()]
    if kind == "SGD":
        optimizer: torch.optim.Optimizer = torch.optim.SGD(everything, lr=0.01, momentum=0.9)
    else:
        optimizer = torch.optim.AdamW(everything, lr=0.01)
    head(uniform(rng, 2, width)).sum().backward()
    optimizer.step()
    stored, trainable = state_bytes(optimizer), width * classes + classes
    slips = {
        "That includes the frozen backbone; without a gradient nothing is kept for it.": 4
        * copies
        * (trainable + backbone),
        "That counts numbers; a float32 number takes four bytes.": copies * trainable,
        f"{kind} keeps {copies} buffer{'s' if copies > 1 else ''} per trainable weight.": 4 * (3 - copies) * trainable,
        "That adds the gradients, which are not the optimiser's.": 4 * (copies + 1) * trainable,
    }
    made = "SGD(model.parameters(), lr=0.01, momentum=0.9)" if kind == "SGD" else "AdamW(model.parameters(), lr=0.01)"
    buffers = "one buffer, the momentum" if kind == "SGD" else "two buffers, the moments"
    return Draft(
        f"A {name} has {show(backbone)} parameters without its head, all frozen with `requires_grad = False`. The "
        f"head is `nn.Linear({width}, {classes})` and trains. Everything is float32, and the optimiser is "
        f"`torch.optim.{made}`.\n\nHow many bytes of state does the optimiser hold after the first step, leaving its "
        "step counters aside?",
        count_answer(stored, "bytes", slips),
        [
            f"Trainable: {width} × {classes} + {classes} = {show(trainable)} parameters. Frozen ones have no gradient "
            "and therefore no state.",
            f"{kind} keeps {buffers}, for each of them, 4 bytes a number.",
            f"{show(trainable)} × {copies} × 4 = {show(stored)} bytes",
        ],
        {"width": width, "classes": classes, "copies": copies},
    )


@generator
def cached_feature_bytes(rng: random.Random) -> Draft:
    images, width = rng.choice([200, 350, 500, 800, 1200, 2500, 5000, 12000]), rng.choice([512, 768, 1280, 2048])
    views, dtype = rng.choice([1, 2, 4, 5]), rng.choice(["float32", "float16"])
    each = 4 if dtype == "float32" else 2
    stored = torch.empty(views, images, width, dtype=getattr(torch, dtype), device="meta").nbytes
    slips = {
        "That counts numbers, not bytes.": stored // each,
        f"That is one view of each image; {views} are stored.": stored // views,
        f"A {dtype} number takes {each} bytes.": stored * (6 - each) // each,
        "That stores the images; only their features are cached.": views * images * 3 * 224 * 224 * each,
    }
    return Draft(
        f"For a linear probe you cache the features of {show(images)} images of 3 × 224 × 224: {width} numbers each, "
        f"stored as `torch.{dtype}`, for {views} augmented view{'s' if views > 1 else ''} per image.\n\nHow large is "
        "the cache?",
        number_answer(stored, ONE_PERCENT, "bytes", slips),
        [
            f"Numbers: {show(images)} × {views} × {width} = {show(images * views * width)}.",
            f"A {dtype} number takes {each} bytes.",
            f"{show(images * views * width)} × {each} = {show(stored)} bytes",
        ],
        {"images": images, "width": width, "views": views, "each": each},
    )


@generator
def full_training_bytes(rng: random.Random) -> Draft:
    widths = [1, rng.choice([8, 16, 24, 32]), rng.choice([32, 48, 64])]
    classes = rng.randint(2, 20)

    def build() -> nn.Module:
        convs = (nn.Conv2d(a, b, 3, bias=False) for a, b in pairwise(widths))
        first, second = convs
        pool = nn.AdaptiveAvgPool2d(1)
        return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), pool, nn.Flatten(), nn.Linear(widths[-1], classes))

    model = filled(build, rng)
    optimizer = torch.optim.AdamW(model.parameters())
    model(uniform(rng, 2, 1, 8, 8)).sum().backward()
    optimizer.step()
    own = [tensor for p in model.parameters() for tensor in (p, p.grad) if tensor is not None]
    stored, size = sum(tensor.nbytes for tensor in own) + state_bytes(optimizer), count(model)
    parts = [p.numel() for p in model.parameters()]
    slips = {
        "That is the weights alone, or it counts numbers, of four bytes each, instead of bytes.": 4 * size,
        "That leaves out the gradients.": 12 * size,
        "That is the optimiser alone: its two moments.": 8 * size,
    }
    return Draft(
        "All of this model is trained, in float32, with "
        f"`torch.optim.AdamW(model.parameters())`:\n\n{code(model)}\n\nHow many bytes do weights, gradients and "
        "optimiser state take together after the first step, leaving step counters and activations aside?",
        count_answer(stored, "bytes", slips),
        [
            f"Parameters, layer by layer (the last two are the linear layer's): {total(parts)}{show(size)}.",
            "Four numbers for each: the weight, its gradient and AdamW's two moments; 4 bytes a number.",
            f"{show(size)} × 4 × 4 = {show(stored)} bytes",
        ],
        {"widths": widths, "classes": classes},
    )


@generator
def saved_activation_bytes(rng: random.Random) -> Draft:
    batch, side = rng.choice([8, 16, 32]), rng.choice([14, 28, 32, 56])
    widths = [3, *(rng.choice([16, 32, 48, 64]) for _ in range(rng.choice([3, 4])))]
    frozen = rng.randint(1, len(widths) - 2)
    model = on_meta(lambda: nn.Sequential(*(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths))))
    for child in list(model.children())[:frozen]:
        child.requires_grad_(False)
    kept: list[Tensor] = []
    weights = list(model.parameters())
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor):  # type: ignore[func-returns-value]
        model(torch.empty(batch, 3, side, side, device="meta"))
    stored = sum(tensor.nbytes for tensor in kept if not any(tensor is weight for weight in weights))
    one = batch * side * side * 4
    inputs = [width * one for width in widths[:-1]]
    slips = {
        "That keeps the inputs of all layers; below the first trainable one nothing is needed.": sum(inputs),
        "That keeps the outputs of the trainable layers; the weight gradient needs their inputs.": one
        * sum(widths[frozen + 1 :]),
        "That counts numbers; a float32 number takes four bytes.": stored // 4,
        "That is one image of the batch.": stored // batch,
    }
    return Draft(
        f"A model is a chain of convolutions without anything in between:\n\n{code(model)}\n\nThe first {frozen} "
        f"{'is' if frozen == 1 else 'are'} frozen (`requires_grad_(False)`). It is called on a float32 batch of shape "
        f"({batch}, 3, {side}, {side}) that needs no gradient. For the gradient of a convolution's weight autograd "
        "keeps the layer's input, for the gradient of its input only the weight.\n\nHow many bytes of layer inputs "
        "(not counting weights) does autograd keep for the backward pass?",
        number_answer(stored, ONE_PERCENT, "bytes", slips),
        [
            f"The first {frozen} need no gradient at all, so their inputs are not kept.",
            f"Channels of the inputs of the others: {total(widths[frozen:-1])}{sum(widths[frozen:-1])}.",
            f"One channel of the batch: {batch} × {side} × {side} × 4 bytes = {show(one)}.",
            f"{sum(widths[frozen:-1])} × {show(one)} = {show(stored)} bytes",
        ],
        {"batch": batch, "side": side, "widths": widths, "frozen": frozen},
    )
