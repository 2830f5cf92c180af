"""What one step of an optimiser does: torch's own optimisers take real steps on one weight."""

from __future__ import annotations

import math
import random
from typing import Any

import torch

from study.computed.building import ONE_PERCENT, code, show
from study.computed.registry import Draft, generator
from study.drawn import Tolerance, number_answer


def weight_after(
    optimizer: type[torch.optim.Optimizer], weight: float, gradient: float, steps: int, **options: Any
) -> float:
    """One float64 weight after `steps` steps under a constant gradient."""
    parameter = torch.tensor([weight], dtype=torch.float64, requires_grad=True)
    stepper = optimizer([parameter], **options)
    for _ in range(steps):
        parameter.grad = torch.tensor([gradient], dtype=torch.float64)
        stepper.step()
    return parameter.item()


@generator
def adam_first_step(rng: random.Random) -> Draft:
    weight, lr = rng.randint(2, 30) / 20, rng.choice([0.1, 0.05, 0.02, 0.01])
    gradient = rng.choice([-1, 1]) * rng.choice([0.002, 0.01, 0.04, 0.2, 3.0, 8.0])
    value = weight_after(torch.optim.Adam, weight, gradient, 1, lr=lr)
    sign = math.copysign(1, gradient)
    slips = {
        "That is a step of plain SGD, rate × gradient; Adam divides by the gradient's own size.": weight
        - lr * gradient,
        "That goes uphill; a step goes against the gradient.": weight + lr * sign,
        "That leaves out the bias correction of the two averages.": weight - lr * sign * 0.1 / math.sqrt(0.001),
    }
    return Draft(
        f"A weight has the value {weight} and, in the very first step, the gradient {gradient}. The optimiser is "
        f"`torch.optim.Adam(model.parameters(), lr={lr})`, otherwise with its defaults (no weight decay).\n\n"
        "What is the weight's value after this step?",
        number_answer(value, Tolerance("absolute", lr / 20), slips=slips),
        [
            "After bias correction, the first step's averages are the gradient itself and its square.",
            f"So the step is rate × gradient / |gradient| = {lr} × ({show(sign)}): its size does not depend on the "
            "gradient's.",
            f"New value: {weight} - {lr} × ({show(sign)}) = {show(value)}",
        ],
        {"weight": weight, "lr": lr, "gradient": gradient},
    )


@generator
def momentum_steps(rng: random.Random) -> Draft:
    lr, momentum = rng.choice([0.1, 0.05, 0.02, 0.01, 0.001]), rng.choice([0.9, 0.8, 0.5, 0.95])
    gradient, steps = rng.choice([0.5, 1.0, 2.0, 4.0]), rng.choice([2, 3, 4])
    moved = -weight_after(torch.optim.SGD, 0.0, gradient, steps, lr=lr, momentum=momentum)
    buffers = [sum(momentum**power for power in range(step + 1)) for step in range(steps)]
    slips = {
        "That is SGD without momentum.": lr * gradient * steps,
        "That takes the long-run factor 1 / (1 - momentum); after a few steps the buffer is still filling.": lr
        * gradient
        * steps
        / (1 - momentum),
        "That is the last step alone.": lr * gradient * buffers[-1],
    }
    return Draft(
        f"`torch.optim.SGD(model.parameters(), lr={lr}, momentum={momentum})`, otherwise with its defaults. One "
        f"weight has the same gradient, {show(gradient)}, in each of the first {steps} steps.\n\nBy how much, in all, "
        f"has the weight *decreased* after these {steps} steps?",
        number_answer(moved, ONE_PERCENT, slips=slips),
        [
            "The buffer is momentum × buffer + gradient, and starts as the gradient.",
            f"In units of the gradient it is, step by step: {', '.join(map(show, buffers))}; sum {show(sum(buffers))}.",
            f"Distance: {lr} × {show(gradient)} × {show(sum(buffers))} = {show(moved)}",
        ],
        {"lr": lr, "momentum": momentum, "gradient": gradient, "steps": steps},
    )


@generator
def linear_scaling_rate(rng: random.Random) -> Draft:
    lr, gpus, batch = rng.choice([0.1, 0.05, 0.03, 0.4]), rng.choice([1, 2, 4]), rng.choice([8, 16, 24, 32, 48, 64])
    accumulated = rng.choice([2, 3, 4])
    weight = torch.zeros(1, requires_grad=True)
    for _ in range(gpus * accumulated):
        (torch.ones(batch) * weight).sum().backward()  # each image adds 1 to the gradient
    assert weight.grad is not None
    images = round(weight.grad.item())
    rate = lr * images / 256
    slips = {
        "That leaves out the accumulation: an update averages over all accumulated batches.": lr * batch * gpus / 256,
        "That leaves out the GPUs: an update averages over all of them.": lr * batch * accumulated / 256,
        "That scales the wrong way: a smaller batch gets a smaller rate.": lr * 256 / images,
        "That is the square-root rule; the linear rule was asked for.": lr * math.sqrt(images / 256),
    }
    loop = f"""
for n, (images, labels) in enumerate(loader):  # {batch} images for each GPU
    (loss_of(images, labels) / {accumulated}).backward()
    if (n + 1) % {accumulated} == 0:
        optimizer.step()
        optimizer.zero_grad()
"""
    return Draft(
        f"A recipe gives a learning rate of {lr} for SGD at 256 images per update. You train on {gpus} GPU"
        f"{'s' if gpus > 1 else ''} (gradients are averaged over GPUs), each with this loop:\n\n{code(loop)}\n\n"
        "Which learning rate does the linear scaling rule give?",
        number_answer(rate, ONE_PERCENT, slips=slips),
        [
            f"Images per update: {batch} per batch × {gpus} GPU{'s' if gpus > 1 else ''} × {accumulated} batches = "
            f"{images}.",
            f"Linear rule: {lr} × {images} / 256 = {show(rate)}",
        ],
        {"lr": lr, "gpus": gpus, "batch": batch, "accumulated": accumulated},
    )
