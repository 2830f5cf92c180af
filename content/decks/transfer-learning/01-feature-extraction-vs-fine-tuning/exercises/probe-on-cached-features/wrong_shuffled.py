import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader


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
    loader: DataLoader[Tensor] = DataLoader(images, batch_size=chunk, shuffle=True)  # type: ignore[arg-type]
    with torch.no_grad():
        features = torch.cat([backbone(part) for part in loader])

    optimizer = torch.optim.SGD(head.parameters(), lr=lr)
    for batch in batches:
        optimizer.zero_grad()
        F.cross_entropy(head(features[batch]), labels[batch]).backward()
        optimizer.step()
    return features
