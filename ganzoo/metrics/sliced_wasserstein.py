"""Sliced Wasserstein distance: cheap, without a feature network, for images and for points."""

import numpy as np

from ganzoo.errors import InputError


def sliced_wasserstein(a, b, *, directions: int = 128, patches: int = 32, seed: int = 0) -> float:
    """Returns the mean distance of two sets of the same size along random directions.

    The earth mover's distance of two sets of numbers is the mean distance of the sorted ones; here
    the numbers are the projections of patches of 7x7 pixels, at each level of a Laplacian pyramid,
    or of the points themselves.

    Departures from the paper: the pyramid ends below 14 pixels a side and not at 16, so that at the
    last level a patch is about the whole image; patches are normalised by the statistics of `a` in
    both sets, so that a difference in brightness or contrast counts; the result is not multiplied
    by 1,000.

    Args:
        a: The real set: uint8 images (N, H, W, C), or float points (N, D).
        b: The other set, of the same shape.
        directions: Number of random projections.
        patches: Patches of each image and level.
        seed: Integer seed of the directions and of the places of the patches.

    Raises:
        InputError: If the shapes differ.

    Reference: Karras et al., 2018, arXiv:1710.10196, section 5; Rabin et al., 2011.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise InputError(f"expected two sets of one shape, got {a.shape} and {b.shape}.")
    rng = np.random.default_rng(seed)
    if a.ndim == 2:
        return _distance(a.astype("float32"), b.astype("float32"), directions, rng)
    levels = zip(_pyramid(a.astype("float32")), _pyramid(b.astype("float32")), strict=True)
    distances = []
    for level_a, level_b in levels:
        rows, columns = _places(level_a.shape, patches, rng)
        axes = (0, 1, 2)
        mean = level_a.mean(axes, keepdims=True)
        scale = level_a.std(axes, keepdims=True) + 1e-6
        cut = [_patches((level - mean) / scale, rows, columns) for level in (level_a, level_b)]
        distances.append(_distance(*cut, directions, rng))
    return float(np.mean(distances))


def _distance(a, b, directions, rng) -> float:
    axes = rng.standard_normal((a.shape[1], directions)).astype("float32")
    axes /= np.linalg.norm(axes, axis=0, keepdims=True)
    return float(np.mean(np.abs(np.sort(a @ axes, axis=0) - np.sort(b @ axes, axis=0))))


def _places(shape, patches, rng):
    count, height, width, _ = shape
    return [rng.integers(0, max(1, side - 6), (count, patches)) for side in (height, width)]


def _patches(images, rows, columns):
    side = [np.arange(min(7, size)) for size in images.shape[1:3]]
    image = np.arange(len(images))[:, None, None, None]
    cut = images[
        image, rows[..., None, None] + side[0][:, None], columns[..., None, None] + side[1]
    ]
    return cut.reshape(rows.size, -1)


def _pyramid(images):
    """Yields the differences between the images and their blurred halves, then the last half."""
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
