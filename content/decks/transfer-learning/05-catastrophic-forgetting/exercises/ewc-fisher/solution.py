import torch
from torch import Tensor, nn


def fisher_diagonal(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """Diagonal of the true Fisher information by parameter name: mean over `inputs` (n, ...), labels from the model."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    fisher = {name: torch.zeros_like(p) for name, p in parameters.items()}
    for x in inputs:
        log_p = model(x[None])[0].log_softmax(0)
        for log_likelihood in log_p:
            gradients = torch.autograd.grad(log_likelihood, list(parameters.values()), retain_graph=True)
            for name, gradient in zip(parameters, gradients, strict=True):
                fisher[name] += log_likelihood.exp().item() * gradient.square() / len(inputs)
    for module, training in modes.items():
        module.training = training
    return fisher
