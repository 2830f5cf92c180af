import torch.nn.functional as F
from torch import Tensor


def resize_position_embeddings(embeddings: Tensor, old_grid: tuple[int, int], new_grid: tuple[int, int]) -> Tensor:
    """Position embeddings (1, 1 + H*W, D) of one grid (H, W) for another: (1, 1 + H2*W2, D). Class token first."""
    tokens = 1 + new_grid[0] * new_grid[1]
    return F.interpolate(embeddings.transpose(1, 2), size=tokens, mode="nearest").transpose(1, 2)
