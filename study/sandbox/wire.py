"""Plain data as JSON lines, the only thing that crosses the sandbox's fence. No pickle: decoding runs no code.

Used on both sides. Plain data are None, bool, int, float, str, tensors, and lists and dicts (with text keys) of those.
A tensor travels as `{"__tensor__": {"dtype", "shape", "data"}}`, its bytes in base64, little endian. What is decoded
has exactly these types, whatever sent it: a subclass with its own `__eq__` arrives as the plain value.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

Plain = Any

MOST_BYTES = 8 * 1024 * 1024
MOST_PARTS = 200_000
MOST_DEPTH = 32
MOST_ELEMENTS = 4_000_000
_MARK = "__tensor__"
_DTYPES: dict[str, np.dtype[Any]] = {
    "bool": np.dtype("u1"),
    "uint8": np.dtype("u1"),
    "int8": np.dtype("i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype("<i2"),  # numpy has none; its bits travel as integers
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}


class WireError(ValueError):
    """This cannot be sent, or what came is not what this module sends."""


def encode(message: Plain) -> bytes:
    """`message` as a line. `WireError` if it is not plain, too deep, or larger than `MOST_BYTES`."""
    line = json.dumps(_plain(message, MOST_DEPTH)).encode() + b"\n"
    _check_size(line)
    return line


def decode(line: bytes) -> Plain:
    """What `encode` made a line of. `WireError` for anything else, however it was meant."""
    _check_size(line)
    try:
        data = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not a line of JSON: {type(error).__name__}") from error
    return _restored(data, MOST_DEPTH)


def _check_size(line: bytes) -> None:
    """Before parsing spends a hundred times as much memory on it."""
    if len(line) > MOST_BYTES:
        raise WireError(f"it takes more than the {MOST_BYTES // 2**20} MB that can be sent at once")
    if sum(line.count(mark) for mark in (b",", b"[", b"{")) > MOST_PARTS:
        raise WireError(f"it has more than the {MOST_PARTS} parts that can be sent at once")


def _plain(value: Plain, depth: int) -> Plain:
    if depth < 0:
        raise WireError(f"nested more than {MOST_DEPTH} deep")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return _bounded(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, list | tuple):
        return [_plain(part, depth - 1) for part in value]
    if isinstance(value, dict):
        return {_key(key): _plain(part, depth - 1) for key, part in value.items()}
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return {_MARK: _tensor_out(value)}
    raise WireError(f"a {type(value).__name__} is neither a number, a text, a tensor, nor a list or dict of those")


def _key(key: object) -> str:
    if not isinstance(key, str) or key == _MARK:
        raise WireError(f"the keys of a dict have to be texts, and {key!r:.50} is not one that can be sent")
    return key


def _bounded(number: int) -> int:
    if abs(number) >= 2**63:
        raise WireError("an integer of more than 64 bits")
    return number


def _tensor_out(value: torch.Tensor) -> dict[str, Plain]:
    import torch

    name = str(value.dtype).removeprefix("torch.")
    if name not in _DTYPES:
        raise WireError(f"a tensor of type {name} cannot be sent; convert it to float32 or int64")
    if value.numel() > MOST_ELEMENTS:
        raise WireError(f"a tensor of {value.numel()} numbers; at most {MOST_ELEMENTS} can be sent")
    try:
        flat = value.detach().cpu().to_dense().contiguous()
        array = (flat.view(torch.int16) if name == "bfloat16" else flat).numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise WireError(f"a tensor that holds no ordinary numbers: {error}") from error
    data = array.astype(_DTYPES[name], copy=False).tobytes()
    return {"dtype": name, "shape": list(value.shape), "data": base64.b64encode(data).decode()}


def _restored(value: Plain, depth: int) -> Plain:
    if depth < 0:
        raise WireError(f"nested more than {MOST_DEPTH} deep")
    if isinstance(value, list):
        return [_restored(part, depth - 1) for part in value]
    if isinstance(value, dict):
        if _MARK in value:
            return _tensor_in(value)
        return {key: _restored(part, depth - 1) for key, part in value.items()}
    return _bounded(value) if isinstance(value, int) else value


def _tensor_in(value: dict[str, Plain]) -> torch.Tensor:
    import torch

    tensor = value[_MARK]
    if len(value) != 1 or not isinstance(tensor, dict) or set(tensor) != {"dtype", "shape", "data"}:
        raise WireError("a tensor without its type, shape and data")
    name, shape = tensor["dtype"], tensor["shape"]
    if not isinstance(name, str) or name not in _DTYPES:
        raise WireError("a tensor of an unknown type")
    array = np.frombuffer(_bytes(tensor["data"]), _DTYPES[name]) if _fits(name, shape, tensor["data"]) else None
    if array is None:
        raise WireError("a tensor whose shape and data do not fit")
    native = array.astype(_DTYPES[name].newbyteorder("="))  # a copy: frombuffer's memory is read-only
    restored = torch.from_numpy(native).reshape(shape)
    if name == "bool":
        return restored != 0
    return restored.view(torch.bfloat16) if name == "bfloat16" else restored


def _fits(name: str, shape: Plain, data: Plain) -> bool:
    """Whether `shape` is a list of at most 16 sizes whose product is the number of values in `data`."""
    if not isinstance(shape, list) or len(shape) > 16:
        return False
    elements, bound = 1, 1
    for size in shape:
        if type(size) is not int or not 0 <= size <= MOST_ELEMENTS:
            return False
        elements, bound = elements * size, bound * max(size, 1)
    return bound <= MOST_ELEMENTS and len(_bytes(data)) == elements * _DTYPES[name].itemsize


def _bytes(data: Plain) -> bytes:
    if not isinstance(data, str):
        raise WireError("a tensor whose data is no text")
    try:
        return base64.b64decode(data, validate=True)
    except ValueError as error:
        raise WireError("a tensor whose data is not base64") from error
