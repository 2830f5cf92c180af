import torch
from torch import Tensor, nn


class L2SP:
    def __init__(self, model: nn.Module, head: str, alpha: float, beta: float) -> None:
        self.model, self.head, self.alpha, self.beta = model, head, alpha, beta
        self.start = {name: p.detach().clone() for name, p in model.named_parameters()}

    def __call__(self) -> Tensor:
        penalties = []
        for name, p in self.model.named_parameters():
            if name.startswith(f"{self.head}."):
                penalties.append(0.5 * self.beta * p.square().sum())
            elif p.ndim > 1:
                penalties.append(0.5 * self.alpha * (p - self.start[name]).square().sum())
        return torch.stack(penalties).sum()
