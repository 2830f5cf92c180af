import torch
import torch.nn.functional as F
from torch import Tensor


def resize_position_embeddings(embeddings: Tensor, old_grid: tuple[int, int], new_grid: tuple[int, int]) -> Tensor:
    class_token, patches = embeddings[:, :1], embeddings[:, 1:]
    grid = patches.reshape(1, embeddings.shape[-1], *old_grid)
    grid = F.interpolate(grid, size=new_grid, mode="bicubic", align_corners=False)
    return torch.cat([class_token, grid.reshape(1, -1, embeddings.shape[-1])], dim=1)
