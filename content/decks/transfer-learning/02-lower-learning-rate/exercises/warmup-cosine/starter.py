from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def warmup_cosine(optimizer: Optimizer, warmup_steps: int, total_steps: int, floor: float = 0.0) -> LRScheduler:
    """Scheduler: linear warm-up, then half a cosine from each group's peak to `floor` times that peak.

    To be stepped once after every `optimizer.step()`.
    """
    raise NotImplementedError
