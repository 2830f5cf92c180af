"""Probes on few images: what a fresh head should score, and nearest class means."""

from __future__ import annotations

import math
import random

import torch
from torch.nn import functional

from study.computed.building import ONE_PERCENT, show
from study.computed.registry import Draft, generator
from study.drawn import names_answer, number_answer


@generator
def loss_at_start(rng: random.Random) -> Draft:
    classes, images, width = rng.randint(2, 200), rng.choice([16, 32, 64]), rng.choice([512, 768, 2048])
    logits = torch.zeros(images, width, dtype=torch.float64) @ torch.zeros(width, classes, dtype=torch.float64)
    loss = functional.cross_entropy(logits, torch.arange(images) % classes).item()
    slips = {
        "That is the probability of each class; the loss is minus its logarithm.": 1 / classes,
        "torch uses the natural logarithm, not the one to base 2.": math.log2(classes),
        "torch uses the natural logarithm, not the one to base 10.": math.log10(classes),
        "Equal logits are no knowledge, not a perfect answer.": 0.0,
        "That is the sum over the batch; `cross_entropy` averages.": images * loss,
    }
    return Draft(
        f"To check the pipeline, the weight and the bias of a new head `nn.Linear({width}, {classes})` are set to 0. "
        f"A batch of {images} images goes through it, and `F.cross_entropy(logits, labels)` is computed with its "
        "defaults.\n\nWhat must the loss be?",
        number_answer(loss, ONE_PERCENT, slips=slips),
        [
            f"All logits are 0, so softmax gives each of the {classes} classes 1 / {classes}.",
            f"The loss of every image is -ln(1 / {classes}) = ln {classes}, and so is the mean.",
            f"ln {classes} = {show(loss)}",
        ],
        {"classes": classes, "images": images},
    )


@generator
def nearest_prototype(rng: random.Random) -> Draft:
    names = rng.sample(["rust", "scratch", "dent", "crack", "stain", "clean"], 3)
    while True:
        features = torch.tensor([[[rng.randint(0, 9) for _ in range(2)] for _ in range(2)] for _ in names]).double()
        query = torch.tensor([[rng.randint(1, 8) for _ in range(2)]]).double()
        squared = torch.cdist(query, features.mean(dim=1))[0] ** 2
        first, second, _ = squared.sort().values.tolist()
        if second - first >= 1:  # clear without a calculator
            break
    winner = names[int(squared.argmin())]
    means = features.mean(dim=1).tolist()
    rows = "\n".join(
        f"| {name} | {' and '.join(str(tuple(map(int, point))) for point in points)} |"
        for name, points in zip(names, features.tolist(), strict=True)
    )
    at = tuple(map(int, query[0].tolist()))
    return Draft(
        f"Two labelled images per class, as frozen features:\n\n| class | features |\n|---|---|\n{rows}\n\nA new "
        f"image has the features {at}. It is given the class whose *mean* feature is nearest (Euclidean "
        "distance).\n\nWhich class is that?",
        names_answer([winner], names),
        [
            *(
                f"{name}: mean ({show(mean[0])}, {show(mean[1])}), squared distance {show(distance)}"
                for name, mean, distance in zip(names, means, squared.tolist(), strict=True)
            ),
            f"The smallest belongs to {winner}",
        ],
        {"names": names, "features": features.tolist(), "query": query[0].tolist()},
    )
