"""Vision transformers at a new input size: patches, position embeddings, attention."""

from __future__ import annotations

import random

import torch
from torch import nn
from torchvision.models.vision_transformer import interpolate_embeddings

from study.computed.building import ONE_PERCENT, on_meta, show
from study.computed.registry import Draft, generator
from study.drawn import count_answer, number_answer, shape_answer


def _grid(height: int, width: int, patch: int) -> tuple[int, int]:
    """Rows and columns of patches, from the patch projection itself."""
    projection = on_meta(lambda: nn.Conv2d(3, 8, patch, patch))
    rows, columns = projection(torch.empty(1, 3, height, width, device="meta")).shape[-2:]
    return rows, columns


@generator
def vit_tokens(rng: random.Random) -> Draft:
    patch, registers = rng.choice([8, 14, 16, 32]), rng.choice([0, 0, 4])
    height, width = patch * rng.randint(10, 26), patch * rng.randint(10, 30)
    rows, columns = _grid(height, width, patch)
    tokens = rows * columns + 1 + registers
    extra = f"a class token and {registers} register tokens" if registers else "a class token"
    slips = {
        "That leaves out the class token" + (" and the registers." if registers else "."): rows * columns,
        "That leaves out the register tokens.": rows * columns + 1,
        "That adds rows and columns; patches fill a grid, so they multiply.": rows + columns + 1 + registers,
        "That treats the image as square, with the height on both sides.": rows * rows + 1 + registers,
    }
    return Draft(
        f"A ViT with patches of {patch} × {patch} px and {extra} gets images of {height} × {width} px (height × "
        "width). It has no other special tokens.\n\nHow many tokens enter its first block, per image?",
        count_answer(tokens, "tokens", slips),
        [
            f"Rows: {height} / {patch} = {rows}. Columns: {width} / {patch} = {columns}.",
            f"Patches: {rows} × {columns} = {show(rows * columns)}.",
            f"With {extra}: {show(tokens)} tokens",
        ],
        {"patch": patch, "height": height, "width": width, "registers": registers},
    )


@generator
def vit_position_shape(rng: random.Random) -> Draft:
    patch, width = rng.choice([16, 32]), rng.choice([192, 384, 768])
    old = 224
    new = patch * rng.choice([side for side in range(8, 33) if side * patch != old])
    before = torch.zeros(1, (old // patch) ** 2 + 1, width)
    state = interpolate_embeddings(new, patch, {"encoder.pos_embedding": before})
    shape = tuple(state["encoder.pos_embedding"].shape)
    grid, was = new // patch, old // patch
    slips = {
        "That leaves out the class token, which has a position embedding too.": (1, grid**2, width),
        "That is the shape before: there must be one embedding for each token.": (1, was**2 + 1, width),
        "The grid is flattened: torchvision keeps one row per token.": (1, grid, grid, width),
    }
    return Draft(
        f"A torchvision ViT of width {width} with patches of {patch} px was trained at {old} px; its "
        f"`encoder.pos_embedding` has the shape {tuple(before.shape)}, class token first. With "
        f"`interpolate_embeddings` you prepare it for {new} px.\n\nWhat is its shape then?",
        shape_answer(shape, slips),
        [
            f"Class token aside, {was**2} embeddings form a grid of {was} × {was}.",
            f"At {new} px the grid is {new} / {patch} = {grid} on each side: {show(grid**2)} embeddings.",
            f"With the class token again, and the width unchanged: {shape}",
        ],
        {"patch": patch, "width": width, "new": new},
    )


@generator
def attention_growth(rng: random.Random) -> Draft:
    patch, heads = rng.choice([14, 16, 32]), rng.choice([3, 6, 12])
    old, new = patch * rng.randint(7, 14), patch * rng.randint(16, 37)
    counts = []
    for size in (old, new):
        rows, columns = _grid(size, size, patch)
        query = torch.empty(heads, rows * columns + 1, 64, device="meta")
        counts.append((query @ query.transpose(1, 2)).numel())
    ratio = counts[1] / counts[0]
    tokens = [(size // patch) ** 2 + 1 for size in (old, new)]
    slips = {
        "That is the ratio of the tokens; every token attends to every token.": tokens[1] / tokens[0],
        "That is the ratio of the sides.": new / old,
    }
    return Draft(
        f"A ViT with patches of {patch} px, {heads} heads and a class token is moved from {old} px to {new} px "
        "(square images, global attention).\n\nHow many times as many entries do its attention matrices have (tokens "
        "× tokens, per head)?",
        number_answer(ratio, ONE_PERCENT, slips=slips),
        [
            f"Tokens: ({old} / {patch})² + 1 = {tokens[0]} and ({new} / {patch})² + 1 = {show(tokens[1])}.",
            f"Ratio of the tokens: {show(tokens[1] / tokens[0])}. The number of heads stays and cancels.",
            f"Each matrix has tokens × tokens entries, so the ratio is squared: {show(ratio)}",
        ],
        {"patch": patch, "old": old, "new": new},
    )
