"""Parameters of heads, stems and adapters: the module is built (on the meta device) and counted."""

from __future__ import annotations

import random

import torch
from torch import nn

from study.computed.building import code, count, on_meta, show, total
from study.computed.registry import Draft, generator
from study.drawn import count_answer

FEATURES = [512, 768, 1024, 1280, 2048]
PARAMETERS = "parameters"


@generator
def head_parameters(rng: random.Random) -> Draft:
    width, hidden, classes = rng.choice(FEATURES), rng.choice([64, 128, 256, 512]), rng.randint(2, 120)

    def build() -> nn.Module:
        return nn.Sequential(
            nn.BatchNorm1d(width), nn.Dropout(0.25), nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, classes)
        )

    head = on_meta(build)
    parts = [2 * width, width * hidden + hidden, hidden * classes + classes]
    slips = {
        "That counts BatchNorm's buffers as well; the running statistics are no parameters.": sum(parts)
        + 2 * width
        + 1,
        "That leaves out the scale and shift of BatchNorm.": sum(parts) - 2 * width,
        "That leaves out the biases of the linear layers.": sum(parts) - hidden - classes,
        "That is the last layer alone.": parts[2],
    }
    return Draft(
        f"`print(head)` shows the new head of a classifier:\n\n{code(head)}\n\nHow many trainable parameters does it "
        "have?",
        count_answer(count(head), PARAMETERS, slips),
        [
            f"BatchNorm: a scale and a shift per feature, 2 × {width} = {show(parts[0])}. Dropout and ReLU have none.",
            f"First linear layer: {width} × {hidden} + {hidden} = {show(parts[1])}.",
            f"Second linear layer: {hidden} × {classes} + {classes} = {show(parts[2])}.",
            f"{total(parts)}{show(count(head))} parameters",
        ],
        {"width": width, "hidden": hidden, "classes": classes},
    )


@generator
def head_swap_difference(rng: random.Random) -> Draft:
    width, classes = rng.choice(FEATURES), rng.randint(2, 200)
    old, new = (on_meta(lambda n=n: nn.Linear(width, n)) for n in (1000, classes))  # type: ignore[misc]
    saved = count(old) - count(new)
    slips = {
        "That leaves out the biases: each class has one as well.": width * (1000 - classes),
        "That is the size of the new head.": count(new),
        "That is the size of the old head; the new one takes its place.": count(old),
    }
    return Draft(
        f"A network pretrained on ImageNet-1k ends in `nn.Linear({width}, 1000)`. You replace this layer with "
        f"`nn.Linear({width}, {classes})` for your own classes and keep all the rest.\n\n"
        "By how many parameters does the network become smaller?",
        count_answer(saved, PARAMETERS, slips),
        [
            f"Each class costs {width} weights and one bias: {show(width + 1)} parameters.",
            f"There are 1,000 - {classes} = {1000 - classes} classes fewer.",
            f"{show(width + 1)} × {1000 - classes} = {show(saved)} parameters",
        ],
        {"width": width, "classes": classes},
    )


class _LowRank(nn.Module):
    """The trained part of LoRA (Hu 2021) beside one frozen linear layer: x -> B A x."""

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.empty(rank, inputs))
        self.b = nn.Parameter(torch.empty(outputs, rank))


@generator
def lora_parameters(rng: random.Random) -> Draft:
    width, blocks, rank = rng.choice([192, 384, 768, 1024]), rng.choice([6, 12, 24]), rng.choice([2, 4, 8, 16, 32])
    adapted = rng.choice([("query", "value"), ("query", "key", "value"), ("query", "key", "value", "output")])
    layers = blocks * len(adapted)
    adapters = on_meta(lambda: nn.ModuleList(_LowRank(width, width, rank) for _ in range(layers)))
    trainable = count(adapters)
    slips = {
        "That is the size of the frozen layers themselves.": layers * width * width,
        "That counts one of the two factors; LoRA trains A and B.": trainable // 2,
        f"That is one layer per block; {len(adapted)} are adapted.": trainable // len(adapted),
        "That is one block.": trainable // blocks,
    }
    return Draft(
        f"A frozen ViT has {blocks} blocks of width {width}. LoRA of rank {rank} (no biases) is added to the "
        f"{', '.join(adapted[:-1])} and {adapted[-1]} projections of every block, each of which is {width} × "
        f"{width}.\n\nHow many parameters does LoRA add for training, in all?",
        count_answer(trainable, PARAMETERS, slips),
        [
            f"A layer gets A ({rank} × {width}) and B ({width} × {rank}): 2 × {rank} × {width} = "
            f"{show(2 * rank * width)}.",
            f"Adapted layers: {blocks} × {len(adapted)} = {layers}.",
            f"{show(2 * rank * width)} × {layers} = {show(trainable)} parameters",
        ],
        {"width": width, "blocks": blocks, "rank": rank, "adapted": len(adapted)},
    )


@generator
def stem_parameters(rng: random.Random) -> Draft:
    width, kernel, bias, kind = rng.choice(
        [(64, 7, False, "ResNet"), (96, 4, True, "ConvNeXt"), (768, 16, True, "ViT"), (32, 3, False, "EfficientNet")]
    )
    channels, source = rng.choice([1, 2, 4, 5, 6, 8, 10, 12, 13]), rng.choice(["microscope", "satellite", "scanner"])
    stem = on_meta(lambda: nn.Conv2d(channels, width, kernel, bias=bias))
    weights = width * channels * kernel**2
    slips = {
        "That is the layer for three channels.": width * 3 * kernel**2 + width * bias,
        "That is one input channel; every filter has a kernel for each channel.": width * kernel**2 + width * bias,
        "That takes the kernel's side once; it is a square.": width * channels * kernel + width * bias,
        "That leaves out the bias of each filter." if bias else "That adds a bias, which this layer has not.": weights
        + (0 if bias else width),
    }
    return Draft(
        f"The first layer of a network ({kind}) is `nn.Conv2d(3, {width}, kernel_size={kernel}, bias={bias})` (stride "
        f"and padding left out). For images from a {source} with {channels} channel{'s' if channels > 1 else ''} it "
        "is replaced by one of the same kind that fits them.\n\nHow many parameters does the new layer have?",
        count_answer(count(stem), PARAMETERS, slips),
        [
            f"Weights: {width} filters × {channels} channels × {kernel} × {kernel} = {show(weights)}.",
            f"Biases: {width if bias else 0}.",
            f"Together: {show(count(stem))} parameters",
        ],
        {"width": width, "kernel": kernel, "bias": bias, "channels": channels},
    )
