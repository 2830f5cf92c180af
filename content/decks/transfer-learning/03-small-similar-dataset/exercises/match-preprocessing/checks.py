"""The network's input from resizing matrices, whose rows are the triangle filter's weights, in float64."""

from __future__ import annotations

import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

CHANNELS = ("red", "green", "blue")


def cases(generator: torch.Generator) -> list[Case]:
    """Small images; mean and standard deviation differ between channels."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def image(name: str, height: int, width: int, resize: int, crop: int) -> Case:
        pixels = torch.randint(256, (3, height, width), generator=generator, dtype=torch.uint8)
        pixels //= torch.tensor([1, 2, 3], dtype=torch.uint8)[torch.randperm(3, generator=generator)].view(3, 1, 1)
        mean = [draw(25, 65) / 100 for _ in range(3)]
        std = [draw(18, 32) / 100 for _ in range(3)]
        return Case(name, {"image": pixels, "resize": resize, "crop": crop, "mean": mean, "std": std})

    def longer(shorter: int, resize: int) -> int:
        """A length for which rounding down is not a matter of the last digit: no whole number, or an exact factor."""
        sides = range(shorter * 4 // 3, shorter * 2)
        choices = [side for side in sides if resize * side % shorter > 0 or resize % shorter == 0]
        return choices[draw(0, len(choices) - 1)]

    side, resize = draw(12, 16), draw(11, 14)
    wide, tall = draw(17, 21), draw(17, 21)
    large, small = draw(30, 40), draw(5, 8)
    return [
        image("an image of the right size is only cropped and normalised", side, side, side, side - draw(3, 6)),
        image("a large image is antialiased", large, large, resize, resize - 2),
        image("a wide image keeps its proportions", wide, longer(wide, resize), resize, resize - draw(1, 4)),
        image("a tall image keeps its proportions", longer(tall, resize), tall, resize, resize - draw(1, 4)),
        image("a small image is enlarged", small, longer(small, resize), resize, resize - draw(1, 4)),
        image("without a margin the crop takes the whole shorter side", wide, longer(wide, resize), resize, resize),
    ]


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first pixel that is not as expected."""
    given = case.given
    crop = given["crop"]
    if field(got, "returned") != "Tensor":
        raise Mismatch("what the function returns", "a tensor", field(got, "returned"))
    x = field(got, "input")
    if not isinstance(x, torch.Tensor) or tuple(x.shape) != (1, 3, crop, crop):
        raise Mismatch("shape of the result", (1, 3, crop, crop), tuple(getattr(x, "shape", ())))
    expect_equal("dtype of the result", "torch.float32", field(got, "dtype"))

    height, width = given["image"].shape[1:]
    sizes = [given["resize"] * side // min(height, width) for side in (height, width)]
    pixels = given["image"].double() / 255
    resized = _resizing(height, sizes[0]) @ pixels @ _resizing(width, sizes[1]).T
    top, left = ((side - crop) // 2 for side in sizes)
    setting = f"{height} x {width}, resize={given['resize']}, crop={crop}"
    for channel, name in enumerate(CHANNELS):
        for row in range(crop):
            expected = (resized[channel, top + row, left : left + crop] - given["mean"][channel]) / given["std"][
                channel
            ]
            expect_close(
                f"{name}, row {row} of the crop ({setting})", expected, x[0, channel, row], rtol=1e-3, atol=1e-3
            )
    expect_equal("the image that was passed in, afterwards", given["image"].tolist(), field(got, "image").tolist())


def _resizing(old: int, new: int) -> torch.Tensor:
    """(new, old): weights of the old pixels in each new one. The triangle widens with the factor when it shrinks."""
    scale = old / new
    centres = (torch.arange(new, dtype=torch.float64) + 0.5) * scale
    pixels = torch.arange(old, dtype=torch.float64) + 0.5
    weights = (1 - (pixels - centres[:, None]).abs() / max(scale, 1.0)).clamp(min=0)
    return weights / weights.sum(1, keepdim=True)
