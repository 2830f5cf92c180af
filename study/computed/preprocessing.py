"""The transforms that belong to pretrained weights: torchvision's own are run."""

from __future__ import annotations

import random

import torch
from torchvision.transforms import functional

from study.computed.building import ONE_PERCENT, show
from study.computed.registry import Draft, generator
from study.drawn import Tolerance, number_answer

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
"""Red, green, blue; as in torchvision's ImageNet weights."""


@generator
def normalised_pixel(rng: random.Random) -> Draft:
    channel, pixel = rng.randrange(3), rng.randrange(256)
    image = torch.zeros(3, 1, 1, dtype=torch.uint8)
    image[channel] = pixel
    floats = image.to(torch.float64) / 255
    value = functional.normalize(floats, MEAN, STD)[channel].item()
    mean, std, share = MEAN[channel], STD[channel], pixel / 255
    slips = {
        "That forgets to divide by 255 first: the constants belong to pixels from 0 to 1.": (pixel - mean) / std,
        "That leaves out the division by the standard deviation.": share - mean,
        "That is the pixel scaled to 0 to 1, not yet normalised.": share,
        "That divides by the variance; the constant is the standard deviation.": (share - mean) / std**2,
    }
    colour = ("red", "green", "blue")[channel]
    return Draft(
        "Images are prepared for a torchvision network with `ToTensor()` (8-bit pixels to 0 to 1) and "
        f"`Normalize(mean={MEAN}, std={STD})`, channels red, green, blue.\n\n"
        f"What value does a {colour} pixel of {pixel} (of 0 to 255) have when it enters the network?",
        number_answer(value, Tolerance("absolute", 0.02), slips=slips),
        [
            f"Scaled: {pixel} / 255 = {show(share)}.",
            f"Normalised with the {colour} constants: ({show(share)} - {mean}) / {std} = {show(value)}",
        ],
        {"channel": channel, "pixel": pixel},
    )


@generator
def centre_crop_share(rng: random.Random) -> Draft:
    short, resize, crop = (
        rng.choice([240, 300, 320, 360, 384, 480]),
        *rng.choice([(256, 224), (232, 224), (256, 256), (288, 256)]),
    )
    long = short * rng.choice([5, 6, 7, 8]) // 4
    image = torch.zeros(1, short, long)
    resized = functional.resize(image, [resize], antialias=False)
    cropped = functional.center_crop(resized, [crop, crop])
    share = cropped.numel() / resized.numel()
    width = resized.shape[-1]
    slips = {
        "That treats the photograph as square; its long side is cut more.": (crop / resize) ** 2,
        "That is the share of the long side alone.": crop / width,
        "That is the share that is cut off.": 1 - share,
        "That crops without resizing first.": min(1.0, crop * crop / short / long),
    }
    return Draft(
        f"The transforms of some weights are `Resize({resize})`, which makes the *shorter* side {resize} px and keeps "
        f"the proportions, and `CenterCrop({crop})`. A photograph has {long} × {short} px.\n\nWhat share of its area "
        "does the network see? (0 to 1, or in %)",
        number_answer(share, ONE_PERCENT, slips=slips),
        [
            f"Resized: the long side becomes {long} × {resize} / {short}, rounded down: {width}.",
            f"Area: {width} × {resize} = {show(width * resize)}. Crop: {crop} × {crop} = {show(crop * crop)}.",
            f"{show(crop * crop)} / {show(width * resize)} = {show(share)}",
        ],
        {"short": short, "long": long, "resize": resize, "crop": crop},
    )
