"""Separate measures of fidelity and diversity: precision and recall, density and coverage."""

from typing import NamedTuple

import numpy as np

from ganzoo.metrics import distances
from ganzoo.metrics import features as feature


class PrecisionRecall(NamedTuple):
    """Fractions of samples that look real, and of real images that the generator can produce."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Density of real images around samples, and fraction of real images with a sample nearby."""

    density: float
    coverage: float


def precision_recall(real, fake, features="inception", *, k: int = 3, **options) -> PrecisionRecall:
    """Returns improved precision and recall.

    The support of a set is estimated by the union of balls around its points, with the distance to
    the point's k-th neighbor in the set as radius. Precision is the fraction of samples in the
    support of the real images, recall the fraction of real images in the support of the samples.
    Outliers have large balls, and the values depend on the number of images, so use sets of equal
    size.

    Args:
        real: Images, as in `features.extract`, or features (N, D).
        fake: The samples, in the same form, (M, D).
        features: As in `features.extract`. The paper uses VGG-16; Inception is more common now.
        k: Number of neighbors.
        **options: Further arguments of `features.extract`.

    Raises:
        InputError: If a value is wrong, or a set has no more than k images.

    Reference: Kynkaanniemi et al., 2019, arXiv:1904.06991.
    """
    return prdc(real, fake, features, ks=(k, None), **options)[0]


def density_coverage(real, fake, features="inception", *, k: int = 5, **options) -> DensityCoverage:
    """Returns density and coverage, which are robust to outliers.

    With balls around the N real images, with the distance to the k-th neighbor as radius,

        density = (number of pairs of a sample and a ball that contains it) / (k M),
        coverage = fraction of balls that contain a sample.

    For two sets from the same distribution, the expected density is 1 (values above 1 are
    possible), and the expected coverage is
    1 - (N - 1) ... (N - k) / ((N + M - 1) ... (N + M - k)), which is 0.97 for N = M and k = 5.

    Args:
        real: Images, as in `features.extract`, or features (N, D).
        fake: The samples, in the same form, (M, D).
        features: As in `features.extract`.
        k: Number of neighbors.
        **options: Further arguments of `features.extract`.

    Raises:
        InputError: If a value is wrong, or there are no more than k real images.

    Reference: Naeem et al., 2020, arXiv:2002.09797.
    """
    return prdc(real, fake, features, ks=(None, k), **options)[1]


def prdc(
    real, fake, features="inception", *, ks: tuple[int | None, int | None] = (3, 5), **options
) -> tuple[PrecisionRecall | None, DensityCoverage | None]:
    """Returns precision and recall, and density and coverage, computed from the same distances.

    Args:
        real: As in `precision_recall`.
        fake: As in `precision_recall`.
        features: As in `features.extract`.
        ks: Numbers of neighbors for the first and for the second result; None to leave one out.
        **options: Further arguments of `features.extract`.

    Raises:
        InputError: As in `precision_recall`.

    Example:
        rng = np.random.default_rng(0)
        real, fake = rng.normal(size=(200, 8)), rng.normal(size=(200, 8))
        (precision, recall), (density, coverage) = ganzoo.metrics.prdc(real, fake)
    """
    sets = (feature.extract(side, features, **options) for side in (real, fake))
    real, fake = distances.pair(*sets)
    real_ks = [k for k in ks if k is not None]
    bounds = dict(zip(real_ks, distances.radii(real, real_ks)[..., None], strict=False))
    if ks[0] is not None:
        (bounds["fake"],) = distances.radii(fake, ks[:1])
    precise, recalled, inside, covered = np.zeros(len(fake), bool), 0, 0, 0
    for _, within in distances.within(real, fake, bounds):
        if ks[0] is not None:
            precise |= within[ks[0]].any(0)
            recalled += int(within["fake"].any(1).sum())
        if ks[1] is not None:
            inside += int(within[ks[1]].sum())
            covered += int(within[ks[1]].any(1).sum())
    return (
        ks[0] and PrecisionRecall(float(precise.mean()), recalled / len(real)),
        ks[1] and DensityCoverage(inside / (ks[1] * len(fake)), covered / len(real)),
    )
