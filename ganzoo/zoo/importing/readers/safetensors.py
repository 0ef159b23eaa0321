"""safetensors: a length, a JSON header that names the tensors, and their numbers."""

import json
import math
import re
from pathlib import Path

from ganzoo.zoo.importing.readers.arrays import Array, decoded, width

LONGEST = 100_000_000  # bytes of the header, as the format's authors have it
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "bfloat16", "I64": "<i8", "I32": "<i4",
    "I16": "<i2", "I8": "<i1", "U8": "<u1", "BOOL": "|b1",
}  # fmt: skip


def read(path) -> dict[str, Array]:
    """Returns the tensors of a file.

    Raises:
        ValueError: If the header is damaged, or names numbers that the file does not have.
    """
    size = Path(path).stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(LONGEST, size - 8):
            raise ValueError(f"its header of {length} bytes is longer than the file")
        header = json.loads(file.read(length))
    start = 8 + length

    def one(name: str, fact: dict) -> Array:
        dtype, shape, (low, high) = _DTYPES.get(fact["dtype"]), fact["shape"], fact["data_offsets"]
        if dtype is None:
            raise ValueError(f"{name} has an unknown type {fact['dtype']!r}")
        if not all(type(n) is int and n >= 0 for n in (*shape, low, high)):
            raise ValueError(f"{name} has an impossible shape")
        if high - low != math.prod(shape) * width(dtype) or start + high > size:
            raise ValueError(f"{name} of shape {shape} does not fit its {high - low} bytes")

        def numbers():
            with open(path, "rb") as file:
                file.seek(start + low)
                return decoded(file.read(high - low), dtype)

        return Array(shape, dtype, numbers)

    return {name: one(name, fact) for name, fact in header.items() if name != "__metadata__"}


def fits(start: bytes, size: int) -> bool:
    """Returns whether a file of this size that starts with these bytes may be one."""
    length = int.from_bytes(start[:8], "little")
    return 2 <= length <= size - 8 and re.match(rb"\s*\{", start[8:]) is not None
