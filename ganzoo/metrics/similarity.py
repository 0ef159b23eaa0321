"""Similarity of the two images of a pair: L1 and SSIM."""

import numpy as np

from ganzoo.engine import pixels
from ganzoo.errors import InputError

WINDOW = 11  # side of SSIM's window in pixels
_CHUNK = 64


def l1(a, b) -> np.ndarray:
    """Returns the mean absolute difference of pairs of images, from 0 to 1, float64 (N,).

    Args:
        a: uint8 (N, H, W, C), or another range of values that `ValueRange` understands.
        b: As `a`.

    Raises:
        InputError: If the shapes differ, or the values have another range.
    """
    a, b = pair(a, b, least=1)
    pieces = [
        np.abs(a[start : start + _CHUNK] - b[start : start + _CHUNK].astype(np.float64))
        for start in range(0, len(a), _CHUNK)
    ]
    return np.concatenate([piece.mean((1, 2, 3)) for piece in pieces] or [np.zeros(0)]) / 255


def ssim(a, b) -> np.ndarray:
    """Returns the structural similarity of pairs of images, 1 for equal ones, float64 (N,).

        SSIM = (2 m_a m_b + c_1) (2 s_ab + c_2) / ((m_a^2 + m_b^2 + c_1) (s_a^2 + s_b^2 + c_2))

    Means, variances and covariance are those under a Gaussian window of 11 pixels (sigma 1.5), at
    all positions where it fits into the image; c_1 = (0.01 * 255)^2 and c_2 = (0.03 * 255)^2. The
    result is averaged over positions and channels.

    Args:
        a: uint8 (N, H, W, C), H and W >= 11, or another range of values that `ValueRange`
            understands.
        b: As `a`.

    Raises:
        InputError: If the shapes differ or are too small, or the values have another range.

    Reference: Wang et al., 2004, "Image quality assessment: from error visibility to structural
    similarity".
    """
    a, b = pair(a, b)
    values = []
    for start in range(0, len(a), _CHUNK):
        chunks = (images[start : start + _CHUNK].astype(np.float64) for images in (a, b))
        luminance, structure = parts(*chunks)
        values.append((luminance * structure).mean((1, 2, 3)))
    return np.concatenate(values or [np.zeros(0)])


def pair(a, b, least: int = WINDOW) -> tuple[np.ndarray, np.ndarray]:
    """Returns both sets of images as uint8 arrays.

    Raises:
        InputError: If the shapes differ, a side is less than `least` pixels, or the values have a
            range that `ValueRange` does not understand.
    """
    a, b = (np.asarray(images) for images in (a, b))
    if a.shape != b.shape or a.ndim != 4 or min(a.shape[1:3]) < least:
        raise InputError(
            f"expected two sets of images (N, H, W, C), H and W >= {least}, got {a.shape} and "
            f"{b.shape}."
        )
    return tuple(pixels.uint8_of(images) for images in (a, b))


def parts(a, b) -> tuple[np.ndarray, np.ndarray]:
    """Returns SSIM's factors, luminance, and contrast and structure, (N, H - 10, W - 10, C)."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _blurred(a), _blurred(b)
    product, squares = mean_a * mean_b, mean_a**2 + mean_b**2
    luminance = (2 * product + c1) / (squares + c1)
    structure = (2 * (_blurred(a * b) - product) + c2) / (_blurred(a * a + b * b) - squares + c2)
    return luminance, structure


def _blurred(x):
    """Returns the means under the window at all positions, (N, H - 10, W - 10, C)."""
    offset = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(offset**2) / (2 * 1.5**2))
    window /= window.sum()
    for axis in (1, 2):
        size = x.shape[axis] - WINDOW + 1
        x = sum(w * x.take(range(i, i + size), axis) for i, w in enumerate(window))
    return x
