"""Outputs and trained weights from a convolution that numpy works out position by position, in float64."""

from __future__ import annotations

import numpy as np
import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field


def cases(generator: torch.Generator) -> list[Case]:
    """3 x 3 kernels on images of 7 to 9 pixels. Without a bias unless the name says otherwise."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def layer(name: str, channels: int, bias: bool = False, **settings: int | str) -> Case:
        given: dict[str, Plain] = {"stride": 1, "padding": 1, "dilation": 1, "padding_mode": "zeros"} | settings
        out = draw(2, 4)
        given["old"] = {"weight": torch.randn(out, 3, 3, 3, generator=generator)}
        if bias:
            given["old"]["bias"] = torch.randn(out, generator=generator)
        given |= {"channels": channels, "lr": draw(1, 5) / 100}
        given["images"] = torch.randn(2, channels, draw(7, 9), draw(7, 9), generator=generator)
        shape = _convolved(given, *_adapted(given))[0].shape
        given["slopes"] = torch.randn(shape, generator=generator)
        return Case(name, given)

    return [
        layer("a grey image gives what it gave as three equal channels", 1),
        layer("three channels change nothing", 3),
        layer("more channels repeat the filters at the same total scale", draw(4, 8)),
        layer("stride, padding and dilation are kept", draw(4, 6), stride=2, padding=draw(1, 3), dilation=draw(1, 2)),
        layer("the padding mode is kept", 1, padding_mode="circular", padding=draw(1, 2)),
        layer("the bias is copied, not shared", draw(4, 6), bias=True),
        layer("the old convolution is left as it was", 1),
    ]


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first output, trained weight or old weight that is not as it should be."""
    given, problem = case.given, field(got, "problem")
    if problem is not None:
        raise Mismatch("what the function returns", "a convolution", problem)
    weight, bias = _adapted(given)
    outputs, at_weight, at_bias = _convolved(given, weight, bias)
    setting = ", ".join(
        f"{name}={given[name]}" for name in ("channels", "stride", "padding", "dilation", "padding_mode")
    )
    expect_close(f"output of the new layer ({setting})", torch.from_numpy(outputs), field(got, "outputs"), atol=1e-4)
    expect_equal("parameters of the new layer", sorted(given["old"]), field(got, "names"))
    expect_equal("whether the new layer can be trained", True, field(got, "trainable"))
    trained = {"weight": weight - given["lr"] * at_weight}
    if "bias" in given["old"]:
        trained["bias"] = bias - given["lr"] * at_bias
    for name, expected in trained.items():
        what = f"{name} of the new layer after one step of SGD ({setting})"
        expect_close(what, torch.from_numpy(expected), field(field(got, "weights"), name), atol=1e-4)
    for name, tensor in given["old"].items():
        left = field(field(got, "old"), name)
        expect_close(f"{name} of the old layer after the new one was trained", tensor, left, rtol=0, atol=0)


def _adapted(given: dict[str, Plain]) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias (zeros if there is none) that the task asks for."""
    old, channels = given["old"]["weight"].double().numpy(), given["channels"]
    bias = given["old"]["bias"].double().numpy() if "bias" in given["old"] else np.zeros(len(old))
    if channels == 1:
        return old[:, :1] + old[:, 1:2] + old[:, 2:], bias
    return np.stack([old[:, j % 3] for j in range(channels)], axis=1) * (3 / channels), bias


def _convolved(
    given: dict[str, Plain], weight: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs (B, O, H, W), and the gradients of sum(outputs * slopes) for weight and bias, if there are slopes yet."""
    pad, step, spread = given["padding"], given["stride"], given["dilation"]
    images = given["images"].double().numpy()
    margins = [(0, 0), (0, 0), (pad, pad), (pad, pad)]
    circular = given["padding_mode"] == "circular"
    images = np.pad(images, margins, mode="wrap") if circular else np.pad(images, margins)
    reach = spread * (weight.shape[2] - 1) + 1
    rows, columns = ((side - reach) // step + 1 for side in images.shape[2:])
    outputs = np.zeros((len(images), len(weight), rows, columns))
    slopes = given["slopes"].double().numpy() if "slopes" in given else outputs
    at_weight = np.zeros_like(weight)
    for i in range(rows):
        for j in range(columns):
            top, left = i * step, j * step
            patch = images[:, :, top : top + reach : spread, left : left + reach : spread]
            outputs[:, :, i, j] = np.einsum("bchw,ochw->bo", patch, weight) + bias
            at_weight += np.einsum("bchw,bo->ochw", patch, slopes[:, :, i, j])
    return outputs, at_weight, slopes.sum(axis=(0, 2, 3))
