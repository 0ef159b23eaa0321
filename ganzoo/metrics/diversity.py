"""Diversity: how much samples differ from each other."""

import functools

import numpy as np

from ganzoo.errors import InputError
from ganzoo.metrics import distances
from ganzoo.metrics import features as feature
from ganzoo.metrics.batches import batches
from ganzoo.metrics.learned_perceptual import NETWORKS, lpips
from ganzoo.metrics.similarity import WINDOW, pair, parts

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # exponents of the scales, finest first
_CHUNK = 64


def ms_ssim(a, b) -> np.ndarray:
    """Returns the multi-scale structural similarity of pairs of images, float64 (N,).

    With means, variances and covariance under a Gaussian window of 11 pixels (sigma 1.5),

        luminance = (2 m_a m_b + c_1) / (m_a^2 + m_b^2 + c_1),          c_1 = (0.01 * 255)^2
        contrast, structure = (2 s_ab + c_2) / (s_a^2 + s_b^2 + c_2),   c_2 = (0.03 * 255)^2

    MS-SSIM is the product over five scales, each half the size of the previous one, of the mean
    contrast and structure, and at the coarsest scale of the mean of luminance times contrast and
    structure, each raised to the exponents of the paper; then averaged over the channels. Equal
    images have 1.

    Departure from the paper: images of less than 176 pixels a side have as many scales as the
    window fits into (2 at 28 or 32 pixels, 3 at 64, 4 at 128), with the exponents normalized to sum
    to 1. Values for different image sizes are therefore not comparable, and images of less than 11
    pixels a side are not supported.

    Args:
        a: uint8 (N, H, W, C), or another range of values that `ValueRange` understands.
        b: As `a`.

    Raises:
        InputError: If the shapes differ or are too small, or the values have another range.

    Reference: Wang et al., 2003, "Multiscale structural similarity for image quality assessment".
    """
    a, b = pair(a, b)
    values = [
        _ms_ssim(a[start : start + _CHUNK], b[start : start + _CHUNK])
        for start in range(0, len(a), _CHUNK)
    ]
    return np.concatenate(values) if values else np.zeros(0)


def ms_ssim_diversity(
    images, labels=None, *, pairs: int = 1000, seed: int = 0, num: int | None = None
) -> float | dict[int, float]:
    """Returns the mean MS-SSIM of random pairs of images: lower values mean more diversity.

    Compare the value with that of real images, as noise also has a low value.

    Args:
        images: Images, as in `features.extract`; all are held in memory.
        labels: Integer labels (N,). If given, pairs are sampled within each class, and the result
            is a dict from class to mean. Without labels, the value mainly reflects the number of
            classes.
        pairs: Number of random pairs, per class if there are labels, sampled with replacement.
        seed: Integer seed of the pairs.
        num: Number of images to use; all by default.

    Raises:
        InputError: If a value is wrong, or there are fewer than 2 images (of a class).

    Reference: Odena et al., 2017, arXiv:1610.09585, with 100 pairs per class.
    """
    images = np.concatenate(list(batches(images, 1024, num)))
    rng = np.random.default_rng(seed)
    if labels is None:
        return _of_pairs(ms_ssim, images, pairs, rng)
    labels = np.asarray(labels)[:num]
    if labels.shape != (len(images),):
        raise InputError(f"expected {len(images)} labels, got shape {labels.shape}.")
    classes = np.unique(labels)
    return {int(c): _of_pairs(ms_ssim, images[labels == c], pairs, rng) for c in classes}


def lpips_diversity(
    images, *, pairs: int = 1000, seed: int = 0, num: int | None = None,
    network: str | None = None, data_dir=None,
) -> float:  # fmt: skip
    """Returns the mean LPIPS of random pairs of images: higher values mean more diversity.

    Compare the value with that of real images, as noise also has a high value.

    Args:
        images: Images, as in `features.extract`; all are held in memory.
        pairs: Number of random pairs, sampled with replacement.
        seed: Integer seed of the pairs.
        num: Number of images to use; all by default.
        network: Network of LPIPS; by default AlexNet, and VGG16 for images that are too small.
        data_dir: Where the weights of LPIPS are; by default $GANZOO_DATA or the cache.

    Raises:
        InputError: If there are fewer than 2 images, they are too small, or the weights were not
            imported.

    Reference: Zhang et al., 2018, arXiv:1801.03924; as a measure of diversity Zhu et al., 2017,
    arXiv:1711.11586.
    """
    images = np.concatenate(list(batches(images, 1024, num)))
    small = min(images.shape[1:3]) < NETWORKS["alexnet"].least
    network = network or ("vgg16" if small else "alexnet")
    measure = functools.partial(lpips, network=network, data_dir=data_dir)
    return _of_pairs(measure, images, pairs, np.random.default_rng(seed))


def pairwise_distance(samples, features="inception", **options) -> float:
    """Returns the mean Euclidean distance between the features of all pairs of samples.

    Higher values mean more diversity; compare the value with that of real images.

    Args:
        samples: Images, as in `features.extract`, or features (N, D).
        features: As in `features.extract`.
        **options: Further arguments of `features.extract`.

    Raises:
        InputError: If a value is wrong, or there are fewer than 2 samples.
    """
    rows = feature.extract(samples, features, **options)
    if len(rows) < 2:
        raise InputError("a distance needs at least 2 samples, got 1.")
    rows, copy = distances.pair(rows, rows)
    total = sum(np.sqrt(squares).sum() for _, squares in distances.blocks(rows, copy))
    return float(total / (len(rows) * (len(rows) - 1)))


def _of_pairs(measure, images, pairs: int, rng) -> float:
    if len(images) < 2 or pairs < 1:
        raise InputError(f"expected 2 images or more and pairs >= 1, got {len(images)}, {pairs}.")
    first = rng.integers(0, len(images), pairs)
    second = (first + rng.integers(1, len(images), pairs)) % len(images)  # never equal to first
    return float(measure(images[first], images[second]).mean())


def _ms_ssim(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    scales = 1
    while scales < len(_WEIGHTS) and min(a.shape[1:3]) >= WINDOW * 2**scales:
        scales += 1
    powers = np.array(_WEIGHTS[:scales]) / sum(_WEIGHTS[:scales])
    result = 1.0
    for scale, power in enumerate(powers):
        luminance, structure = parts(a, b)
        if scale == scales - 1:
            structure = luminance * structure
        result = result * structure.mean((1, 2)).clip(0) ** power  # (N, C); no power of negatives
        a, b = _halved(a), _halved(b)
    return result.mean(1)


def _halved(x):
    """Returns the means of 2 x 2 pixels; the last row or column is repeated for odd sizes."""
    odd = [(0, size % 2) if axis in (1, 2) else (0, 0) for axis, size in enumerate(x.shape)]
    x = np.pad(x, odd, mode="edge")
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4
