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
    optimizer = torch.optim.SGD(head.parameters(), lr=lr)
    for batch in batches:
        with torch.no_grad():
            features = backbone(images[batch])
        optimizer.zero_grad()
        F.cross_entropy(head(features), labels[batch]).backward()
        optimizer.step()
    with torch.no_grad():
        return torch.cat([backbone(part) for part in images.split(chunk)])
