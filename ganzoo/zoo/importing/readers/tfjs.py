"""Models of TensorFlow.js: `model.json`, and files with the numbers of its weights."""

import json
import math
import re
from pathlib import Path

import numpy as np

from ganzoo.zoo.importing.readers.arrays import Array

_DTYPES = {"float32": "<f4", "int32": "<i4", "bool": "|b1"}
_PACKED = {"uint8": "<u1", "uint16": "<u2", "float16": "<f2"}


def read(path) -> dict[str, Array]:
    """Returns the weights of a `model.json`, those that are stored in 8 or 16 bits unpacked.

    Raises:
        ValueError: If a file of its weights is missing, too short, or outside of its folder.
    """
    path = Path(path)
    found: dict[str, Array] = {}
    for group in json.loads(path.read_text("utf-8"))["weightsManifest"]:
        shards = [_shard(path, name) for name in group["paths"]]
        sizes = [shard.stat().st_size for shard in shards]
        start = 0
        for weight in group["weights"]:
            if weight["dtype"] not in _DTYPES:
                continue  # text
            array, size = _weight(weight, shards, sizes, start)
            found[weight["name"]] = array
            start += size
        if start != sum(sizes):
            raise ValueError(f"its weights have {sum(sizes):,} bytes, not {start:,}")
    return found


def _shard(path: Path, name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name) or name.startswith("."):
        raise ValueError(f"it names a file outside of its folder, {name[:60]!r}")
    shard = path.parent / name
    if not shard.is_file():
        raise ValueError(f"{name} is missing beside it")
    return shard


def _weight(weight: dict, shards: list, sizes: list, start: int) -> tuple[Array, int]:
    name, shape, packing = weight["name"], weight["shape"], weight.get("quantization")
    if not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"{name} has an impossible shape")
    stored = _PACKED[packing["dtype"]] if packing else _DTYPES[weight["dtype"]]
    size = math.prod(shape) * np.dtype(stored).itemsize
    if start + size > sum(sizes):
        raise ValueError(f"{name} ends after the end of the weights")

    def numbers() -> np.ndarray:
        values = np.frombuffer(_bytes(shards, sizes, start, size), stored)
        if packing and "scale" in packing:
            values = values * np.float32(packing["scale"]) + np.float32(packing["min"])
        return values.astype(_DTYPES[weight["dtype"]])

    return Array(shape, _DTYPES[weight["dtype"]], numbers), size


def _bytes(shards: list, sizes: list, start: int, size: int) -> bytes:
    """Returns bytes of the files as if they were one."""
    pieces = []
    for shard, length in zip(shards, sizes, strict=True):
        if size and start < length:
            with open(shard, "rb") as file:
                file.seek(start)
                pieces.append(file.read(min(size, length - start)))
            size -= len(pieces[-1])
            start = length
        start -= length
    return b"".join(pieces)
