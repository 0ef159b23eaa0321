"""The two ways to bring an image to the 299 x 299 pixels that Inception sees.

Both are linear along each axis, so each is a matrix: `rows @ image @ columns.T`. Which one was used
moves FID by more than many published improvements: it is part of every result.
"""

import functools

import numpy as np
from keras import ops

from ganzoo.errors import unknown

MODES = ("legacy", "clean")


def resize(images, mode: str = "legacy", size: int = 299):
    """Returns float32 (N, size, size, C) in [0, 255], not rounded.

    legacy: bilinear as in TensorFlow 1: output pixel i is read at i * source / size, so that the
        picture is shifted, and shrinking skips pixels. It is that of the original FID.
    clean: bicubic (a = -0.5) whose kernel widens as the picture shrinks, at the pixels' centres, as
        in Pillow on floats; then clipped to [0, 255]. It is that of clean-FID.

    Args:
        images: uint8 or float32 (N, H, W, C) in [0, 255].
        mode: One of `MODES`.
        size: Pixels a side.

    Raises:
        InputError: If the mode is unknown.

    Reference: Heusel et al., 2017, arXiv:1706.08500 (its code); Parmar et al., 2022,
    arXiv:2104.11222.
    """
    if mode not in MODES:
        raise unknown("resize mode", mode, MODES)
    images = ops.cast(images, "float32")
    height, width = images.shape[1:3]
    if (height, width) == (size, size):
        return images
    matrix = _bilinear if mode == "legacy" else _bicubic
    planes = ops.transpose(images, (0, 3, 1, 2))
    planes = ops.matmul(planes, np.ascontiguousarray(matrix(width, size).T))
    planes = ops.matmul(matrix(height, size), planes)
    images = ops.transpose(planes, (0, 2, 3, 1))
    return ops.clip(images, 0.0, 255.0) if mode == "clean" else images


@functools.lru_cache(maxsize=16)
def _bilinear(source: int, size: int) -> np.ndarray:
    """Returns (size, source): each row the weights of the pixels that make up one."""
    place = np.arange(size) * (source / size)
    low = np.floor(place).astype(int)
    rows, weight = np.arange(size), place - low
    matrix = np.zeros((size, source))
    matrix[rows, low] = 1 - weight
    matrix[rows, np.minimum(low + 1, source - 1)] += weight
    return matrix.astype(np.float32)


@functools.lru_cache(maxsize=16)
def _bicubic(source: int, size: int) -> np.ndarray:
    """Returns (size, source): each row the weights of the pixels that make up one."""
    if source == size:
        return np.eye(size, dtype=np.float32)
    scale = source / size
    stretch = max(scale, 1.0)
    centre = (np.arange(size) + 0.5) * scale
    first = np.maximum(np.floor(centre - 2 * stretch + 0.5), 0)  # of the pixels within reach
    last = np.minimum(np.floor(centre + 2 * stretch + 0.5), source)
    pixel = np.arange(source)[None]
    matrix = _cubic((pixel + 0.5 - centre[:, None]) / stretch)
    matrix *= (pixel >= first[:, None]) & (pixel < last[:, None])
    return (matrix / matrix.sum(1, keepdims=True)).astype(np.float32)


def _cubic(x: np.ndarray, a: float = -0.5) -> np.ndarray:
    """Returns Keys' kernel at the distances x."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
