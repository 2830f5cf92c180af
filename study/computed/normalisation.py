"""BatchNorm: real layers see batches, and their buffers and outputs are read."""

from __future__ import annotations

import random

import torch
from torch import nn

from study.computed.building import ONE_PERCENT, show
from study.computed.registry import Draft, generator
from study.drawn import Tolerance, number_answer


@generator
def batchnorm_running_mean(rng: random.Random) -> Draft:
    momentum, start = rng.choice([0.1, 0.2, 0.25, 0.5]), rng.choice([1, 2, 4, 5, 10])
    means = [rng.randint(2, 20) for _ in range(rng.choice([2, 3]))]
    layer = nn.BatchNorm1d(1, momentum=momentum)
    assert layer.running_mean is not None
    layer.running_mean.fill_(start)
    trace = []
    for mean in means:
        layer(torch.tensor([[mean - 1.0], [mean + 1.0]]))
        trace.append(round(layer.running_mean.item(), 5))
    other = old = float(start)
    for mean in means:
        other = momentum * other + (1 - momentum) * mean
    slips = {
        "In torch `momentum` weighs the *new* mean; this weighs the old one.": other,
        "That is the last batch's mean.": means[-1],
        "That is the plain average of the batches; that needs `momentum=None`.": sum(means) / len(means),
        "That starts from 0; the layer comes with statistics.": trace[-1] - start * (1 - momentum) ** len(means),
        "That is after the first batch.": trace[0],
    }
    steps = []
    for mean, value in zip(means, trace, strict=True):
        steps.append(f"Batch mean {mean}: {show(1 - momentum)} × {show(old)} + {momentum} × {mean} = {show(value)}")
        old = value
    return Draft(
        f"A pretrained `nn.BatchNorm1d(1, momentum={momentum})` has `running_mean` = {start}. In train mode it sees "
        f"{len(means)} target batches, whose means are {', '.join(map(str, means))}, in this order.\n\nWhat is "
        "`running_mean` after that?",
        number_answer(trace[-1], ONE_PERCENT, slips=slips),
        ["torch updates as (1 - momentum) × old + momentum × new.", *steps],
        {"momentum": momentum, "start": start, "means": means},
    )


def _eval_output(value: float, mean: float, deviation: float, scale: float, shift: float) -> float:
    layer = nn.BatchNorm1d(1, eps=0.0).eval()
    assert layer.running_mean is not None and layer.running_var is not None
    with torch.no_grad():
        layer.weight.fill_(scale)
        layer.bias.fill_(shift)
        layer.running_mean.fill_(mean)
        layer.running_var.fill_(deviation**2)
        return round(layer(torch.tensor([[value]])).item(), 5)


@generator
def batchnorm_target_output(rng: random.Random) -> Draft:
    source = rng.sample([-2, 0, 1, 3, 5, 8], 2)
    deviations = rng.sample([0.5, 1.0, 2.0, 4.0, 5.0], 2)
    target = [float(source[1]), deviations[1] ** 2]
    scale, shift = rng.choice([0.5, 2.0, 1.5, 3.0]), rng.choice([-1.0, 0.5, 1.0, 2.0])
    value = source[1] + deviations[1] * rng.choice([-2, -1.5, -0.5, 0.5, 1, 1.5, 2])
    outputs = [
        _eval_output(value, mean, deviation, scale, shift) for mean, deviation in zip(source, deviations, strict=True)
    ]
    normal = (value - target[0]) / deviations[1]
    slips = {
        "That uses the source statistics; they were replaced.": outputs[0],
        "That divides by the variance; divide by its root.": scale * (value - target[0]) / target[1] + shift,
        "That leaves out scale and shift, which keep their trained values.": normal,
        "That applies the shift before the scale.": scale * (normal + shift),
    }
    return Draft(
        f"A BatchNorm layer (`eps=0`, one channel) was trained on the source domain: `running_mean` = {source[0]}, "
        f"`running_var` = {show(deviations[0] ** 2)}, `weight` = {scale}, `bias` = {shift}. For the target domain its "
        f"running statistics are recomputed: mean {show(target[0])}, variance {show(target[1])}. Nothing else "
        f"changes.\n\nWhat does the layer now give in eval mode for the input {show(value)}?",
        number_answer(outputs[1], Tolerance("absolute", 0.02), slips=slips),
        [
            f"Normalise with the target statistics: ({show(value)} - ({show(target[0])})) / {show(deviations[1])} = "
            f"{show(normal)}.",
            f"Trained scale and shift: {scale} × ({show(normal)}) + ({shift}) = {show(outputs[1])}",
        ],
        {
            "source": [source[0], deviations[0]],
            "target": [source[1], deviations[1]],
            "scale": scale,
            "shift": shift,
            "value": value,
        },
    )
