"""Whatever holds images, as uint8 batches (n, H, W, C), without holding more than one."""

import os
from collections.abc import Iterator

import numpy as np

from ganzoo.engine import pixels
from ganzoo.errors import InputError, check_whole

_EXPECTED = f"{pixels.EXPECTED}, a dataset or iterable of batches of them, or a folder"


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
        batch = pixels.as_images(batch)
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
