"""What crosses the fence: plain data comes back as it was; anything else is refused without running code."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import Any

import pytest
import torch

from study.sandbox import wire
from study.sandbox.wire import WireError, decode, encode

PLAIN = [
    None,
    True,
    0,
    -(2**63) + 1,
    1.5,
    "text with \n and ü and \ud800",
    [],
    {},
    [1, [2.0, ["three", None]]],
    {"a": {"b": [False]}, "": 1},
]
DTYPES = [
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_data_come_back_with_their_types(value: Any) -> None:
    line = encode(value)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == value
    assert type(decode(line)) is type(value)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)])
@pytest.mark.parametrize("seed", [0, 1])
def test_tensors_come_back_bit_for_bit(dtype: torch.dtype, shape: tuple[int, ...], seed: int) -> None:
    tensor = (torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 50).to(dtype)
    back = decode(encode({"t": [tensor]}))["t"][0]
    assert back.dtype == dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)
    back += 1  # its memory is its own and may be written


def test_masks_views_and_parameters_come_back_as_plain_tensors() -> None:
    mask = torch.tensor([[True, False], [False, False]])
    assert torch.equal(decode(encode(mask)), mask)
    assert decode(encode(mask)).dtype == torch.bool
    turned = torch.arange(6.0).reshape(2, 3).T
    assert torch.equal(decode(encode(turned)), turned)
    parameter = decode(encode(torch.nn.Parameter(torch.ones(2))))
    assert type(parameter) is torch.Tensor
    assert not parameter.requires_grad


def test_numbers_that_are_none_stay_so() -> None:
    back = decode(encode([math.nan, math.inf, torch.tensor([math.nan, -math.inf])]))
    assert math.isnan(back[0])
    assert back[1] == math.inf
    assert math.isnan(back[2][0])
    assert back[2][1] == -math.inf


def test_subclasses_arrive_as_what_they_are_made_of() -> None:
    class Always(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]  # Python's own way to say so

    back = decode(encode(Always(1.0)))
    assert type(back) is float
    assert back == 1.0
    assert back != 2.0
    assert decode(encode((1, 2))) == [1, 2]


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"bytes",
        {1: 2},
        {"__tensor__": 1},
        2**63,
        1j,
        torch.tensor([1j]),
        torch.empty(2, device="meta"),
        torch.zeros(wire.MOST_ELEMENTS + 1, dtype=torch.uint8),
        [0] * (wire.MOST_PARTS + 1),
        "x" * wire.MOST_BYTES,
        print,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_is_not_sent(value: Any) -> None:
    with pytest.raises(WireError):
        encode(value)


def test_depth_is_limited_on_both_sides() -> None:
    fits: list[Any] = []
    for _ in range(wire.MOST_DEPTH):
        fits = [fits]
    assert decode(encode(fits)) == fits
    with pytest.raises(WireError, match="deep"):
        encode([fits])
    with pytest.raises(WireError, match="deep"):
        decode(json.dumps([fits]).encode())
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(WireError, match="deep"):
        encode(endless)


def tensor_line(dtype: Any = "float32", shape: Any = (2,), data: Any = None, **more: Any) -> bytes:
    data = base64.b64encode(struct.pack("<2f", 1, 2)).decode() if data is None else data
    return json.dumps({"__tensor__": {"dtype": dtype, "shape": shape, "data": data, **more}}).encode()


def test_a_tensor_by_hand_is_read() -> None:
    assert torch.equal(decode(tensor_line()), torch.tensor([1.0, 2.0]))


HOSTILE = {
    "no JSON": b"passed",
    "nothing": b"",
    "no UTF-8": b'"\xff"',
    "two values": b"1 2",
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix.",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep, unclosed": b"[" * 150_000,
    "many parts": b"[" + b"1," * 300_000 + b"1]",
    "long": b'"' + b"x" * wire.MOST_BYTES + b'"',
    "a huge integer": b"1" * 4000,
    "an integer too long to read": b"1" * 100_000,
    "tensor of objects": tensor_line(dtype="object"),
    "tensor of a dtype that is a list": tensor_line(dtype=["float32"]),
    "tensor of another shape": tensor_line(shape=[3]),
    "tensor of negative shape": tensor_line(shape=[-1]),
    "tensor of overflowing shape": tensor_line(shape=[2**40, 0, 2**40]),
    "tensor with a shape of floats": tensor_line(shape=[2.0]),
    "tensor with a shape of booleans": tensor_line(shape=[True, 2]),
    "tensor with a shape that is a text": tensor_line(shape="2"),
    "tensor of 17 dimensions": tensor_line(shape=[1] * 16 + [2]),
    "tensor without base64": tensor_line(data="?"),
    "tensor whose data are a list": tensor_line(data=[1]),
    "tensor with more": tensor_line(code="import os"),
    "tensor beside others": b'{"__tensor__": {}, "a": 1}',
    "tensor that is a number": b'{"__tensor__": 1}',
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_lines_are_refused(line: bytes) -> None:
    with pytest.raises(WireError):
        decode(line)
