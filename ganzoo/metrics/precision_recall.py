"""Fidelity and variety apart: precision and recall, density and coverage."""

from typing import NamedTuple

import numpy as np

from ganzoo.metrics import distances
from ganzoo.metrics import features as feature


class PrecisionRecall(NamedTuple):
    """Share of the samples that look real, and of the real images that could be sampled."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """How deep in the real set the samples lie, and the share of the real images near a sample."""

    density: float
    coverage: float


def precision_recall(real, fake, features="inception", *, k: int = 3, **options) -> PrecisionRecall:
    """Returns improved precision and recall.

    The support of a set is the union of balls about its points, each as wide as to the point's k-th
    neighbour in the set. Precision is the share of samples in the support of the real images,
    recall the share of real images in that of the samples. One outlier makes a large ball, and all
    figures depend on the number of images: give both sets the same.

    Args:
        real: Images as of `features.extract`, or features (N, D).
        fake: The same of the samples, (M, D).
        features: As of `features.extract`. The paper's are of VGG-16; Inception's are usual now.
        k: Neighbours.
        **options: Of `features.extract`.

    Raises:
        InputError: If a value is wrong, or a set has no more than k images.

    Reference: Kynkaanniemi et al., 2019, arXiv:1904.06991.
    """
    return prdc(real, fake, features, ks=(k, None), **options)[0]


def density_coverage(real, fake, features="inception", *, k: int = 5, **options) -> DensityCoverage:
    """Returns density and coverage, which one outlier does not move.

    With balls about the N real images, each as wide as to its k-th neighbour,

        density = (number of pairs of a sample and a ball it is in) / (k M),
        coverage = share of the balls that a sample is in.

    For two sets of one distribution density is 1 on average (it can be more), and coverage is
    1 - (N - 1) ... (N - k) / ((N + M - 1) ... (N + M - k)): 0.97 for N = M and k = 5.

    Args:
        real: Images as of `features.extract`, or features (N, D).
        fake: The same of the samples, (M, D).
        features: As of `features.extract`.
        k: Neighbours.
        **options: Of `features.extract`.

    Raises:
        InputError: If a value is wrong, or there are no more than k real images.

    Reference: Naeem et al., 2020, arXiv:2002.09797.
    """
    return prdc(real, fake, features, ks=(None, k), **options)[1]


def prdc(
    real, fake, features="inception", *, ks: tuple[int | None, int | None] = (3, 5), **options
) -> tuple[PrecisionRecall | None, DensityCoverage | None]:
    """Returns precision and recall, and density and coverage, of the same distances.

    Args:
        real: As of `precision_recall`.
        fake: As of `precision_recall`.
        features: As of `features.extract`.
        ks: Neighbours of the first and of the second; None for what is not wanted.
        **options: Of `features.extract`.

    Raises:
        InputError: As `precision_recall`.
    """
    sets = (feature.extract(side, features, **options) for side in (real, fake))
    real, fake = distances.pair(*sets)
    wanted = [k for k in ks if k is not None]
    bounds = dict(zip(wanted, distances.radii(real, wanted)[..., None], strict=False))
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
