"""Whatever holds images, as uint8 batches (n, H, W, C), without holding more than one."""

import os
from collections.abc import Iterator, Mapping

import numpy as np
from keras import ops

from ganzoo.errors import InputError, check_whole

_EXPECTED = (
    "expected uint8 images (N, H, W, C), a dataset or iterable of batches of them, or a folder"
)


def batches(images, batch_size: int = 32, num: int | None = None) -> Iterator[np.ndarray]:
    """Yields uint8 arrays of at most `batch_size` images.

    Floats in [-1, 1] are rounded to the nearest of 256 levels, as saving them as PNG does:
    published figures are of such images.

    Args:
        images: uint8, or float in [-1, 1], (N, H, W, C); a `tf.data.Dataset`, generator or other
            iterable of such batches, or of dicts with such a batch as `real`, or of tuples that
            begin with one; or the path of a folder of images, or of a `.npz`.
        batch_size: The most that is yielded at once; larger batches are cut.
        num: Stop after so many; an endless dataset needs it.

    Raises:
        InputError: If it is something else, or there are fewer than `num` images, or none.
    """
    check_whole("batch_size", batch_size, 1)
    if num is not None:
        check_whole("num", num, 1)
    left = num
    for batch in _opened(images, batch_size, num):
        batch = to_uint8(batch)
        batch = batch if left is None else batch[:left]
        for start in range(0, len(batch), batch_size):
            yield batch[start : start + batch_size]
        if left is not None:
            left -= len(batch)
            if not left:
                return
    if left:
        raise InputError(f"expected {num} images, got {num - left}.")


def count(images) -> int | None:
    """Returns how many images there are, or None if that is not known beforehand."""
    return len(images) if isinstance(images, np.ndarray) else None


def to_uint8(batch) -> np.ndarray:
    """Returns uint8 (N, H, W, C) of a batch.

    Raises:
        InputError: If it is no batch of images, or has floats outside [-1, 1].
    """
    if isinstance(batch, Mapping):
        if "real" not in batch:
            raise InputError(f"expected a batch with the key 'real', got {sorted(batch)}.")
        batch = batch["real"]
    elif isinstance(batch, tuple | list) and len(batch) and np.ndim(batch[0]) == 4:
        batch = batch[0]
    if not isinstance(batch, np.ndarray | list):
        batch = ops.convert_to_numpy(batch)  # a tensor
    batch = np.asarray(batch)
    if batch.ndim != 4 or batch.shape[-1] not in (1, 3) or batch.dtype.kind in "bOSU":
        raise InputError(f"{_EXPECTED}, with C = 1 or 3; got {batch.dtype} {batch.shape}.")
    if batch.dtype == np.uint8:
        return batch
    low, high = (batch.min(), batch.max()) if batch.size else (0, 0)
    if np.issubdtype(batch.dtype, np.integer):
        if low < 0 or high > 255:
            raise InputError(f"expected whole numbers in [0, 255], got {low} to {high}.")
        return batch.astype(np.uint8)
    if not (low >= -1.01 and high <= 1.01):  # also if they are NaN
        raise InputError(
            f"expected floats in [-1, 1] or uint8, got {batch.dtype} from {low:g} to {high:g}."
        )
    return np.rint((np.clip(batch.astype(np.float32), -1, 1) + 1) * 127.5).astype(np.uint8)


def _opened(images, batch_size, num):
    if isinstance(images, str | os.PathLike):
        return _stored(os.fspath(images), batch_size)
    if isinstance(images, np.ndarray):
        if not len(images):
            raise InputError(f"{_EXPECTED}, got none.")
        most = max(batch_size, 1)
        return (images[start : start + most] for start in range(0, len(images), most))
    if num is None and callable(getattr(images, "cardinality", None)):
        if int(images.cardinality()) == -1:  # tf.data.INFINITE_CARDINALITY
            raise InputError("the dataset is endless: say how many images to use, num=10000.")
    try:
        return iter(images)
    except TypeError:
        raise InputError(f"{_EXPECTED}; got {type(images).__name__}.") from None


def _stored(path: str, batch_size: int):
    from ganzoo import data  # which imports TensorFlow

    place = os.path.expanduser(path.removeprefix("folder:").removeprefix("npz:"))
    if not os.path.exists(place):
        raise InputError(
            f"no folder {path!r}. For a data set give ganzoo.data.load({path!r}, split=..., "
            f"drop_remainder=False)."
        )
    if not os.path.isdir(place):
        name = f"npz:{place}"
    elif splits := [s for s in ("train", "test") if os.path.isdir(os.path.join(place, s))]:
        raise InputError(f"{path} has splits: give {os.path.join(place, splits[0])} itself.")
    else:
        name = f"folder:{place}"
    return data.load(name, "train", batch_size, shuffle=False, drop_remainder=False)
