"""Families of pretrained starts: small checkpoints that a lab ships, and what rebuilds them.

A lab takes part by defining `family() -> Family` in `demos/<name>/pretrained.py`. `python -m demos pretrain NAME`
rebuilds `demos/weights/<name>/`: a safetensors file in half precision per member, and a manifest. The letters that most
labs start from are older and have their own module, `demos.pretrain`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save

WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True, kw_only=True)
class Family:
    """What a lab ships. `build(member)` trains a member and returns its state dict, everything drawn from the member's
    name; `measure(member, weights)` gives figures for the manifest (accuracies in per cent, say), from the weights as
    stored, in float32."""

    name: str
    what: str
    settings: Mapping[str, Any]
    members: Sequence[str]
    build: Callable[[str], Mapping[str, torch.Tensor]]
    measure: Callable[[str, Mapping[str, torch.Tensor]], Mapping[str, float]]


@cache
def weights(family: str, member: str) -> Mapping[str, torch.Tensor]:
    """A shipped member as float32 tensors, by parameter name. Shared: load it, do not change it in place."""
    return {name: tensor.float() for name, tensor in load_file(WEIGHTS / family / f"{member}.safetensors").items()}


def manifest(family: str) -> dict[str, Any]:
    """What was measured of the family when it was made."""
    return dict(json.loads((WEIGHTS / family / "manifest.json").read_text(encoding="utf-8")))


def families() -> list[str]:
    """Labs that ship starts of their own."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/pretrained.py"))


def find(name: str) -> Family:
    """The family of a lab in `families()`."""
    found: Family = importlib.import_module(f"demos.{name}.pretrained").family()
    return found


def rebuild(family: Family, folder: Path, members: Sequence[str] | None = None) -> None:
    """Build members (all if None), write their files and the manifest; a line on stderr for each."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [_member(family, member, folder) for member in (family.members if members is None else members)]
    text = {
        "what": family.what,
        "command": f"python -m demos pretrain {family.name}",
        "settings": dict(family.settings),
        "threads": 1,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "machine": f"{platform.system()} {platform.machine()}, {torch.backends.cpu.get_cpu_capability()}",
        "files": entries,
    }
    (folder / "manifest.json").write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


def _member(family: Family, member: str, folder: Path) -> dict[str, Any]:
    started = time.perf_counter()
    built = family.build(member)
    seconds = time.perf_counter() - started
    stored = {
        name: (tensor.detach().half() if tensor.is_floating_point() else tensor.detach()).contiguous()
        for name, tensor in built.items()
    }
    content = save(stored)
    (folder / f"{member}.safetensors").write_bytes(content)
    measured = family.measure(member, {name: tensor.float() for name, tensor in stored.items()})
    print(f"{family.name}/{member}: {dict(measured)}, {seconds:.1f} s", file=sys.stderr)
    return {
        "file": f"{member}.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        **{name: round(value, 2) for name, value in measured.items()},
        "seconds": round(seconds, 1),
    }
