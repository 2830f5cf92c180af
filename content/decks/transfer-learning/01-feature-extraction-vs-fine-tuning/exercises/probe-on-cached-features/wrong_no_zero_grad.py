import torch
import torch.nn.functional as F
from torch import Tensor, nn


def train_probe(
    backbone: nn.Module,
    head: nn.Linear,
    images: Tensor,
    labels: Tensor,
    batches: list[Tensor],
    chunk: int,
    lr: float,
) -> Tensor:
    backbone.eval()
    with torch.no_grad():
        features = torch.cat([backbone(part) for part in images.split(chunk)])

    optimizer = torch.optim.SGD(head.parameters(), lr=lr)
    for batch in batches:
        F.cross_entropy(head(features[batch]), labels[batch]).backward()
        optimizer.step()
    return features
