"""Mode counts: how many of the known modes of a distribution the samples cover."""

from typing import NamedTuple

import numpy as np

from ganzoo.errors import InputError, unknown
from ganzoo.metrics import distances


class MixtureModes(NamedTuple):
    """Number of covered modes, fraction of high-quality samples, and their counts by mode."""

    modes: int
    high_quality: float
    counts: np.ndarray


class StackedModes(NamedTuple):
    """Number of covered modes out of 1,000, and KL(samples || data) in nats."""

    modes: int
    reverse_kl: float


def mixture_modes(points, mixture, *, within: float = 3.0) -> MixtureModes:
    """Returns the number of modes of a Gaussian mixture that the points cover.

    A point has high quality if its Euclidean distance to the nearest center is at most `within`
    standard deviations. A mode is covered if it is the nearest mode of a high-quality point.

    Args:
        points: Samples, float (N, D).
        mixture: Object with `centers` (modes, D) and `std`, as in `ganzoo.data.toys.MIXTURES`, or a
            name there: "ring8" or "grid25".
        within: Number of standard deviations.

    Raises:
        InputError: If the points do not fit the mixture.

    Reference: Srivastava et al., 2017, arXiv:1705.07761; Lin et al., 2018, arXiv:1712.04086.
    """
    if isinstance(mixture, str):
        from ganzoo.data import toys  # imported late, as it imports TensorFlow

        if mixture not in toys.MIXTURES:
            raise unknown("mixture", mixture, toys.MIXTURES)
        mixture = toys.MIXTURES[mixture]
    centers, points = distances.pair(mixture.centers, points)
    bound = (within * mixture.std) ** 2
    counts = np.zeros(len(centers), np.int64)
    for _, squares in distances.blocks(points, centers):
        nearest = squares.argmin(1)
        good = squares[np.arange(len(squares)), nearest] <= bound
        counts += np.bincount(nearest[good], minlength=len(centers))
    return MixtureModes(int((counts > 0).sum()), float(counts.sum() / len(points)), counts)


def class_histogram(labels, num_classes: int) -> np.ndarray:
    """Returns the fraction of each class, float64 (num_classes,).

    Args:
        labels: Integer labels (N,) from 0, or class probabilities (N, num_classes), of which the
            argmax is used.
        num_classes: Number of classes.

    Raises:
        InputError: If a label is out of range, or there are no labels.
    """
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == num_classes:
        labels = labels.argmax(1)
    integers = labels.ndim == 1 and len(labels) and np.issubdtype(labels.dtype, np.integer)
    if not integers or labels.min() < 0 or labels.max() >= num_classes:
        raise InputError(
            f"expected labels (N,), integers from 0 to {num_classes - 1}, or probabilities "
            f"(N, {num_classes}); got {labels.dtype} {labels.shape}."
        )
    return np.bincount(labels, minlength=num_classes) / len(labels)


def histogram_kl(shares, against=None) -> float:
    """Returns KL(shares || against) in nats, from 0 to log K if `against` is uniform.

    With the model's distribution first this is the reverse KL: a class that the samples lack adds
    nothing, and a class that the data lack makes it infinite.

    Args:
        shares: Class frequencies of the samples, (K,); normalized to sum to 1.
        against: Class frequencies of the data, (K,); uniform by default.

    Raises:
        InputError: If they are not frequencies of the same classes.
    """
    p = np.asarray(shares, np.float64)
    q = np.ones_like(p) if against is None else np.asarray(against, np.float64)
    if p.ndim != 1 or p.shape != q.shape or min(p.min(), q.min()) < 0 or not p.sum() * q.sum() > 0:
        raise InputError(f"expected shares (K,) of the same classes, got {p.shape} and {q.shape}.")
    p, q = p / p.sum(), q / q.sum()
    if (q[p > 0] == 0).any():
        return float("inf")
    return float((p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum())


def stacked_modes(digits, against=None) -> StackedModes:
    """Returns the number of Stacked-MNIST modes that the samples cover, and their reverse KL.

    A Stacked-MNIST image has a digit in each of its three channels, which makes 1,000 modes. The
    usual test has 26,000 samples; with as many uniform random modes, the KL would be about
    999 / (2 * 26000) = 0.019.

    Args:
        digits: Images, uint8 (N, 28, 28, 3), whose digits the zoo's `classifier_mnist` recognizes;
            or the integer digits of the channels, (N, 3); or mode ids 100 a + 10 b + c, (N,).
        against: The data's frequency of each mode, (1000,); uniform by default.

    Raises:
        InputError: If `digits` has none of these forms.

    Reference: Metz et al., 2017, arXiv:1611.02163; Lin et al., 2018, arXiv:1712.04086.
    """
    digits = np.asarray(digits)
    if digits.ndim == 4:
        digits = _digits(digits)
    if digits.ndim == 2:
        integers = digits.shape[1] == 3 and np.issubdtype(digits.dtype, np.integer)
        if not integers or digits.size and not 0 <= digits.min() <= digits.max() <= 9:
            raise InputError(f"expected digits (N, 3), 0 to 9, got {digits.dtype} {digits.shape}.")
        digits = digits.astype(np.int64) @ np.array([100, 10, 1])
    shares = class_histogram(digits, 1000)
    return StackedModes(int((shares > 0).sum()), histogram_kl(shares, against))


def _digits(images: np.ndarray) -> np.ndarray:
    """Returns the recognized digits (N, 3) in the channels of images (N, H, W, 3)."""
    from ganzoo.metrics import features

    if images.shape[-1] != 3:
        raise InputError(f"expected images (N, H, W, 3), a digit in each channel: {images.shape}.")
    mnist = features.extractor("mnist")
    channels = [features.extract(images[..., i : i + 1], mnist, batch_size=500) for i in range(3)]
    return np.stack([mnist.probabilities(rows).argmax(1) for rows in channels], axis=1)
