import torch
from torch import Tensor, nn


def fisher_diagonal(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    modes = {module: module.training for module in model.modules()}
    model.eval()
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    fisher = {name: torch.zeros_like(p) for name, p in parameters.items()}
    log_p = model(inputs).log_softmax(1)
    for c in range(log_p.shape[1]):
        gradients = torch.autograd.grad(log_p[:, c].mean(), list(parameters.values()), retain_graph=True)
        for name, gradient in zip(parameters, gradients, strict=True):
            fisher[name] += log_p[:, c].exp().mean().item() * gradient.square()
    for module, training in modes.items():
        module.training = training
    return fisher
