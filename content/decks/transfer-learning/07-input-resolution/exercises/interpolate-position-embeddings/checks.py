"""The embeddings against a plain bicubic interpolation, written here with its kernel, one grid position at a time."""

from __future__ import annotations

import math

import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, field


def cases(generator: torch.Generator) -> list[Case]:
    """Grids of 3 to 8 patches a side, 4 to 6 channels."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def grids(name: str, old: list[int], new: list[int], class_scale: float = 1.0) -> Case:
        embeddings = torch.randn(1, 1 + old[0] * old[1], draw(4, 6), generator=generator)
        embeddings[:, 0] *= class_scale
        return Case(name, {"embeddings": embeddings, "old_grid": old, "new_grid": new})

    side, small, tall = draw(3, 5), draw(3, 4), draw(3, 4)
    return [
        grids("a larger square grid is interpolated position by position", [side] * 2, [side + draw(1, 3)] * 2),
        grids("the class token is kept as it is", [small] * 2, [small + draw(1, 2)] * 2, class_scale=100.0),
        grids(
            "a new grid that is taller than wide keeps rows and columns apart", [tall] * 2, [tall + draw(2, 4), tall]
        ),
        grids("an old grid that is wider than tall is understood", [3, draw(5, 7)], [draw(4, 5), draw(6, 8)]),
        grids("a smaller grid is interpolated without antialiasing", [draw(7, 8)] * 2, [draw(3, 4)] * 2),
        grids("the same grid gives back the same embeddings", [side] * 2, [side] * 2),
    ]


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first token that is not as expected."""
    embeddings, old, new = case.given["embeddings"], case.given["old_grid"], case.given["new_grid"]
    if field(got, "returned") != "Tensor":
        raise Mismatch("what the function returns", "a tensor", field(got, "returned"))
    resized, grids = field(got, "resized"), f"from {old[0]} x {old[1]} to {new[0]} x {new[1]}"
    shape = (1, 1 + new[0] * new[1], embeddings.shape[-1])
    if not isinstance(resized, torch.Tensor) or tuple(resized.shape) != shape:
        raise Mismatch(f"shape of the result, {grids}", shape, tuple(getattr(resized, "shape", ())))
    expect_close("the class token (first of the result)", embeddings[0, 0], resized[0, 0], rtol=1e-6)
    grid = embeddings[0, 1:].double().unflatten(0, old)
    for row in range(new[0]):
        for column in range(new[1]):
            where = f"embedding of row {row}, column {column}, {grids}"
            expect_close(where, _bicubic(grid, new, row, column), resized[0, 1 + row * new[1] + column], atol=1e-4)
    expect_close("the embeddings that were passed in, afterwards", embeddings, field(got, "input"), rtol=0, atol=0)


def _bicubic(grid: torch.Tensor, new: list[int], row: int, column: int) -> torch.Tensor:
    """Value (D,) at a position of the new grid: 4 x 4 old neighbours of `grid` (H, W, D), those outside clamped."""
    value = torch.zeros(grid.shape[-1], dtype=torch.float64)
    for i, vertical in _neighbours(grid.shape[0], new[0], row):
        for j, horizontal in _neighbours(grid.shape[1], new[1], column):
            value += vertical * horizontal * grid[i, j]
    return value


def _neighbours(old: int, new: int, index: int) -> list[tuple[int, float]]:
    """Four old indices and their weights; pixel centres lie at (index + 1/2) of their own grid's spacing."""
    centre = (index + 0.5) * old / new - 0.5
    first = math.floor(centre) - 1
    return [(min(max(i, 0), old - 1), _kernel(abs(centre - i))) for i in range(first, first + 4)]


def _kernel(distance: float, a: float = -0.75) -> float:
    """Keys' cubic convolution kernel, with PyTorch's a."""
    if distance <= 1:
        return (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    return a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
