"""Sliced Wasserstein distance, for images and points: fast, and without a feature network."""

import numpy as np

from ganzoo.engine import pixels
from ganzoo.errors import InputError


def sliced_wasserstein(a, b, *, directions: int = 128, patches: int = 32, seed: int = 0) -> float:
    """Returns the mean earth mover's distance of two sets' projections on random directions.

    The earth mover's distance between two sets of N numbers is the mean absolute difference of the
    sorted numbers. Here the numbers are projections of points, or of 7 x 7 patches of images at
    each level of a Laplacian pyramid.

    Departures from the paper: the last level of the pyramid has fewer than 14 pixels a side, where
    the paper's has 16, so that its patches cover most of the image; patches of both sets are
    normalized by the statistics of `a`, so that differences in brightness or contrast count; and
    the result is not multiplied by 1,000.

    Args:
        a: The real set: images (N, H, W, C), uint8 or of another range of values that `ValueRange`
            understands; or floats of any other shape (N, ...), which are compared as points.
        b: The other set, of the same shape.
        directions: Number of random projections.
        patches: Number of patches of each image and level.
        seed: Integer seed of the directions and the positions of the patches.

    Raises:
        InputError: If the shapes differ, or the values of images have another range.

    Reference: Karras et al., 2018, arXiv:1710.10196, section 5; Rabin et al., 2011.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise InputError(f"expected two sets of one shape, got {a.shape} and {b.shape}.")
    rng = np.random.default_rng(seed)
    if a.ndim != 4:
        points = (x.reshape(len(x), -1).astype("float32") for x in (a, b))
        return _distance(*points, directions, rng)
    a, b = pixels.uint8_of(a), pixels.uint8_of(b)
    levels = zip(_pyramid(a.astype("float32")), _pyramid(b.astype("float32")), strict=True)
    distances = []
    for level_a, level_b in levels:
        rows, columns = _positions(level_a.shape, patches, rng)
        axes = (0, 1, 2)
        mean = level_a.mean(axes, keepdims=True)
        scale = level_a.std(axes, keepdims=True) + 1e-6
        sets = [_patches((level - mean) / scale, rows, columns) for level in (level_a, level_b)]
        distances.append(_distance(*sets, directions, rng))
    return float(np.mean(distances))


def _distance(a, b, directions, rng) -> float:
    axes = rng.standard_normal((a.shape[1], directions)).astype("float32")
    axes /= np.linalg.norm(axes, axis=0, keepdims=True)
    return float(np.mean(np.abs(np.sort(a @ axes, axis=0) - np.sort(b @ axes, axis=0))))


def _positions(shape, patches, rng):
    count, height, width, _ = shape
    return [rng.integers(0, max(1, side - 6), (count, patches)) for side in (height, width)]


def _patches(images, rows, columns):
    side = [np.arange(min(7, size)) for size in images.shape[1:3]]
    image = np.arange(len(images))[:, None, None, None]
    patches = images[
        image, rows[..., None, None] + side[0][:, None], columns[..., None, None] + side[1]
    ]
    return patches.reshape(rows.size, -1)


def _pyramid(images):
    """Yields the levels of a Laplacian pyramid, finest first."""
    while min(images.shape[1:3]) >= 14:
        half = _halved(images)
        yield images - _doubled(half, images.shape)
        images = half
    yield images


def _halved(images):
    height, width = (side // 2 * 2 for side in images.shape[1:3])
    cells = images[:, :height, :width]
    return (
        cells[:, ::2, ::2] + cells[:, 1::2, ::2] + cells[:, ::2, 1::2] + cells[:, 1::2, 1::2]
    ) / 4


def _doubled(images, shape):
    doubled = images.repeat(2, axis=1).repeat(2, axis=2)
    extra = [(0, target - side) for target, side in zip(shape, doubled.shape, strict=True)]
    return np.pad(doubled, extra, mode="edge")
