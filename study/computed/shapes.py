"""Shapes and reach of convolutions: a real stack is called on a tensor, on the meta device if values play no part."""

from __future__ import annotations

import math
import random
from itertools import accumulate, pairwise

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from study.computed.building import ONE_PERCENT, code, on_meta, show
from study.computed.registry import Draft, generator
from study.drawn import count_answer, number_answer, shape_answer


def _side(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel) // stride + 1


@generator
def conv_stack_shape(rng: random.Random) -> Draft:
    batch, size = rng.choice([1, 2, 4, 8]), rng.choice([160, 192, 256, 288, 320, 384, 448, 512])
    widths = [3, rng.choice([16, 24, 32, 64]), rng.choice([48, 64, 96, 128]), rng.choice([128, 192, 256])]
    first = rng.choice([(7, 2, 3), (5, 2, 2), (4, 4, 0), (3, 2, 1)])
    pool = rng.choice([(3, 2, 1), (2, 2, 0), (3, 2, 0)])
    second, third = rng.choice([(3, 1, 1), (3, 1, 0), (5, 1, 2)]), rng.choice([(3, 2, 1), (3, 2, 0), (1, 1, 0)])
    rows = [first, pool, second, third]

    def build() -> nn.Module:
        convs = [
            nn.Conv2d(a, b, k, s, p) for (a, b), (k, s, p) in zip(pairwise(widths), (first, second, third), strict=True)
        ]
        return nn.Sequential(convs[0], nn.ReLU(), nn.MaxPool2d(*pool), convs[1], nn.ReLU(), convs[2])

    model = on_meta(build)
    shape = tuple(model(torch.empty(batch, 3, size, size, device="meta")).shape)
    sides = list(accumulate(rows, lambda side, row: _side(side, *row), initial=size))
    unpadded, up = size, size
    for kernel, stride, padding in rows:
        unpadded, up = _side(unpadded, kernel, stride, 0), math.ceil((up + 2 * padding - kernel) / stride) + 1
    slips = {
        "That leaves out the padding.": (batch, widths[-1], unpadded, unpadded),
        "That rounds up; torch rounds down unless told otherwise.": (batch, widths[-1], up, up),
        "Channels come second in torch: (B, C, H, W).": (batch, sides[-1], sides[-1], widths[-1]),
        "That is one image; the batch is the first dimension.": shape[1:],
    }
    return Draft(
        f"`print(model)` shows:\n\n{code(model)}\n\nIt is called on a tensor of shape ({batch}, 3, {size}, {size}). "
        "What is the shape of the output?",
        shape_answer(shape, slips),
        [
            "Each layer gives floor((size + 2 × padding - kernel) / stride) + 1; ReLU changes nothing.",
            *(
                f"({a} + 2 × {p} - {k}) / {s} + 1, rounded down: {b}"
                for (a, b), (k, s, p) in zip(pairwise(sides), rows, strict=True)
            ),
            f"Batch first, then the channels of the last layer: {shape}",
        ],
        {"batch": batch, "size": size, "channels": widths[-1], "rows": [list(row) for row in rows]},
    )


@generator
def receptive_field(rng: random.Random) -> Draft:
    rows = [(rng.choice([3, 5, 7]), rng.choice([1, 2, 2])) for _ in range(rng.choice([3, 3, 4]))]
    net = nn.Sequential(*on_meta(lambda: nn.Sequential(*(nn.Conv2d(1, 1, k, s) for k, s in rows))).children())
    net = net.to_empty(device="cpu").double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0 / parameter.numel())  # positive, so that no influence cancels
    image = torch.ones(1, 1, 160, 160, dtype=torch.float64, requires_grad=True)
    output = net(image)
    middle = output.shape[-1] // 2
    (gradient,) = torch.autograd.grad(output[0, 0, middle, middle], image)
    side = int((gradient[0, 0] != 0).any(dim=1).sum())
    jumps = [math.prod(s for _, s in rows[:n]) for n in range(len(rows))]
    slips = {
        "That leaves out the strides: after a stride of 2, one step on the map is two pixels.": 1
        + sum(k - 1 for k, _ in rows),
        "That counts a layer's own stride; only the strides before it widen its kernel.": 1
        + sum((k - 1) * jump * s for (k, s), jump in zip(rows, jumps, strict=True)),
        "That is the total stride, the distance between neighbours on the last map.": math.prod(s for _, s in rows),
    }
    table = "\n".join(f"| {n} | {k} × {k} | {s} |" for n, (k, s) in enumerate(rows, start=1))
    return Draft(
        "A network consists of these convolutions, without dilation:\n\n| layer | kernel | stride "
        f"|\n|---|---|---|\n{table}\n\nHow many pixels wide is the square of the input that can influence one "
        "position of the last map (its receptive field), away from the borders?",
        count_answer(side, "pixels", slips),
        [
            "Start with 1. A layer adds (kernel - 1) × the product of the strides *before* it.",
            *(
                f"Layer {n}: ({k} - 1) × {jump} = {(k - 1) * jump}"
                for n, ((k, _), jump) in enumerate(zip(rows, jumps, strict=True), start=1)
            ),
            f"1 + {' + '.join(str((k - 1) * jump) for (k, _), jump in zip(rows, jumps, strict=True))} = {side} pixels",
        ],
        {"rows": [list(row) for row in rows]},
    )


@generator
def conv_flops_ratio(rng: random.Random) -> Draft:
    old = rng.choice([128, 160, 192, 224, 256])
    new = rng.choice([size for size in (288, 320, 384, 416, 448, 480, 512, 640) if size > 1.25 * old])
    model = on_meta(lambda: nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 8, 3, 2, 1), nn.Conv2d(8, 16, 3, 2, 1)))

    def flops(size: int) -> int:
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, size, size, device="meta"))
        return counter.get_total_flops()

    ratio = flops(new) / flops(old)
    slips = {
        "That is the ratio of the sides; positions grow with its square.": new / old,
        "That is the cube; only height and width grow.": (new / old) ** 3,
        "That is the growth over the old cost, not the new cost over the old.": ratio - 1,
    }
    return Draft(
        f"A fully convolutional network (total stride 16, all sizes below divisible by it) was trained at {old} px. "
        f"You run it on square images of {new} px.\n\nHow many times as many multiplications do its convolutions need "
        "per image?",
        number_answer(ratio, ONE_PERCENT, slips=slips),
        [
            "A convolution does the same work at each position of its map, and a map has height × width positions.",
            f"Ratio of the sides: {new} / {old} = {show(new / old)}.",
            f"Squared: {show(ratio)}",
        ],
        {"old": old, "new": new},
    )
