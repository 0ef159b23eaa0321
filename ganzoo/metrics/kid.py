"""Kernel Inception distance, KID: unbiased, so that few samples will do."""

from typing import NamedTuple

import numpy as np

from ganzoo.errors import InputError
from ganzoo.metrics import features as feature


class KID(NamedTuple):
    """Mean and standard deviation over the subsets; publications often show 1,000 times these."""

    mean: float
    std: float


def kid(
    real, fake, features="inception", *, subsets: int = 100, subset_size: int = 1000, seed: int = 0,
    **options,
) -> KID:  # fmt: skip
    """Returns the squared maximum mean discrepancy of two sets of features.

        MMD^2 = mean_{i!=j} k(x_i, x_j) + mean_{i!=j} k(y_i, y_j) - 2 mean_{i,j} k(x_i, y_j),
        k(x, y) = (x . y / D + 1)^3,

    averaged over random subsets. It is 0 on average for sets of one distribution, at any number of
    samples, and may be below 0.

    Args:
        real: Images as of `features.extract`, or features (N, D).
        fake: The same of the other set.
        features: As of `features.extract`.
        subsets: How many subsets are drawn; one is the estimate itself, with a std of 0.
        subset_size: Rows of each side in a subset, drawn without replacement; the smaller set's
            size if that is less.
        seed: Of the subsets.
        **options: Of `features.extract`.

    Raises:
        InputError: If a value is wrong, or a set has fewer than 2 images.

    Reference: Binkowski et al., 2018, arXiv:1801.01401.
    """
    a, b = (feature.extract(side, features, **options) for side in (real, fake))
    size = min(subset_size, len(a), len(b))
    if a.shape[1] != b.shape[1] or size < 2 or subsets < 1:
        raise InputError(
            f"expected 2 samples or more of one width, subset_size >= 2 and subsets >= 1; got "
            f"{a.shape}, {b.shape}, {subset_size}, {subsets}."
        )
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        x, y = (rows[rng.choice(len(rows), size, replace=False)] for rows in (a, b))
        values.append(_mmd2(x.astype(np.float64), y.astype(np.float64)))
    return KID(float(np.mean(values)), float(np.std(values)))


def _mmd2(x: np.ndarray, y: np.ndarray) -> float:
    pairs = len(x) * (len(x) - 1)
    xx, yy = (_kernel(z, z) for z in (x, y))
    within = (xx.sum() - np.trace(xx)) / pairs + (yy.sum() - np.trace(yy)) / pairs
    return within - 2 * _kernel(x, y).mean()


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    kernel = x @ y.T / x.shape[1] + 1
    return kernel * kernel * kernel  # numpy's ** 3 takes 25 times as long
