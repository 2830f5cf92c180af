"""Steps, epochs and passes: torch's own loaders and samplers are asked, and forward passes are counted."""

from __future__ import annotations

import random

import torch
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

from study.computed.building import ONE_PERCENT, code, show
from study.computed.registry import Draft, generator
from study.drawn import count_answer, number_answer

IMAGENET = 1_281_167
"""Training images of ImageNet-1k (Russakovsky 2015)."""


@generator
def fold_steps(rng: random.Random) -> Draft:
    folds, epochs = rng.choice([3, 4, 5, 10]), rng.choice([5, 10, 15, 20, 30])
    images, batch, drop = folds * rng.randint(12, 90), rng.choice([8, 16, 32]), rng.choice([True, False])
    training = images * (folds - 1) // folds
    loader: DataLoader[int] = DataLoader(range(training), batch_size=batch, drop_last=drop)  # type: ignore[arg-type]
    per_epoch = len(loader)
    steps = sum(len(loader) for _ in range(folds * epochs))
    other = training // batch if not drop else -(-training // batch)
    slips = {
        f"With `drop_last={drop}` the incomplete last batch is {'skipped' if drop else 'a step too'}.": folds
        * epochs
        * other,
        "That is one fold.": steps // folds,
        "That is one epoch of each fold.": steps // epochs,
        "That trains on all images; each fold holds a part back.": folds
        * epochs
        * (images // batch if drop else -(-images // batch)),
    }
    loop = f"""
for train_set, held_out in folds:  # {folds} folds
    head, optimizer = fresh()
    loader = DataLoader(train_set, batch_size={batch}, shuffle=True, drop_last={drop})
    for epoch in range({epochs}):
        for features, labels in loader:
            training_step(head, optimizer, features, labels)
"""
    return Draft(
        f"A probe is judged by {folds}-fold cross-validation on {show(images)} images:\n\n{code(loop)}\n\n"
        "How often is `training_step` called in all?",
        count_answer(steps, "steps", slips),
        [
            f"Each fold trains on {show(images)} × {folds - 1} / {folds} = {show(training)} images.",
            f"Batches per epoch: {show(training)} / {batch} = {show(training / batch)}, rounded "
            f"{'down' if drop else 'up'}: {per_epoch}.",
            f"{per_epoch} × {epochs} epochs × {folds} folds = {show(steps)} steps",
        ],
        {"folds": folds, "epochs": epochs, "images": images, "batch": batch, "drop": drop},
    )


@generator
def pretraining_epochs(rng: random.Random) -> Draft:
    batch, steps = rng.choice([256, 512, 1024, 2048, 4096]), 1000 * rng.randint(20, 600)
    per_epoch = len(BatchSampler(SequentialSampler(range(IMAGENET)), batch, drop_last=True))
    epochs = steps / per_epoch
    slips = {
        "That is upside down: steps divided by steps per epoch.": per_epoch / steps,
        "That forgets that a step sees a whole batch.": steps / IMAGENET,
    }
    return Draft(
        f"The card of a checkpoint says: trained on ImageNet-1k ({show(IMAGENET)} images), {show(steps)} steps at "
        f"batch size {show(batch)}, incomplete batches dropped.\n\nHow many epochs is that?",
        number_answer(epochs, ONE_PERCENT, "epochs", slips),
        [
            f"Steps per epoch: {show(IMAGENET)} / {show(batch)}, rounded down: {show(per_epoch)}.",
            f"{show(steps)} / {show(per_epoch)} = {show(epochs)} epochs",
        ],
        {"batch": batch, "steps": steps},
    )


@generator
def backbone_passes_saved(rng: random.Random) -> Draft:
    images, epochs, views = rng.randint(10, 120) * 10, rng.choice([20, 30, 40, 50]), rng.choice([1, 2, 3, 5])
    backbone, seen = nn.Identity(), [0]

    def add(_: nn.Module, inputs: tuple[torch.Tensor]) -> None:
        seen[0] += len(inputs[0])

    backbone.register_forward_pre_hook(add)
    totals = []
    for rounds in (epochs, views):
        seen[0] = 0
        for _ in range(rounds):
            for batch in torch.arange(images).split(64):
                backbone(batch)
        totals.append(seen[0])
    saved = totals[0] - totals[1]
    slips = {
        "That is what passes without a cache; filling it takes passes too.": totals[0],
        "That is what still passes, once per view, to fill the cache.": totals[1],
        f"That fills the cache with one view per image; {views} are stored.": images * (epochs - 1),
    }
    return Draft(
        f"A probe on a frozen backbone trains for {epochs} epochs on {show(images)} images. Without a cache every "
        f"image passes through the backbone once per epoch. With a cache, {views} augmented "
        f"view{'s' if views > 1 else ''} of each image pass{'' if views > 1 else 'es'} once before training, and the "
        "head trains on the stored features.\n\nHow many forward passes of single images through the backbone does "
        "the cache save?",
        count_answer(saved, "passes", slips),
        [
            f"Without: {show(images)} × {epochs} = {show(totals[0])}.",
            f"With: {show(images)} × {views} = {show(totals[1])}.",
            f"{show(totals[0])} - {show(totals[1])} = {show(saved)} passes",
        ],
        {"images": images, "epochs": epochs, "views": views},
    )
