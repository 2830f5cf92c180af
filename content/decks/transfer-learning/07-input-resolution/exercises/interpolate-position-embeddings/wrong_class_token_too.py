import torch.nn.functional as F
from torch import Tensor


def resize_position_embeddings(embeddings: Tensor, old_grid: tuple[int, int], new_grid: tuple[int, int]) -> Tensor:
    if old_grid == new_grid:
        return embeddings
    tokens = 1 + new_grid[0] * new_grid[1]
    line = embeddings.permute(0, 2, 1)  # (1, D, tokens)
    return F.interpolate(line, size=tokens, mode="linear", align_corners=False).permute(0, 2, 1)
