import torch
import torch.nn.functional as F
from torch import Tensor


def preprocess(image: Tensor, resize: int, crop: int, mean: list[float], std: list[float]) -> Tensor:
    height = width = resize
    x = image[None].float() / 255
    x = F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False, antialias=True)
    top, left = (height - crop) // 2, (width - crop) // 2
    x = x[:, :, top : top + crop, left : left + crop]
    return (x - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
