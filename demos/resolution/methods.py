"""TinyViT, and what can be done with its position embeddings at another image size."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from demos import data, models, starts, transfer

SIZE, PATCH = 28, 4
"""Pixels along a side, in training and of a patch: 7 x 7 = 49 patches, and one class token."""

WIDTH, DEPTH, HEADS = 48, 4, 3

POSITIONS = "embed.positions"
"""The position embeddings' name in the state dict."""

STARTS = 3
"""How many pretrained starts of each kind ship (`demos.resolution.pretrained`)."""

HELD_OUT_PER_CLASS = 150


class Embedding(nn.Module):
    """(B, 1, S, S) images to (B, 1 + (S / 4)^2, 48) tokens: patches, the class token before them, plus positions.

    As in torchvision's ViT, the patch grid must have as many places as there are position embeddings.
    """

    def __init__(self, grid: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, WIDTH, PATCH, stride=PATCH)
        self.class_token = nn.Parameter(torch.randn(1, 1, WIDTH) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, 1 + grid * grid, WIDTH) * 0.02)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        patches = self.patches(images).flatten(2).transpose(1, 2)
        return torch.cat([self.class_token.expand(len(images), -1, -1), patches], dim=1) + self.positions


class Block(nn.Module):
    """A pre-norm transformer block, (B, T, 48) to the same: attention with three heads, then an MLP of four widths."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_attention, self.norm_mlp = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.project_in, self.project_out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = tokens + self.project_out(self.attention(self.norm_attention(tokens)))
        mixed: torch.Tensor = tokens + self.mlp(self.norm_mlp(tokens))
        return mixed

    def attention(self, tokens: torch.Tensor) -> torch.Tensor:
        """Every token looks at every token: the part whose cost grows with the square of their number."""
        heads = self.project_in(tokens).unflatten(2, (3, HEADS, WIDTH // HEADS)).permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(*heads.unbind()).transpose(1, 2).flatten(2)


class ClassToken(nn.Module):
    """(B, T, 48) to (B, 48): the class token, normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        normalised: torch.Tensor = self.norm(tokens[:, 0])
        return normalised


class TinyViT(nn.Sequential):
    """A ViT (Dosovitskiy et al. 2021, arXiv 2010.11929) for (B, 1, S, S) images and ten digits, S a multiple of 4.

    | block    | does                                                          | output      |
    |----------|---------------------------------------------------------------|-------------|
    | embed    | 4 x 4 patches, a class token, learned position embeddings     | (B, T, 48)  |
    | encoder  | four pre-norm blocks, three heads                             | (B, T, 48)  |
    | head     | the class token, LayerNorm, linear                            | (B, 10)     |

    T = 1 + (S / 4)^2. 116,938 parameters at 28 px; only the positions depend on S.
    """

    def __init__(self, size: int = SIZE) -> None:
        super().__init__(
            OrderedDict(
                embed=Embedding(size // PATCH),
                encoder=nn.Sequential(*(Block() for _ in range(DEPTH))),
                head=nn.Sequential(ClassToken(), nn.Linear(WIDTH, 10)),
            )
        )


def tiny_vit(size: int = SIZE, seed: int = 0) -> TinyViT:
    """A freshly initialised network for one image size; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TinyViT(size)


def _rows(held_out: bool) -> np.ndarray:
    _, labels = data.mnist()
    cut = slice(-HELD_OUT_PER_CLASS, None) if held_out else slice(None, -HELD_OUT_PER_CLASS)
    return np.concatenate([np.flatnonzero(labels == digit)[cut] for digit in range(transfer.CLASSES)])


def pretraining_rows() -> np.ndarray:
    """Rows of `data.mnist()` that the starts were trained on: the first 350 of each class, (3500,)."""
    return _rows(held_out=False)


def held_out_rows() -> np.ndarray:
    """Rows that no start has seen: the last 150 of each class, (1500,). Test and fine-tuning digits come from here."""
    return _rows(held_out=True)


# --- another size -----------------------------------------------------------------------------------------------------


def shown_at(images: torch.Tensor, size: int, view: str) -> torch.Tensor:
    """(N, 1, 28, 28) digits as pictures of another size, (N, 1, size, size).

    "enlarged" resizes the picture bilinearly, so the digit grows with it. "wider" leaves the digit as large as it was
    and adds black margin, or cuts margin off; MNIST's digits fill the middle 20 x 20 pixels.
    """
    if size == images.shape[-1]:
        return images
    if view == "enlarged":
        return F.interpolate(images, size=(size, size), mode="bilinear", align_corners=False)
    margin = (size - images.shape[-1]) // 2
    return F.pad(images, (margin,) * 4)


def positions_for(old: torch.Tensor, grid: int, how: str, placement: str = "centre") -> torch.Tensor:
    """Position embeddings for another grid: (1, 1 + g * g, D) to (1, 1 + grid * grid, D). The class token's is kept.

    Args:
        old: the trained embeddings, class token first, then the patches row by row.
        grid: patches along a side of the new picture.
        how: "bicubic" and "bilinear" interpolate with the corners aligned, as torchvision's `interpolate_embeddings`
            does; "nearest" copies; "none" has only the old ones, see `placed`.
        placement: for "none": where the old ones go.
    """
    class_token, patches = old[:, :1], old[:, 1:]
    side = round(patches.shape[1] ** 0.5)
    if grid == side:
        return old
    if how == "none":
        return torch.cat([class_token, placed(patches, grid, placement)], dim=1)
    table = patches.transpose(1, 2).unflatten(2, (side, side))
    options = {"mode": "nearest-exact"} if how == "nearest" else {"mode": how, "align_corners": True}
    resized = F.interpolate(table, size=(grid, grid), **options)
    return torch.cat([class_token, resized.flatten(2).transpose(1, 2)], dim=1)


def placed(patches: torch.Tensor, grid: int, placement: str) -> torch.Tensor:
    """The old embeddings themselves in a new grid, (1, g * g, D) to (1, grid * grid, D); zeros where none is left.

    "order" fills the new grid in reading order, as indexing the table by patch number does: rows of another length
    shear the plane. "corner" and "centre" keep the 2-D arrangement, and cut it where the new grid is smaller.
    """
    spare = grid - round(patches.shape[1] ** 0.5)
    if placement == "order":
        return F.pad(patches, (0, 0, 0, grid * grid - patches.shape[1]))
    before = 0 if placement == "corner" else int(spare / 2)
    table = patches.transpose(1, 2).unflatten(2, (grid - spare, grid - spare))
    return F.pad(table, (before, spare - before) * 2).flatten(2).transpose(1, 2)


def vit_at(start: int, size: int, how: str, placement: str) -> TinyViT:
    """The shipped TinyViT number `start` for another size: all weights as trained, positions by `positions_for`."""
    weights = dict(starts.weights("resolution", f"vit-{start}"))
    weights[POSITIONS] = positions_for(weights[POSITIONS], size // PATCH, how, placement)
    # A meta model holds no numbers: initialising one costs more than measuring a small size.
    with torch.device("meta"):
        model = TinyViT(size)
    model.load_state_dict({name: tensor.clone() for name, tensor in weights.items()}, assign=True)
    return model


def cnn(start: int) -> models.SmallCNN:
    """The shipped SmallCNN number `start`: the same at every size."""
    model = models.small_cnn(transfer.CLASSES, 0)
    model.load_state_dict(starts.weights("resolution", f"cnn-{start}"))
    return model


def position_similarity(positions: torch.Tensor) -> list[list[float]]:
    """Cosine similarity of the embedding a third into the grid with all others, grid x grid; 0 where there is none."""
    patches = positions[0, 1:]
    side = round(len(patches) ** 0.5)
    third = round((side - 1) / 3)
    similarity = F.cosine_similarity(patches[third * side + third], patches)
    return [[round(value, 2) for value in row] for row in similarity.unflatten(0, (side, side)).tolist()]
