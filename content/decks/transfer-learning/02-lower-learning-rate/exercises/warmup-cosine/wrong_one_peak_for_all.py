import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler


def warmup_cosine(optimizer: Optimizer, warmup_steps: int, total_steps: int, floor: float = 0.0) -> LRScheduler:
    peak = optimizer.param_groups[0]["lr"]

    def rate(step: int) -> float:
        if step >= total_steps:
            return peak * floor
        if step < warmup_steps:
            return peak * (step + 1) / (warmup_steps + 1)
        progress = (step - warmup_steps) / (total_steps - warmup_steps)
        return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))

    return LambdaLR(optimizer, rate)
