"""Features by hand in eval mode, and gradients of the softmax regression by their formula, without autograd."""

from __future__ import annotations

import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

EPS = 1e-5


def cases(generator: torch.Generator) -> list[Case]:
    return [
        case("the head ends with the right weights after one batch", generator, epochs=1, batch=12),
        case("five epochs show every image to the backbone only once", generator),
        case("gradients of one batch do not leak into the next", generator, epochs=1, batch=4),
        case("BatchNorm uses its running statistics and leaves them alone", generator, norm=True),
        case("dropout is off while the features are computed", generator, dropout=True),
        case("the last, smaller chunk is not forgotten", generator, chunk=5),
        case("the backbone records no graph and gets no gradients", generator, epochs=1, batch=12),
        case("without batches the head stays as it is, and the features come all the same", generator, epochs=0),
    ]


def case(
    name: str,
    generator: torch.Generator,
    *,
    epochs: int = 5,
    batch: int = 6,
    chunk: int = 4,
    norm: bool = False,
    dropout: bool = False,
) -> Case:
    def integer(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=generator))

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    images, inputs, outputs, classes = 12, integer(4, 8), integer(5, 9), integer(3, 6)
    backbone = {"linear.weight": normal(outputs, inputs) / inputs**0.5, "linear.bias": normal(outputs)}
    if norm:
        backbone |= {"norm.weight": 1 + normal(outputs) / 4, "norm.bias": normal(outputs)}
        backbone |= {"norm.running_mean": normal(outputs), "norm.running_var": 1 + normal(outputs) ** 2}
        backbone |= {"norm.num_batches_tracked": torch.tensor(7)}
    order = [torch.randperm(images, generator=generator) for _ in range(epochs)]
    given = {
        "images": 1 + 2 * normal(images, inputs),
        "labels": torch.randint(0, classes, (images,), generator=generator),
        "backbone": backbone,
        "head": {"weight": normal(classes, outputs), "bias": normal(classes)},
        "norm": norm,
        "dropout": dropout,
        "batches": [part for indices in order for part in indices.split(batch)],
        "chunk": chunk,
        "lr": 0.2,
    }
    return Case(name, given)


def features(given: dict[str, Plain]) -> torch.Tensor:
    """What the backbone gives in eval mode, `(images, outputs)`."""
    state = given["backbone"]
    x = given["images"] @ state["linear.weight"].T + state["linear.bias"]
    if given["norm"]:
        x = (x - state["norm.running_mean"]) / (state["norm.running_var"] + EPS).sqrt()
        x = x * state["norm.weight"] + state["norm.bias"]
    return x.tanh() * (2 if given["dropout"] else 1)


def trained(given: dict[str, Plain], cache: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias after a step per batch. The gradient for the logits is softmax minus one-hot, over the size."""
    weight, bias = given["head"]["weight"], given["head"]["bias"]
    for batch in given["batches"]:
        error = torch.softmax(cache[batch] @ weight.T + bias, dim=1)
        error[torch.arange(len(batch)), given["labels"][batch]] -= 1
        error = error / len(batch)
        weight, bias = weight - given["lr"] * error.T @ cache[batch], bias - given["lr"] * error.sum(0)
    return weight, bias


def check(case: Case, got: Plain) -> None:
    given = case.given
    check_passes(given, got)
    state = field(got, "backbone")
    for name, before in given["backbone"].items():
        now = field(state, name)
        expect_close(f"{name} of the backbone (must stay as it was)", before, now, rtol=0, atol=0)
    cache = features(given)
    expect_close("the returned features", cache, field(got, "features"), atol=1e-5)
    expect_equal("whether the backbone's outputs require gradients", False, field(got, "recorded"))
    expect_equal("parameters of the backbone with a gradient", [], field(got, "gradients"))
    weight, bias = trained(given, cache)
    after = f"after {len(given['batches'])} batches"
    expect_close(f"the head's weight {after}", weight, field(field(got, "head"), "weight"), atol=1e-5)
    expect_close(f"the head's bias {after}", bias, field(field(got, "head"), "bias"), atol=1e-5)


def check_passes(given: dict[str, Plain], got: Plain) -> None:
    """Every image goes through the backbone exactly once, at most `chunk` at a time."""
    images, seen, calls = given["images"], field(got, "seen"), field(got, "calls")
    if not isinstance(seen, torch.Tensor) or seen.ndim != 2 or seen.shape[1] != images.shape[1]:
        raise Mismatch("the backbone's inputs", f"a tensor of shape (images, {images.shape[1]})", seen)
    if len(seen) != len(images):
        raise Mismatch("images that passed through the backbone", len(images), len(seen))
    times = (images[:, None] == seen[None]).all(-1).sum(1).tolist()
    expect_equal("how often each image passed through the backbone", [1] * len(images), times)
    if not isinstance(calls, list) or not all(isinstance(size, int) and size <= given["chunk"] for size in calls):
        raise Mismatch("images per call of the backbone", f"at most {given['chunk']}", calls)
