"""The state after loading and after one step, and the two lists, name by name."""

from __future__ import annotations

import torch

from study.exercises.contract import Case, Mismatch, Plain, expect_close, expect_equal, field

BUFFERS = ("norm.running_mean", "norm.running_var", "norm.num_batches_tracked")


def cases(generator: torch.Generator) -> list[Case]:
    """A checkpoint of the same network, changed as the name says."""

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    def state(inputs: int, width: int, classes: int) -> dict[str, torch.Tensor]:
        norm = {f"norm.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}
        shapes = {"first.weight": (width, inputs), "first.bias": (width,), **norm}
        shapes |= {"head.weight": (classes, width), "head.bias": (classes,)}
        tensors = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
        return tensors | {"norm.num_batches_tracked": torch.tensor(draw(1, 999))}

    def loading(name: str, more_classes: int = 0, **changes: tuple[int, ...] | None) -> Case:
        """`changes`: the shape that an entry of the checkpoint has instead; None leaves it out."""
        inputs, width, classes = draw(3, 4), draw(5, 6), draw(3, 4)
        own, checkpoint = state(inputs, width, classes), state(inputs, width, classes + more_classes)
        for key, shape in changes.items():
            entry = key.replace("__", ".")
            if shape is None:
                del checkpoint[entry]
            else:
                checkpoint[entry] = torch.randn(shape, generator=generator)
        return Case(
            name, {"sizes": [inputs, width, classes], "own": own, "checkpoint": checkpoint, "lr": draw(1, 5) / 10}
        )

    prefixed = loading("a checkpoint with a prefix before every name raises ValueError")
    prefixed.given["checkpoint"] = {f"module.{name}": t for name, t in prefixed.given["checkpoint"].items()}
    transposed = loading("as many elements in another shape do not fit")
    transposed.given["checkpoint"]["head.weight"] = transposed.given["checkpoint"]["head.weight"].T.contiguous()
    return [
        loading("a head for another number of classes is skipped", more_classes=draw(2, 9)),
        loading("running statistics are loaded as well"),
        loading("names that only one side has are listed", first__bias=None, pooler__weight=(draw(2, 4), 2)),
        loading("a shape that broadcasts does not fit", head__bias=(1,)),
        transposed,
        prefixed,
        loading("an optimiser built before trains the loaded weights"),
        loading("training leaves the checkpoint alone", more_classes=1),
    ]


def check(case: Case, got: Plain) -> None:
    """Mismatch at the first entry or list that is not as it should be."""
    own, checkpoint, raised = case.given["own"], case.given["checkpoint"], field(got, "raised")
    fitting = [name for name in own if name in checkpoint and checkpoint[name].shape == own[name].shape]
    if not fitting:
        if raised is None:
            raise Mismatch("a checkpoint in which nothing fits", "ValueError", "no error")
        return
    if raised is not None:
        raise Mismatch(f"a checkpoint in which {len(fitting)} entries fit", "two lists", raised)
    if field(got, "problem") is not None:
        raise Mismatch("what the function returns", "a tuple of two lists", got["problem"])
    for name, before in own.items():
        expected = checkpoint[name] if name in fitting else before
        shapes = f"{tuple(checkpoint[name].shape)} in the checkpoint" if name in checkpoint else "not in the checkpoint"
        what = f"{name} ({tuple(before.shape)} in the model, {shapes})"
        expect_close(f"{what} after loading", expected, field(field(got, "loaded"), name), rtol=0, atol=0)
        stepped = expected if name in BUFFERS else expected - case.given["lr"]
        got_stepped = field(field(got, "stepped"), name)
        expect_close(f"{what} after one step of the optimiser, gradients 1", stepped, got_stepped, atol=1e-5)
    for name, tensor in checkpoint.items():
        left = field(field(got, "checkpoint"), name)
        expect_close(f"{name} of the checkpoint after training", tensor, left, rtol=0, atol=0)
    skipped = sorted(name for name in checkpoint if name not in fitting)
    expect_equal("first list, names of the checkpoint that were not loaded", skipped, field(got, "skipped"))
    untouched = sorted(name for name in own if name not in fitting)
    expect_equal("second list, names of the model into which nothing was loaded", untouched, field(got, "untouched"))
