"""Frechet distance of two sets of features, FID: how far apart their Gaussians are."""

import numpy as np

from ganzoo.errors import InputError
from ganzoo.metrics import features as feature
from ganzoo.metrics.moments import Moments

_TOLERANCE = 1e-6


def fid(real, fake, features="inception", **options) -> float:
    """Returns the squared Frechet distance of the Gaussians fitted to two sets of features.

        FID = |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))

    with mean m and unbiased covariance S. It is symmetric. It falls with the number of samples, at
    equal quality (arXiv:1911.07023): compare only figures of the same number, features and resize.

    Args:
        real: Images, as of `features.extract`; features (N, D); or `Moments` of them.
        fake: The same of the other set.
        features: As of `features.extract`.
        **options: Of `features.extract`: resize, batch_size, precision, num, progress, data_dir.

    Raises:
        InputError: If a value is wrong, or a set has fewer than 2 images.

    Reference: Heusel et al., 2017, arXiv:1706.08500.
    """
    a, b = (feature.moments(side, features, **options) for side in (real, fake))
    return frechet_distance(a, b)


def frechet_distance(a: Moments, b: Moments) -> float:
    """Returns the squared Frechet distance of two Gaussians, see `fid`.

    With S_a = L L^T, tr (S_a S_b)^(1/2) is the sum of the roots of the eigenvalues of the symmetric
    L^T S_b L, which are those of S_a S_b: no complex number can arise, and a singular matrix, as of
    fewer samples than features, needs no epsilon on its diagonal.

    Raises:
        InputError: If the widths differ, or a covariance is not positive semi-definite.
    """
    return _distance(a, b, _factor(a.covariance))


def fid_infinity(
    real, fake, features="inception", *, points: int = 15, smallest: int | None = None,
    seed: int = 0, **options,
) -> float:  # fmt: skip
    """Returns FID extrapolated to endless samples: comparable across numbers of samples.

    FID of n samples is close to FID_infinity + c / n. It is computed on random subsets of `fake`,
    `points` of them with n evenly spaced from `smallest` to all, and the line fitted to it over 1/n
    is read at 0. The real set stays whole, so its own bias stays in.

    Departure from the paper: the samples are as given, not drawn from a Sobol sequence of latents.

    Args:
        real: As of `fid`.
        fake: Images or features, not moments.
        features: As of `features.extract`.
        points: Number of subsets, at least 2.
        smallest: Size of the smallest subset. By default a tenth of the samples or 2.5 times the
            features (5,120 of Inception's; the paper has 5,000), as with fewer the line is a curve;
            but not over half of the samples.
        seed: Of the subsets.
        **options: Of `features.extract`.

    Raises:
        InputError: If a value is wrong, or there are too few samples.

    Reference: Chong and Forsyth, 2020, arXiv:1911.07023.
    """
    if isinstance(fake, Moments):
        raise InputError("fid_infinity needs the samples, or their features; got moments.")
    rows = feature.extract(fake, features, **options)
    if smallest is None:
        smallest = max(2, min(max(len(rows) // 10, rows.shape[1] * 5 // 2), len(rows) // 2))
    if points < 2 or not 2 <= smallest < len(rows):
        raise InputError(
            f"expected points >= 2 and 2 <= smallest < {len(rows)} samples, got points={points}, "
            f"smallest={smallest}."
        )
    reference = feature.moments(real, features, **options)
    factor = _factor(reference.covariance)
    rng = np.random.default_rng(seed)
    sizes = np.linspace(smallest, len(rows), points).astype(int)
    subsets = (rng.choice(len(rows), size, replace=False) for size in sizes)
    values = [_distance(reference, Moments.of(rows[subset]), factor) for subset in subsets]
    _, intercept = np.polyfit(1 / sizes, values, 1)
    return float(intercept)


def _distance(a: Moments, b: Moments, factor: np.ndarray) -> float:
    if a.mean.shape != b.mean.shape:
        raise InputError(f"expected features of one width, got {len(a.mean)} and {len(b.mean)}.")
    product = factor.T @ b.covariance @ factor
    values = np.linalg.eigvalsh((product + product.T) / 2)
    _check(values)
    traces = np.trace(a.covariance) + np.trace(b.covariance)
    apart = a.mean - b.mean
    return float(apart @ apart + traces - 2 * np.sqrt(values.clip(0)).sum())


def _factor(matrix: np.ndarray) -> np.ndarray:
    """Returns L with L L^T = matrix, checked: Cholesky's, or of the eigenvectors if singular."""
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        _check(values)
        factor = vectors * np.sqrt(values.clip(0))
    residual = np.linalg.norm(factor @ factor.T - matrix)
    if not residual <= _TOLERANCE * np.linalg.norm(matrix):  # also if it is NaN
        raise InputError(f"the square root of a covariance failed: residual {residual:g}.")
    return factor


def _check(values: np.ndarray) -> None:
    """Complains of eigenvalues that are below 0 by more than rounding."""
    if not values[0] >= -_TOLERANCE * max(values[-1], 1e-300):
        raise InputError(
            f"a covariance is not positive semi-definite: eigenvalues from {values[0]:g}."
        )
