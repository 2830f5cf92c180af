"""The code that the dials describe, as a learner would write it. A test runs it and compares what moved."""

from __future__ import annotations

from demos.freezing.lab import CLASSES, HEADS, Config

OPTIMISERS = {"sgd": "torch.optim.SGD({}, lr=0.01, momentum=0.9)", "adamw": "torch.optim.AdamW({}, lr=0.001)"}
TRAINABLE = "[p for p in model.parameters() if p.requires_grad]"


def code(config: Config) -> str:
    """Python that needs `torch`, `torchvision`, `nn`, and two iterables of (images, labels): `batches`, `earlier`."""
    freeze = [f"frozen = list(model.children())[:{config.children}]", "for child in frozen:"]
    freeze.append("    child.requires_grad_(False)")
    if config.frozen_eval == "once":
        freeze.append("    child.eval()")
    head = [f"{_place(config)} = nn.Linear({_place(config)}.in_features, {CLASSES})"]
    first = head if config.head == "before" else []
    last = head if config.head == "after" else []
    early = [f"optimizer = {OPTIMISERS[config.optimiser].format('model.parameters()')}"]
    late = [f"optimizer = {OPTIMISERS[config.optimiser].format(TRAINABLE)}"]
    middle = {
        "after": [*freeze, *last, *late],
        "before": [*early, *freeze, *last],
        "mid_training": [*early, "frozen = []", "train(earlier)", "", *freeze, *last],
    }[config.optimiser_built]
    return "\n".join([_model(config), *first, "", *_train(config), "", *middle, "train(batches)"]) + "\n"


def _model(config: Config) -> str:
    if config.architecture == "vit_b_16":
        return "model = torchvision.models.vit_b_16(image_size=64)  # in practice with pretrained weights, at 224"
    return f"model = torchvision.models.{config.architecture}()  # in practice with pretrained weights"


def _place(config: Config) -> str:
    """The head as Python: `model.classifier[6]`."""
    first, *rest = HEADS[config.architecture].split(".")
    return f"model.{first}" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in rest)


def _train(config: Config) -> list[str]:
    lines = ["def train(batches):", "    for images, labels in batches:", f"        model.{config.mode}()"]
    if config.frozen_eval == "each_step":
        undone = "  # train() has just undone it" if config.mode == "train" else ""
        lines += ["        for child in frozen:", f"            child.eval(){undone}"]
    clear = "zero_grad()" if config.zero_grad == "none" else "zero_grad(set_to_none=False)"
    return [
        *lines,
        f"        optimizer.{clear}",
        "        nn.functional.cross_entropy(model(images), labels).backward()",
        "        optimizer.step()",
    ]
