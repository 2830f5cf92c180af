"""The cures for forgetting: anchors (L2-SP, EWC), distillation (LwF), replay, low-rank adapters, interpolation.

Each works on a network whose blocks are named and whose last block is the head, here `demos.models.SmallCNN`. The
source task's own head never changes: a cure keeps the *backbone* useful for it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrize

from demos import training

MOMENTUM = 0.9

Importance = Mapping[str, torch.Tensor]
"""How firmly each backbone parameter is held, by name and of its shape; never negative."""


# --- anchors: L2-SP and EWC -------------------------------------------------------------------------------------------


class AnchoredSGD(torch.optim.SGD):
    """SGD with momentum that pulls parameters back to where they were when it was made.

    It descends on L(w) + strength / 2 * sum_i importance_i (w_i - w0_i)^2. Importance 1 is L2-SP (Li et al. 2018, arXiv
    1802.01483, without their extra decay of the head); the Fisher diagonal is EWC (Kirkpatrick et al. 2017, arXiv
    1612.00796). The gradient of that penalty would diverge wherever rate * strength * importance_i is large, and Fisher
    values span many orders of magnitude. So its step is taken implicitly, after the step on L, as a proximal operator
    (Parikh & Boyd 2014, "Proximal Algorithms"), which is stable at every strength:

        w <- (w + c w0) / (1 + c),   c = rate * strength * importance / (1 - momentum)

    Momentum acts on the gradient of L alone and multiplies its effect by 1 / (1 - momentum); dividing here as well
    leaves the run at rest exactly where the penalised loss has gradient 0.
    """

    def __init__(self, groups: Any, firmness: Mapping[nn.Parameter, torch.Tensor]) -> None:
        """`firmness` is strength * importance, by parameter and of its shape; others are free."""
        super().__init__(groups, momentum=MOMENTUM, fused=True)
        self._anchors = [
            (group, parameter, parameter.detach().clone(), firmness[parameter] / (1 - MOMENTUM))
            for group in self.param_groups
            for parameter in group["params"]
            if parameter in firmness
        ]

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step on the loss, then the pull, at the group's present rate."""
        loss = super().step(closure)
        for group, parameter, anchor, firmness in self._anchors:
            c = firmness * group["lr"]
            parameter.lerp_(anchor, c.div_(c + 1))
        return loss


def anchored_sgd(importance: Importance, strength: float) -> training.Optimise:
    """Makes an `AnchoredSGD`; parameters that `importance` does not name, such as the new head's, are free."""

    def make(model: nn.Sequential, rates: training.Rates) -> torch.optim.Optimizer:
        named = dict(model.named_parameters())
        firmness = {named[name]: strength * weight for name, weight in importance.items()}
        return AnchoredSGD(training.make_sgd(model, rates, MOMENTUM).param_groups, firmness)

    return make


def equal_importance(model: nn.Sequential) -> Importance:
    """1 for every backbone parameter: the anchor of L2-SP."""
    return {name: torch.ones_like(p) for name, p in model.named_parameters() if not name.startswith("head.")}


def fisher_diagonal(model: nn.Sequential, images: torch.Tensor, generator: torch.Generator) -> Importance:
    """The diagonal of the Fisher information of the backbone's parameters, over `images` (N, 1, 28, 28).

    The mean *squared gradient of one example's* log-likelihood, with labels drawn from the model's own predictions (the
    Fisher itself, not the empirical one that uses the data's labels).
    """
    backbone = {name: p for name, p in model.named_parameters() if not name.startswith("head.")}
    with torch.no_grad():
        drawn = torch.multinomial(model(images).softmax(1), 1, generator=generator).squeeze(1)
    total = {name: torch.zeros_like(p) for name, p in backbone.items()}
    # One image at a time: as fast as `torch.func.vmap` on such a network, and that takes a second to import.
    for image, label in zip(images.split(1), drawn.split(1), strict=True):
        gradients = torch.autograd.grad(F.cross_entropy(model(image), label), list(backbone.values()))
        for squares, gradient in zip(total.values(), gradients, strict=True):
            squares.addcmul_(gradient, gradient)
    return {name: squares.div_(len(images)) for name, squares in total.items()}


# --- old outputs: distillation and replay -----------------------------------------------------------------------------


def features(network: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """What the head is given, (B, features): the output of all blocks but the last."""
    for block in list(network.children())[:-1]:
        inputs = block(inputs)
    return inputs


def distillation(
    labels: torch.Tensor, old_logits: torch.Tensor, old_head: nn.Module, strength: float, temperature: float = 2.0
) -> training.Loss:
    """Learning without Forgetting (Li & Hoiem 2016, arXiv 1606.09282): on the *new* images, keep the old outputs.

    (cross entropy + strength * T^2 * KL(old at temperature T || now at temperature T)) / (1 + strength): Hinton's form
    (arXiv 1503.02531), with weights that add up to 1. The loss looks up `labels` (N,) and `old_logits` (N, old
    classes), recorded before training, by the row of the example: the targets of its batches are row numbers
    (`numbered`). Unlike in the paper the old head stays as it was.
    """
    old = F.log_softmax(old_logits / temperature, dim=1)

    def loss(network: nn.Module, inputs: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        seen = features(network, inputs)
        head: nn.Module = list(network.children())[-1]
        now = F.log_softmax(old_head(seen) / temperature, dim=1)
        kept = F.kl_div(now, old[rows], reduction="batchmean", log_target=True)
        return (F.cross_entropy(head(seen), labels[rows]) + strength * temperature**2 * kept) / (1 + strength)

    return loss


def numbered(batches: training.Batches) -> training.Batches:
    """The same batches, with row numbers for targets."""
    rows = torch.arange(len(batches.examples.targets))
    return training.Batches(training.Examples(batches.examples.inputs, rows), batches.order)


def replay(memory: training.Examples, order: torch.Tensor, old_head: nn.Module, strength: float) -> training.Loss:
    """(Cross entropy on the new task + strength * cross entropy on a few stored examples of the old) / (1 + strength).

    `order` (steps, batch) holds the rows of `memory` that are replayed at each step. Old and new images go through the
    backbone as one batch.
    """
    rows: Iterator[torch.Tensor] = iter(order)

    def loss(network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        old = next(rows)
        seen = features(network, torch.cat([inputs, memory.inputs[old]]))
        head: nn.Module = list(network.children())[-1]
        new_loss = F.cross_entropy(head(seen[: len(inputs)]), targets)
        return (new_loss + strength * F.cross_entropy(old_head(seen[len(inputs) :]), memory.targets[old])) / (
            1 + strength
        )

    return loss


# --- low-rank adapters ------------------------------------------------------------------------------------------------


class LowRank(nn.Module):
    """The branch of LoRA (Hu et al. 2021, arXiv 2106.09685) for a convolution's weight (out, in, height, width).

    Read as a matrix (out, in * height * width), the weight becomes W + scale * up @ down, of rank `rank` at most. `up`
    starts at 0, so that training starts from the base; `down` as torch starts a linear layer.
    """

    def __init__(self, weight: torch.Tensor, rank: int, scale: float, generator: torch.Generator) -> None:
        super().__init__()
        outputs, inputs = weight.shape[0], weight[0].numel()
        bound = inputs**-0.5
        self.scale = scale
        self.down = nn.Parameter(torch.empty(rank, inputs).uniform_(-bound, bound, generator=generator))
        self.up = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The adapted weight."""
        return weight + self.scale * (self.up @ self.down).view_as(weight)


def add_adapters(model: nn.Sequential, rank: int, scale: float, seed: int) -> None:
    """Give every convolution of `model` a branch, in place, by torch's own parametrisations."""
    generator = torch.Generator().manual_seed(seed)
    for convolution in [module for module in model.modules() if isinstance(module, nn.Conv2d)]:
        branch = LowRank(convolution.weight, rank, scale, generator)
        parametrize.register_parametrization(convolution, "weight", branch)


def adapter_sgd(model: nn.Sequential, rates: training.Rates) -> torch.optim.Optimizer:
    """SGD over branches and head; the base, normalisation included, is frozen."""
    free = {id(p) for m in model.modules() if isinstance(m, LowRank) for p in m.parameters()}
    free |= {id(p) for p in model.head.parameters()}  # type: ignore[union-attr]
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in free)
    optimiser = training.make_sgd(model, rates, MOMENTUM)
    for group in optimiser.param_groups:
        group["params"] = [p for p in group["params"] if p.requires_grad]
    return optimiser


def merged(model: nn.Sequential, like: nn.Sequential) -> nn.Sequential:
    """A plain network, built as `like`, whose weights contain the branches: the same function, as it is shipped."""
    return _plain(model, like, lambda convolution: convolution.weight)


def removed(model: nn.Sequential, like: nn.Sequential) -> nn.Sequential:
    """A plain network, built as `like`, with the branches taken off: the base, bit for bit, under the new head."""
    return _plain(model, like, lambda convolution: convolution.parametrizations.weight.original)


def _plain(model: nn.Sequential, like: nn.Sequential, weight_of: Callable[[Any], torch.Tensor]) -> nn.Sequential:
    # Not a copy of `model` with its parametrisations removed: the copy shares torch's generated class with the
    # original, and removing takes the weight away from both.
    plain = copy.deepcopy(like)
    with torch.no_grad():
        for name, module in plain.named_modules():
            adapted = model.get_submodule(name)
            for own, parameter in module.named_parameters(recurse=False):
                branch = parametrize.is_parametrized(adapted, own)
                parameter.copy_(weight_of(adapted) if branch else getattr(adapted, own))
    return plain


# --- after training ---------------------------------------------------------------------------------------------------


def interpolated(model: nn.Sequential, start: Mapping[str, torch.Tensor], keep: float) -> nn.Sequential:
    """WiSE-FT (Wortsman et al. 2021, arXiv 2109.01903): a copy whose backbone is the start's to the share `keep`.

    keep = 0 is the trained network, keep = 1 the start's backbone under the trained head, both bit for bit. The paper
    also averages the head; here the new task's head has no counterpart at the start.
    """
    mixed = copy.deepcopy(model)
    with torch.no_grad():
        for name, parameter in mixed.named_parameters():
            if not name.startswith("head."):
                parameter.lerp_(start[name], keep)
    return mixed


@dataclass(frozen=True)
class Refit:
    """How good a *new* linear readout of the old classes is: what the features still hold, whatever the old head says.

    Ridge regression onto one-hot classes, on the features of `train`, scored on `test`.
    """

    train: training.Examples
    test: training.Examples
    ridge: float = 1e-2
    """Times the mean eigenvalue of the features' second moments."""

    def accuracy(self, network: nn.Sequential) -> float:
        """In per cent. Features that are not finite count as 0: a network that diverged knows nothing."""
        backbone = nn.Sequential(*list(network.children())[:-1])
        known = [_with_one(training.through(backbone, examples).inputs) for examples in (self.train, self.test)]
        seen, unseen = known
        moments = seen.T @ seen
        moments += self.ridge * moments.diagonal().mean() * torch.eye(len(moments), dtype=moments.dtype)
        classes = F.one_hot(self.train.targets).to(seen.dtype)
        weights = torch.linalg.solve(moments, seen.T @ classes)
        return 100.0 * ((unseen @ weights).argmax(1) == self.test.targets).double().mean().item()


def _with_one(seen: torch.Tensor) -> torch.Tensor:
    finite = torch.nan_to_num(seen.double(), nan=0.0, posinf=0.0, neginf=0.0)
    return torch.cat([finite, torch.ones(len(finite), 1, dtype=finite.dtype)], dim=1)
