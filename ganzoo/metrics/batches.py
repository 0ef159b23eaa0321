"""Reads images from any source as uint8 batches (n, H, W, C), one batch at a time."""

import itertools
import os
from collections.abc import Iterator

import numpy as np

from ganzoo.engine import pixels
from ganzoo.errors import InputError, check_whole

_EXPECTED = f"{pixels.EXPECTED}, a dataset or iterable of batches of them, or a folder"


def batches(images, batch_size: int = 32, num: int | None = None) -> Iterator[np.ndarray]:
    """Yields uint8 arrays of at most `batch_size` images.

    Values that are no uint8 are rounded to the nearest of 256 levels, as when they are saved as
    PNG: published metrics are computed from such images. The images of a folder keep their sizes:
    a batch ends where the size changes.

    Args:
        images: Images (N, H, W, C) whose range of values `ValueRange` understands: uint8, floats in
            [-1, 1] or the full range of uint16; a `tf.data.Dataset`, generator or other
            iterable of such batches, of dicts with such a batch as `real`, or of tuples whose first
            element is one; or the path of a folder of images, or of a `.npz`.
        batch_size: Maximum size of a batch; larger batches are split.
        num: Number of images to read; required for infinite datasets.

    Raises:
        InputError: If `images` is of another type or range of values, or has fewer than `num`
            images, or none.
    """
    check_whole("batch_size", batch_size, 1)
    if num is not None:
        check_whole("num", num, 1)
    remaining, values = num, pixels.ValueRange()
    for batch in _opened(images, batch_size, num):
        batch = values.to_uint8(pixels.of_batch(batch))
        batch = batch if remaining is None else batch[:remaining]
        for start in range(0, len(batch), batch_size):
            yield batch[start : start + batch_size]
        if remaining is not None:
            remaining -= len(batch)
            if not remaining:
                break
    values.check()
    if remaining:
        raise InputError(f"expected {num} images, got {num - remaining}.")


def count(images) -> int | None:
    """Returns the number of images, or None if it is not known beforehand."""
    return len(images) if isinstance(images, np.ndarray) else None


def _opened(images, batch_size, num):
    if isinstance(images, str | os.PathLike):
        return _stored(os.fspath(images), batch_size)
    if isinstance(images, np.ndarray):
        if not len(images):
            raise InputError(f"{_EXPECTED}, got none.")
        size = max(batch_size, 1)
        return (images[start : start + size] for start in range(0, len(images), size))
    if num is None and callable(getattr(images, "cardinality", None)):
        if int(images.cardinality()) == -1:  # tf.data.INFINITE_CARDINALITY
            raise InputError("the dataset is infinite: set the number of images to use, num=10000.")
    try:
        return iter(images)
    except TypeError:
        raise InputError(f"{_EXPECTED}; got {type(images).__name__}.") from None


def _stored(path: str, batch_size: int):
    from ganzoo import data  # which imports TensorFlow
    from ganzoo.data import folder, layout

    location = os.path.expanduser(path.removeprefix("folder:").removeprefix("npz:"))
    if not os.path.exists(location):
        raise InputError(
            f"no folder {path!r}. For a data set, pass ganzoo.data.load({path!r}, split=..., "
            f"drop_remainder=False)."
        )
    if not os.path.isdir(location):
        name = f"npz:{location}"
        return data.load(name, "train", batch_size, shuffle=False, drop_remainder=False)
    if splits := layout.layout(location).splits:
        example = next(iter(splits.values()))[0]
        raise InputError(f"{path} has splits: pass one of them, such as {example}.")
    return _of_one_size(folder.pictures(location), batch_size)


def _of_one_size(pictures: Iterator[np.ndarray], batch_size: int) -> Iterator[np.ndarray]:
    """Yields batches of neighboring images of the same size."""
    for _, group in itertools.groupby(pictures, np.shape):
        while batch := list(itertools.islice(group, batch_size)):
            yield np.stack(batch)
