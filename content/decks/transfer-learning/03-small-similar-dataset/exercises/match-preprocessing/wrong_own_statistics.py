import torch.nn.functional as F
from torch import Tensor


def preprocess(image: Tensor, resize: int, crop: int, mean: list[float], std: list[float]) -> Tensor:
    shorter = min(image.shape[1:])
    height, width = (resize * side // shorter for side in image.shape[1:])
    x = image[None].float() / 255
    x = F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False, antialias=True)
    top, left = (height - crop) // 2, (width - crop) // 2
    x = x[:, :, top : top + crop, left : left + crop]
    return (x - x.mean(dim=(2, 3), keepdim=True)) / x.std(dim=(2, 3), keepdim=True)
