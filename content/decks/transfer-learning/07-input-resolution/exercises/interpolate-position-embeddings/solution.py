import torch
import torch.nn.functional as F
from torch import Tensor


def resize_position_embeddings(embeddings: Tensor, old_grid: tuple[int, int], new_grid: tuple[int, int]) -> Tensor:
    """Position embeddings (1, 1 + H*W, D) of one grid (H, W) for another: (1, 1 + H2*W2, D). Class token first."""
    class_token, patches = embeddings[:, :1], embeddings[:, 1:]
    grid = patches.reshape(1, *old_grid, -1).permute(0, 3, 1, 2)  # (1, D, H, W)
    grid = F.interpolate(grid, size=new_grid, mode="bicubic", align_corners=False)
    return torch.cat([class_token, grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)
