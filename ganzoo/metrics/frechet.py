"""FID: the Frechet distance between Gaussians fitted to two sets of features."""

import numpy as np

from ganzoo.errors import InputError
from ganzoo.metrics import features as feature
from ganzoo.metrics.moments import Moments

_TOLERANCE = 1e-6


def fid(real, fake, features="inception", **options) -> float:
    """Returns the Frechet inception distance (FID) between two sets of images.

        FID = |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))

    m and S are the mean and the unbiased covariance of the features. FID is symmetric. At equal
    quality it decreases with the number of samples (arXiv:1911.07023), so compare only values with
    the same number of samples, features and resize mode.

    Args:
        real: Images, as in `features.extract`; features (N, D); or `Moments` of features.
        fake: The other set, in any of these forms.
        features: As in `features.extract`.
        **options: Further arguments of `features.extract`: resize, batch_size, precision, num,
            progress, data_dir.

    Raises:
        InputError: If a value is wrong, or a set has fewer than 2 images.

    Example:
        rng = np.random.default_rng(0)
        real = rng.integers(0, 256, (100, 8, 8, 1), "uint8")
        fake = rng.integers(0, 128, (100, 8, 8, 1), "uint8")
        ganzoo.metrics.fid(real, fake, features=lambda images: images.mean((1, 2)) / 255.0)

    Reference: Heusel et al., 2017, arXiv:1706.08500.
    """
    a, b = (feature.moments(side, features, **options) for side in (real, fake))
    return frechet_distance(a, b)


def frechet_distance(a: Moments, b: Moments) -> float:
    """Returns the squared Frechet distance between two Gaussians; see `fid`.

    With S_a = L L^T, tr (S_a S_b)^(1/2) is the sum of the square roots of the eigenvalues of the
    symmetric matrix L^T S_b L, which has the eigenvalues of S_a S_b. So there are no complex
    numbers, and singular covariances, from fewer samples than features, need no epsilon.

    Raises:
        InputError: If the widths differ, or a covariance is not positive semi-definite.
    """
    return _distance(a, b, _factor(a.covariance))


def fid_infinity(
    real, fake, features="inception", *, points: int = 15, smallest: int | None = None,
    seed: int = 0, **options,
) -> float:  # fmt: skip
    """Returns FID extrapolated to infinitely many samples.

    FID with n samples is close to FID_infinity + c / n. It is computed on `points` random subsets
    of `fake`, with sizes n evenly spaced from `smallest` to all samples, and a line fitted over 1/n
    is evaluated at 0. This makes values with different numbers of samples comparable. The real set
    is always used as a whole, so its bias remains.

    Departure from the paper: the samples are not generated from a Sobol sequence of latents.

    Args:
        real: As in `fid`.
        fake: Images or features, not moments.
        features: As in `features.extract`.
        points: Number of subsets, at least 2.
        smallest: Size of the smallest subset. By default a tenth of the samples or 2.5 times the
            number of features, whichever is larger (5,120 for Inception; the paper has 5,000), as
            smaller subsets do not lie on the line; but at most half of the samples.
        seed: Integer seed of the subsets.
        **options: Further arguments of `features.extract`.

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
    difference = a.mean - b.mean
    return float(difference @ difference + traces - 2 * np.sqrt(values.clip(0)).sum())


def _factor(matrix: np.ndarray) -> np.ndarray:
    """Returns L with L L^T = matrix, by Cholesky, or by eigenvectors if the matrix is singular.

    Raises:
        InputError: If the result is not accurate.
    """
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
    """Raises an error if an eigenvalue is negative by more than rounding.

    Raises:
        InputError: If so.
    """
    if not values[0] >= -_TOLERANCE * max(values[-1], 1e-300):
        raise InputError(
            f"a covariance is not positive semi-definite: eigenvalues from {values[0]:g}."
        )
