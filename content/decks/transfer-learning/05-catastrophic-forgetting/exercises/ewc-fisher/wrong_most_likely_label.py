import torch
from torch import Tensor, nn


def fisher_diagonal(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    modes = {module: module.training for module in model.modules()}
    model.eval()
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    fisher = {name: torch.zeros_like(p) for name, p in parameters.items()}
    for x in inputs:
        log_likelihood = model(x[None])[0].log_softmax(0).max()
        gradients = torch.autograd.grad(log_likelihood, list(parameters.values()))
        for name, gradient in zip(parameters, gradients, strict=True):
            fisher[name] += gradient.square() / len(inputs)
    for module, training in modes.items():
        module.training = training
    return fisher
