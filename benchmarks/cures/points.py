"""Points of a 2-D mixture, and what samples are like beside them."""

import numpy as np

from ganzoo import metrics

NEAR = 1 / 3  # of the distance between two modes: samples this near to a center are its mode's


def drawn(mixture, num: int, seed: int) -> np.ndarray:
    """Returns points of a mixture, float32 (num, 2)."""
    rng, centers = np.random.default_rng(seed), mixture.centers
    points = centers[rng.integers(0, len(centers), num)]
    return (points + mixture.std * rng.normal(size=points.shape)).astype("float32")


def measured(samples, real, mixture) -> dict:
    """Returns what samples, (N, 2), are like beside real points, (M, 2).

    Returns:
        modes: Number of modes that have a tenth of their fair share of the samples, or more.
        in_modes: Share of the samples that are near the center of a mode.
        distance: Energy distance to the real points, over the mean distance between two of them.
    """
    if not np.isfinite(samples).all():
        return {"modes": 0, "in_modes": 0.0, "distance": None}
    gaps = np.linalg.norm(mixture.centers[1:] - mixture.centers[0], axis=1)
    within = NEAR * gaps.min() / mixture.std
    found = metrics.mixture_modes(samples, mixture, within=within)
    fair = len(samples) / len(found.counts)
    return {
        "modes": int((found.counts > fair / 10).sum()),
        "in_modes": round(found.high_quality, 3),
        "distance": round(float(energy(samples, real)), 4),
    }


def energy(a, b) -> float:
    """Returns the energy distance (Szekely & Rizzo, 2013) of points, over that within `b`."""
    within = _mean(b, b)
    return (2.0 * _mean(a, b) - _mean(a, a) - within) / within


def _mean(a, b) -> float:
    return float(np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1)).mean())
