"""The answer of every generator a second time: closed forms in plain Python, from the drawn values alone. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import mean
from typing import Any

Given = dict[str, Any]
Oracle = Callable[..., float | tuple[int, ...] | tuple[str, ...]]
ORACLES: dict[str, Oracle] = {}


def oracle(function: Oracle) -> Oracle:
    ORACLES[function.__name__] = function
    return function


# Question 1


@oracle
def head_parameters(width: int, hidden: int, classes: int) -> int:
    return 2 * width + (width + 1) * hidden + (hidden + 1) * classes


@oracle
def head_optimizer_bytes(width: int, classes: int, copies: int) -> int:
    return 4 * copies * (width + 1) * classes


@oracle
def cached_feature_bytes(images: int, width: int, views: int, each: int) -> int:
    return images * width * views * each


@oracle
def backbone_passes_saved(images: int, epochs: int, views: int) -> int:
    return images * (epochs - views)


@oracle
def lora_parameters(width: int, blocks: int, rank: int, adapted: int) -> int:
    return blocks * adapted * 2 * width * rank


# Question 2


@oracle
def step_lr_rate(lr: float, step_size: int, gamma: float, epoch: int) -> float:
    return lr * gamma ** (epoch // step_size)


@oracle
def cosine_rate(lr: float, last: int, floor: float, epoch: int) -> float:
    return floor + (lr - floor) * math.cos(math.pi * epoch / last / 2) ** 2


@oracle
def exponential_rate(lr: float, gamma: float, epoch: int) -> float:
    return math.exp(math.log(lr) + epoch * math.log(gamma))


@oracle
def warm_up_rate(lr: float, start: float, length: int, step: int) -> float:
    return lr * (start * (length - step) + step) / length


@oracle
def one_cycle_rate(max_lr: float, steps: int, share: float, div: float, final: float, step: int) -> float:
    peak, low = share * steps - 1, max_lr / div
    if step <= peak:
        return (low * (peak - step) + max_lr * step) / peak
    return (max_lr * (steps - 1 - step) + low / final * (step - peak)) / (steps - 1 - peak)


@oracle
def linear_scaling_rate(lr: float, gpus: int, batch: int, accumulated: int) -> float:
    return lr * gpus * batch * accumulated / 256


@oracle
def adam_first_step(weight: float, lr: float, gradient: float) -> float:
    return weight - lr if gradient > 0 else weight + lr


@oracle
def momentum_steps(lr: float, momentum: float, gradient: float, steps: int) -> float:
    buffer = moved = 0.0
    for _ in range(steps):
        buffer = momentum * buffer + gradient
        moved += lr * buffer
    return moved


# Question 3


@oracle
def loss_at_start(classes: int, images: int) -> float:
    return math.log(classes)


@oracle
def nearest_prototype(names: list[str], features: list[list[list[float]]], query: list[float]) -> tuple[str, ...]:
    def distance(points: list[list[float]]) -> float:
        return math.dist([mean(axis) for axis in zip(*points, strict=True)], query)

    return (min(zip(names, features, strict=True), key=lambda pair: distance(pair[1]))[0],)


@oracle
def fold_steps(folds: int, epochs: int, images: int, batch: int, drop: bool) -> int:
    batches = (images - images // folds) / batch
    return folds * epochs * (math.floor(batches) if drop else math.ceil(batches))


# Question 4


@oracle
def stem_parameters(width: int, kernel: int, bias: bool, channels: int) -> int:
    return width * (channels * kernel * kernel + (1 if bias else 0))


@oracle
def full_training_bytes(widths: list[int], classes: int) -> int:
    convolutions = sum(9 * a * b for a, b in pairwise(widths))
    return 16 * (convolutions + (widths[-1] + 1) * classes)


# Question 5


@oracle
def l2_sp_penalty(now: list[float], start: list[float], head: list[float], alpha: float, beta: float) -> float:
    return alpha * math.dist(now, start) ** 2 / 2 + beta * math.hypot(*head) ** 2 / 2


@oracle
def ewc_penalty(gradients: list[list[float]], moves: list[float], strength: float) -> float:
    return strength / 2 * mean(sum((g * m) ** 2 for g, m in zip(row, moves, strict=True)) for row in gradients)


@oracle
def interpolated_output(share: float, inputs: list[float], old: list[float], new: list[float]) -> float:
    w1, w2, b = (o + share * (n - o) for o, n in zip(old, new, strict=True))
    return max(0.0, w1 * inputs[0] + w2 * inputs[1] + b)


@oracle
def soft_target(logits: list[int], temperature: float) -> float:
    return 1 / sum(math.exp((z - logits[0]) / temperature) for z in logits)


# Question 6


def _covariance(points: Sequence[Sequence[int]], i: int, j: int) -> float:
    centre = [mean(axis) for axis in zip(*points, strict=True)]
    return sum((p[i] - centre[i]) * (p[j] - centre[j]) for p in points) / (len(points) - 1)


@oracle
def coral_loss(source: list[list[int]], target: list[list[int]]) -> float:
    pairs = [(i, j) for i in range(2) for j in range(2)]
    return sum((_covariance(source, i, j) - _covariance(target, i, j)) ** 2 for i, j in pairs) / 16


@oracle
def dann_ramp(step: int, total: int) -> float:
    return math.tanh(5 * step / total)


@oracle
def reversed_gradient(label: float, domain: float, weight: float) -> float:
    return label - weight * domain


@oracle
def batchnorm_running_mean(momentum: float, start: float, means: list[int]) -> float:
    count = len(means)
    kept = (1 - momentum) ** count * start
    return kept + sum(momentum * (1 - momentum) ** (count - 1 - n) * value for n, value in enumerate(means))


@oracle
def batchnorm_target_output(
    source: list[float], target: list[float], scale: float, shift: float, value: float
) -> float:
    return scale * (value - target[0]) / target[1] + shift


# Question 7


@oracle
def conv_stack_shape(batch: int, size: int, channels: int, rows: list[list[int]]) -> tuple[int, ...]:
    for kernel, stride, padding in rows:
        # Counts the places of the window one by one.
        size = len(range(-padding, size + padding - kernel + 1, stride))
    return (batch, channels, size, size)


@oracle
def receptive_field(rows: list[list[int]]) -> int:
    side = 1
    for kernel, stride in reversed(rows):
        side = (side - 1) * stride + kernel
    return side


@oracle
def conv_flops_ratio(old: int, new: int) -> float:
    return new**2 / old**2


@oracle
def vit_tokens(patch: int, height: int, width: int, registers: int) -> int:
    return (height * width) // (patch * patch) + 1 + registers


@oracle
def vit_position_shape(patch: int, width: int, new: int) -> tuple[int, ...]:
    return (1, 1 + (new // patch) * (new // patch), width)


@oracle
def attention_growth(patch: int, old: int, new: int) -> float:
    return ((new**2 + patch**2) / (old**2 + patch**2)) ** 2


# Question 8


@oracle
def group_rate(lr: float, factor: float, stages: int, asked: int) -> float:
    rate = lr
    for _ in range(stages + 1 - asked):  # stem is 0, the head stages + 1
        rate *= factor
    return rate


@oracle
def cosine_floor_ratio(head: float, ratio: float, below: float, last: int, epoch: int) -> float:
    body, height = head / ratio, math.cos(math.pi * epoch / last / 2) ** 2
    floor = body / below
    return (floor * (1 - height) + head * height) / (floor * (1 - height) + body * height)


@oracle
def decay_for_ratio(lr: float, parts: int, slower: float) -> float:
    return math.exp(-math.log(slower) / (parts - 1))


# Question 9


@oracle
def head_swap_difference(width: int, classes: int) -> int:
    return (width * 1000 + 1000) - (width * classes + classes)


@oracle
def normalised_pixel(channel: int, pixel: int) -> float:
    centre, spread = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)][channel]
    return (pixel / 255 - centre) / spread


@oracle
def pretraining_epochs(batch: int, steps: int) -> float:
    return steps / (1_281_167 // batch)


@oracle
def centre_crop_share(short: int, long: int, resize: int, crop: int) -> float:
    return crop * crop / (resize * (resize * long // short))


# Question 10


@oracle
def trainable_after_freezing(first: int, second: int, classes: int, bias: bool, frozen: int) -> int:
    b = int(bias)
    sizes = [27 * first + b * first, 2 * first, 0, 9 * first * second + b * second, 2 * second, 0, 0, 0]
    return sum(sizes[frozen:]) + second * classes + classes


@oracle
def gradual_unfreezing(sizes: list[int], every: int, epoch: int) -> int:
    return sum(size for depth, size in enumerate(reversed(sizes)) if depth * every <= epoch)


@oracle
def gradients_none(blocks: int, bias: bool, frozen: list[int], cut: int | None) -> int:
    without = {n for n in range(blocks) if n in frozen or (cut is not None and n <= cut)}
    return len(without) * (2 if bias else 1) + 2


@oracle
def buffers_that_change(states: list[list[bool]]) -> tuple[str, ...]:
    changed = []
    for n, (trains, in_train_mode) in enumerate(states, start=1):
        changed += [f"block{n}.bn.weight"] * trains
        changed += [f"block{n}.bn.running_mean", f"block{n}.bn.num_batches_tracked"] * in_train_mode
    return tuple(changed)


@oracle
def saved_activation_bytes(batch: int, side: int, widths: list[int], frozen: int) -> int:
    return 4 * batch * side**2 * sum(widths[frozen:-1])
