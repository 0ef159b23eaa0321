"""The conversion between pixels, uint8 images in 0..255, and what networks see, [-1, 1]."""

from collections.abc import Mapping

import numpy as np
from keras import ops

from ganzoo.errors import InputError

EXPECTED = "expected uint8 images (N, H, W, C)"


def to_float(images):
    """Returns images in 0..255, of any type, as float32 in [-1, 1]."""
    return ops.cast(images, "float32") / 127.5 - 1.0


def to_uint8(images):
    """Returns images in [-1, 1] as uint8, rounded to the nearest level; values outside are clipped.

    Only a batch of images (N, H, W, C) is converted: points and tokens come back as float32.
    """
    images = ops.cast(images, "float32")
    if images.ndim != 4:
        return images
    return ops.cast(ops.clip(ops.round(images * 127.5 + 127.5), 0, 255), "uint8")


def as_images(batch) -> np.ndarray:
    """Returns a batch of images as a uint8 array (N, H, W, C).

    Args:
        batch: Whole numbers in 0..255 or floats in [-1, 1], (N, H, W, C), as an array, a tensor or
            nested lists; or a dict with such images under the key `real`; or a tuple that starts
            with them.

    Raises:
        InputError: If it is not a batch of grayscale or RGB images, or its values are outside these
            ranges.
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
        raise InputError(f"{EXPECTED}, with C = 1 or 3; got {batch.dtype} {batch.shape}.")
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
    return ops.convert_to_numpy(to_uint8(batch))
