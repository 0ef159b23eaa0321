"""The two common ways to resize images to the 299 x 299 pixels that Inception takes.

Both are linear along each axis, so they are computed as `rows @ image @ columns.T`. The choice
changes FID by more than many published improvements, so it is stated with every result.
"""

import functools

import numpy as np
from keras import ops

from ganzoo.errors import unknown

MODES = ("legacy", "clean")


def resize(images, mode: str = "legacy", size: int = 299):
    """Returns the resized images, float32 (N, size, size, C) in [0, 255], without rounding.

    The modes:

    - `"legacy"`, as in the original FID: bilinear as in TensorFlow 1, where output pixel i is
      sampled at i * source / size, so that images are shifted, and downsampling skips pixels.
    - `"clean"`, as in clean-FID: bicubic (a = -0.5) at pixel centers, with a kernel that widens
      when downsampling, as in Pillow on floats; then clipped to [0, 255].

    Args:
        images: uint8 or float32 (N, H, W, C) in [0, 255].
        mode: One of `MODES`.
        size: Height and width of the results, in pixels.

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
    """Returns the matrix (size, source) of the weights of each output pixel."""
    position = np.arange(size) * (source / size)
    low = np.floor(position).astype(int)
    rows, weight = np.arange(size), position - low
    matrix = np.zeros((size, source))
    matrix[rows, low] = 1 - weight
    matrix[rows, np.minimum(low + 1, source - 1)] += weight
    return matrix.astype(np.float32)


@functools.lru_cache(maxsize=16)
def _bicubic(source: int, size: int) -> np.ndarray:
    """Returns the matrix (size, source) of the weights of each output pixel."""
    if source == size:
        return np.eye(size, dtype=np.float32)
    scale = source / size
    stretch = max(scale, 1.0)
    center = (np.arange(size) + 0.5) * scale
    first = np.maximum(np.floor(center - 2 * stretch + 0.5), 0)  # pixel under the kernel
    last = np.minimum(np.floor(center + 2 * stretch + 0.5), source)
    pixel = np.arange(source)[None]
    matrix = _cubic((pixel + 0.5 - center[:, None]) / stretch)
    matrix *= (pixel >= first[:, None]) & (pixel < last[:, None])
    return (matrix / matrix.sum(1, keepdims=True)).astype(np.float32)


def _cubic(x: np.ndarray, a: float = -0.5) -> np.ndarray:
    """Returns Keys' cubic convolution kernel at the distances x."""
    x = np.abs(x)
    inner = ((a + 2) * x - (a + 3)) * x * x + 1
    outer = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, inner, np.where(x < 2, outer, 0.0))
