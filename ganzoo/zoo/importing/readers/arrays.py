"""Named arrays of a file: their shape and type are known, their numbers are read when asked for."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# The names of number types in the files; bfloat16 is the upper half of float32.
DTYPES = {
    "Float": "<f4", "Double": "<f8", "Half": "<f2", "BFloat16": "bfloat16", "Long": "<i8",
    "Int": "<i4", "Short": "<i2", "Char": "<i1", "Byte": "<u1", "Bool": "|b1",
}  # fmt: skip


def width(dtype: str) -> int:
    """Returns the bytes of one number of a type in `DTYPES`."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def decoded(data, dtype: str) -> np.ndarray:
    """Returns numbers of a type in `DTYPES` as a flat array; bfloat16 as float32."""
    if dtype == "bfloat16":
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    return np.frombuffer(data, dtype)


class Array:
    """An array in a file.

    Args:
        shape: Its shape.
        dtype: Its type, as numpy or `DTYPES` name it.
        read: Function that returns its numbers.
    """

    def __init__(self, shape, dtype: str, read: Callable[[], np.ndarray]):
        self.shape, self.dtype, self.read = tuple(shape), str(dtype), read

    def numpy(self) -> np.ndarray:
        """Returns the numbers in this shape."""
        return np.asarray(self.read()).reshape(self.shape)

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


class Storage(NamedTuple):
    """The numbers that one or several tensors of a torch file are views of."""

    dtype: str  # one of the values of `DTYPES`
    count: int
    read: Callable[[], bytes]


def view(storage: Storage, offset: int, shape: tuple, strides: tuple) -> Array:
    """Returns a view of a storage.

    Raises:
        ValueError: If it reaches outside of the storage, or has more numbers than that.
    """
    whole = [offset, *shape, *strides]
    if len(shape) != len(strides) or not all(type(n) is int and n >= 0 for n in whole):
        raise ValueError("it has a tensor of an impossible shape")
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    size = math.prod(shape)
    if size and (last >= storage.count or size > storage.count):
        raise ValueError(
            f"it has a tensor of shape {list(shape)} in a storage of {storage.count} numbers"
        )

    def read() -> np.ndarray:
        flat = decoded(storage.read(), storage.dtype)
        if len(flat) != storage.count:
            raise ValueError(f"it has a storage of {len(flat)} numbers, not {storage.count}")
        steps = [step * flat.itemsize for step in strides]
        return np.lib.stride_tricks.as_strided(flat[offset:], shape, steps, writeable=False)

    return Array(shape, storage.dtype, read)
